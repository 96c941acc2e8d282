"""`lineage init` writes a workspace that is valid as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineage_platform.cli.init import write_starter
from lineage_platform.errors import InvalidInput
from lineage_platform.settings import read_settings
from lineage_platform.wiring.workspace import load_workspace


def test_the_starter_is_valid(tmp_path: Path) -> None:
    written = write_starter(tmp_path / "new" / "workspace")
    assert {path.name for path in written} >= {
        ".gitignore",
        "README.md",
        "notes.yaml",
        "starter.yaml",
        "notes.jsonl",
    }
    assert all(path.is_file() for path in written)
    workspace = load_workspace(read_settings(tmp_path / "new" / "workspace", {}))
    assert [source.id for source in workspace.sources] == ["notes"]
    assert [corpus.id for corpus in workspace.corpora] == ["starter"]


def test_an_empty_folder_will_do_and_nothing_is_overwritten(tmp_path: Path) -> None:
    write_starter(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(InvalidInput, match="an empty one"):
        write_starter(tmp_path)
    with pytest.raises(InvalidInput, match="got a file"):
        write_starter(tmp_path / "README.md")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
