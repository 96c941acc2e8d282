"""What `lineage init` writes: a workspace that runs as it is, with the schemas that editors complete it by."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from lineage_platform.errors import InvalidInput
from lineage_platform.workspace.schema import SCHEMAS, published


def write_starter(directory: Path) -> list[Path]:
    """Write the starter workspace into a directory that is empty or does not exist; gives the files, in order.

    Raises InvalidInput if there is anything in the way; then nothing is written.
    """
    if directory.exists() and not directory.is_dir():
        raise InvalidInput(f"{directory}: got a file, expected a directory that is empty or does not exist")
    if directory.is_dir() and any(directory.iterdir()):
        raise InvalidInput(f"{directory}: got a directory with files in it, expected an empty one")
    contents = {
        **{f"schemas/{kind}.schema.json": published(kind) for kind in SCHEMAS},
        **_templates(resources.files("lineage_platform.cli") / "starter", ""),
    }
    written: list[Path] = []
    for name in sorted(contents):
        path = directory / (".gitignore" if name == "gitignore" else name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents[name])
        written.append(path)
    return written


def _templates(folder: Traversable, prefix: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for item in folder.iterdir():
        if item.is_dir():
            found.update(_templates(item, f"{prefix}{item.name}/"))
        else:
            found[f"{prefix}{item.name}"] = item.read_bytes()
    return found
