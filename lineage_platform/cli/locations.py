"""Where Dagster's code is: the `workspace.yaml` that ships with the `assets` package, read without importing it."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from lineage_platform.errors import InvalidInput

PACKAGE = "assets"


@dataclass(frozen=True)
class CodeLocation:
    """One module with definitions, and the folder it is imported from."""

    name: str
    module: str
    folder: Path


def find_workspace_file() -> tuple[Path, Path]:
    """The file, and the folder that its `working_directory: .` means. Raises InvalidInput when there is none.

    In a checkout it lies beside the package, in a wheel inside; the folder is the package's parent in both.
    """
    spec = importlib.util.find_spec(PACKAGE)
    for location in (spec.submodule_search_locations or ()) if spec is not None else ():
        root = Path(location).resolve().parent
        for file in (root / "workspace.yaml", root / PACKAGE / "workspace.yaml"):
            if file.exists():
                return file, root
    raise InvalidInput(
        f"workspace.yaml: got no such file with the package {PACKAGE!r}, expected it to be installed"
    )


def read_locations(file: Path, root: Path) -> list[CodeLocation]:
    """The `python_module` entries of a `workspace.yaml`. Raises InvalidInput for any other kind of entry."""
    import yaml

    content = yaml.safe_load(file.read_text("utf-8"))
    locations = []
    for entry in content["load_from"]:
        module = entry.get("python_module")
        if not isinstance(module, dict):
            raise InvalidInput(
                f"{file}: got {sorted(entry)}, expected entries `python_module` with `module_name`"
            )
        folder = root / module.get("working_directory", ".")
        name = str(module.get("location_name", module["module_name"]))
        locations.append(CodeLocation(name, str(module["module_name"]), folder.resolve()))
    return locations
