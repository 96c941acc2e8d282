"""Every byte of every file, and what whole files say of each other."""

from __future__ import annotations

import copy
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from lineage_platform.audit.verification.corpus import verify_corpus
from lineage_platform.audit.verification.digests import verify_digest
from lineage_platform.audit.verification.documents import verify_documents
from lineage_platform.audit.verification.report import Report
from lineage_platform.audit.verification.stored import verify_stored
from lineage_platform.errors import VerificationFailed
from lineage_platform.model.versions import File
from lineage_platform.transformations.parts import read_table, write_table
from lineage_platform.wiring.reading import OpenWorkspace
from tests.audit.definitions import World
from tests.audit.verifying import Entries, changed, quiet


@pytest.fixture
def store(world: World, asked: OpenWorkspace, tmp_path: Path) -> Iterator[Path]:
    """A copy of the store, which `asked` then reads."""
    shutil.copytree(world.settings.store, tmp_path / "store")
    asked.store.root = tmp_path / "store"
    yield tmp_path / "store"


def test_any_byte_of_any_file(entries: Entries, store: Path, asked: OpenWorkspace) -> None:
    recorded, _ = entries
    random.seed(1)
    objects = sorted(path for path in (store / "objects").glob("??/*") if path.stat().st_size)
    assert len(objects) >= len(recorded.versions) + 20
    for path in objects:
        data = path.read_bytes()
        place = random.randrange(len(data))
        altered = bytearray(data)
        altered[place] ^= 1 << random.randrange(8)
        for wrong in (bytes(altered), data[:-1], data + b"\0"):
            path.chmod(0o644)
            path.write_bytes(wrong)
            report = Report(quiet)
            verify_stored(recorded, asked.store, report)
            assert report.problems > 0, path
        path.unlink()
        report = Report(quiet)
        verify_stored(recorded, asked.store, report)
        assert any("no file" in problem.got for problem in report.result().problems)
        path.write_bytes(data)
    report = Report(quiet)
    assert verify_stored(recorded, asked.store, report) == set(recorded.versions)
    assert report.problems == 0


def test_files_that_are_broken_are_told_and_not_looked_into(
    store: Path, asked: OpenWorkspace, world: World
) -> None:
    file = world.versions["demo/shards"].files_of("shard")[0]
    path = asked.store.path(file)
    path.chmod(0o644)
    path.write_bytes(b"PAR1 nothing that Parquet knows PAR1")
    answer = asked.verify()
    assert not answer.ok
    assert [(problem.kind, problem.id) for problem in answer.problems] == [
        ("file", f"{world.versions['demo/shards'].id} {file.name}")
    ]


def test_changed_lists_of_files_contradict_the_manifest(entries: Entries, asked: OpenWorkspace) -> None:
    recorded, _ = entries
    name = next(name for name in recorded.versions if name.startswith("demo/shards"))
    for column in ("name", "role", "sha256", "bytes", "rows"):
        listed = recorded.files[name]
        altered = copy.copy(recorded)
        first = type(listed[0])(**{**vars(listed[0]), column: changed(getattr(listed[0], column))})
        altered.files = {**recorded.files, name: [first, *listed[1:]]}
        report = Report(quiet)
        assert name not in verify_stored(altered, asked.store, report)
        assert report.problems > 0, column
    for column in ("statistics", "manifest_sha256"):
        row = recorded.versions[name]
        altered = copy.copy(recorded)
        altered.versions = {**recorded.versions, name: {**row, column: changed(row[column])}}
        report = Report(quiet)
        verify_stored(altered, asked.store, report)
        assert report.problems > 0, column


class Altered:
    """Files of the world, some of them replaced."""

    def __init__(self, asked: OpenWorkspace, replaced: dict[str, Path]) -> None:
        self._asked, self._replaced = asked, replaced

    def path(self, file: File) -> Path:
        return self._replaced.get(file.name) or self._asked.store.path(file)


