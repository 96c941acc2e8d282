"""Writes the published JSON Schemas anew: `python -m tests.workspace.make_schemas`."""

from __future__ import annotations

from pathlib import Path

from lineage_platform.policy.vocabulary import vocabulary
from lineage_platform.workspace import schema


def current() -> dict[str, bytes]:
    return {kind: schema.written(schema.generate(kind, tuple(vocabulary()))) for kind in schema.SCHEMAS}


if __name__ == "__main__":
    for kind, content in current().items():
        (Path(schema.__file__).parent / "schemas" / f"{kind}.schema.json").write_bytes(content)
