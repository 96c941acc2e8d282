"""A source that changed costs its shards alone: the others are the files of the version before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lineage_platform import open_workspace
from lineage_platform.model.versions import Version
from tests.assets.running import answer, lineage
from tests.assets.worlds import english, make_workspace

pytestmark = pytest.mark.slow

FILES = ("shard", "shard-bin", "shard-idx")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = make_workspace(tmp_path_factory.mktemp("incremental"), documents=40)
    recipe = root / "corpora" / "mini.yaml"
    recipe.write_text(recipe.read_text().replace("seed: 3}", "seed: 3, layout: by-source}"))
    yield root
    lineage(root, "down")


def made(workspace: Path) -> Version:
    done = lineage(workspace, "materialize", "mini")
    assert done.returncode == 0, done.stdout + done.stderr
    with open_workspace(workspace) as opened:
        return opened.recorder.usable("mini/shards")


def shards_of(version: Version) -> dict[str, str]:
    return {file.name: file.sha256 for role in FILES for file in version.files_of(role)}


def test_a_changed_source_touches_its_shards_alone(workspace: Path) -> None:
    first = made(workspace)
    runs = first.transformation.parameters["runs"]
    assert list(runs) == ["notes", "reviews"]
    assert runs["notes"][0] == 0 and runs["reviews"][0] == runs["notes"][1]
    assert first.transformation.parameters["shard_count"] == sum(count for _, count in runs.values())
    with open_workspace(workspace) as opened:
        paths = [path for role in FILES for path in opened.recorder.paths(first, role)]
    before = {path: path.stat().st_mtime_ns for path in paths}

    notes = workspace / "data" / "notes.jsonl"
    changed = english(5).encode("unicode_escape")
    assert changed in notes.read_bytes()
    notes.write_bytes(notes.read_bytes().replace(changed, english(7000).encode("unicode_escape")))
    second = made(workspace)
    assert second.transformation.parameters["runs"] == runs
    old, new = shards_of(first), shards_of(second)
    assert old.keys() == new.keys()
    touched = {int(name[6:11]) for name in old if old[name] != new[name]}
    assert len(touched) == 1
    assert touched <= set(range(*runs["notes"]))
    assert {path: path.stat().st_mtime_ns for path in paths} == before
    assert answer(workspace, "verify")["ok"] is True
    for name in ("shard-00000", f"shard-{runs['reviews'][0]:05d}"):
        sources = {item["source"] for item in answer(workspace, "trace", name, "--corpus", "mini")["sources"]}
        assert len(sources) == 1