def test_moved_files_and_numbers_contradict_the_documents(
    entries: Entries, asked: OpenWorkspace, world: World
) -> None:
    recorded, _ = entries
    version, snapshot = world.versions["documents/press"].id, world.snapshots["press"]
    report = Report(quiet)
    verify_documents(recorded, version, asked.store, report)
    assert report.problems == 0
    first, second = recorded.snapshot_files[snapshot.number]
    moved = [{**second, "position": 0}, {**first, "position": 1}]
    swapped = [{**first, "path": second["path"]}, {**second, "path": first["path"]}]
    shifted = [{**first, "first_ordinal": 1}, second]
    for listed in (moved, swapped, shifted, [first]):
        altered = copy.copy(recorded)
        altered.snapshot_files = {**recorded.snapshot_files, snapshot.number: listed}
        report = Report(quiet)
        verify_documents(altered, version, asked.store, report)
        assert report.problems > 0
    altered = copy.copy(recorded)
    renumbered = {**recorded.snapshots[snapshot.id], "number": 99}
    altered.snapshots = {**recorded.snapshots, snapshot.id: renumbered}
    altered.snapshot_files = {**recorded.snapshot_files, 99: [first, second]}
    report = Report(quiet)
    verify_documents(altered, version, asked.store, report)
    assert report.problems > 0


def swap(table: pa.Table, column: str) -> pa.Table:
    """The table with two neighbours of one column exchanged that differ."""
    values = table.column(column).to_pylist()
    place = next(at for at in range(len(values) - 1) if values[at] != values[at + 1])
    values[place], values[place + 1] = values[place + 1], values[place]
    at = table.schema.get_field_index(column)
    return table.set_column(at, table.schema.field(at), pa.array(values, table.schema.field(at).type))


ROLES = {
    "shard": ("text", "identity"),
    "placements-by-shard": ("document", "terms", "tokens", "row"),
    "placements-by-document": ("document", "terms", "tokens", "row", "shard"),
    "shards-by-snapshot": ("documents", "tokens", "shard", "snapshot"),
    "terms-by-snapshot": ("documents", "tokens", "terms", "snapshot"),
}


@pytest.mark.parametrize(
    ("role", "column"), [(role, name) for role, names in ROLES.items() for name in names]
)
def test_placements_shards_and_sums_check_each_other(
    entries: Entries,
    asked: OpenWorkspace,
    world: World,
    tmp_path: Path,
    role: str,
    column: str,
) -> None:
    recorded, _ = entries
    version = world.versions["demo/shards"]
    file = version.files_of(role)[0]
    table = swap(read_table(asked.store.path(file)), column)
    part = write_table(tmp_path, "altered.parquet", role, table.schema, table)
    report = Report(quiet)
    verify_corpus(recorded, version.id, Altered(asked, {file.name: Path(part.path)}), report)
    assert report.problems > 0


def test_tokens_that_are_another_text(
    entries: Entries, asked: OpenWorkspace, world: World, tmp_path: Path
) -> None:
    recorded, _ = entries
    version = world.versions["demo/shards"]
    file = version.files_of("shard-bin")[0]
    data = bytearray(asked.store.path(file).read_bytes())
    data[0] ^= 1
    (tmp_path / "altered.bin").write_bytes(data)
    report = Report(quiet)
    verify_corpus(recorded, version.id, Altered(asked, {file.name: tmp_path / "altered.bin"}), report)
    assert "placement" in {problem.kind for problem in report.result().problems}
    (tmp_path / "altered.bin").write_bytes(data[:-2])
    with pytest.raises(VerificationFailed, match="positions"):
        verify_corpus(recorded, version.id, Altered(asked, {file.name: tmp_path / "altered.bin"}), report)


def test_content_digests_of_every_dataset(entries: Entries, asked: OpenWorkspace, tmp_path: Path) -> None:
    recorded, _ = entries
    for name, row in recorded.versions.items():
        if row["dataset"].endswith("/shards"):
            continue
        altered = copy.copy(recorded)
        altered.versions = {**recorded.versions, name: {**row, "content_digest": "0" * 64}}
        report = Report(quiet)
        verify_digest(recorded, name, asked.store, tmp_path, report)
        assert report.problems == 0
        verify_digest(altered, name, asked.store, tmp_path, report)
        assert [problem.kind for problem in report.result().problems] == ["content-digest"]
