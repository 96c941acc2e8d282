"""Verify finds what is changed, wherever it is changed, and nothing else."""

from __future__ import annotations

import copy
import datetime
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pyarrow as pa
import pytest

from lineage_platform.audit.verification import recorded as claims_of
from lineage_platform.audit.verification.claims import Claims
from lineage_platform.audit.verification.corpus import verify_corpus
from lineage_platform.audit.verification.digests import verify_digest
from lineage_platform.audit.verification.documents import verify_documents
from lineage_platform.audit.verification.entries import verify_entries
from lineage_platform.audit.verification.recorded import Recorded
from lineage_platform.audit.verification.report import Report
from lineage_platform.audit.verification.stored import verify_stored
from lineage_platform.errors import VerificationFailed
from lineage_platform.model.versions import File
from lineage_platform.transformations.parts import read_table, write_table
from lineage_platform.wiring import open_workspace
from lineage_platform.wiring.reading import OpenWorkspace
from tests.audit.worlds import World


def quiet(_what: str, _done: int, _total: int) -> None:
    pass


def test_an_untouched_world_is_fine(asked: OpenWorkspace, world: World) -> None:
    told: list[tuple[str, int, int]] = []
    answer = asked.verify(lambda *what: told.append(what))
    assert answer.to_dict()["problems"] == []
    assert answer.ok
    assert answer.checked["versions"] == len(world.versions)
    assert answer.checked["content_digests"] == len(world.versions)
    assert answer.checked["placements"] == asked.shards("demo").documents
    assert answer.checked["documents"] == sum(
        record.text is not None for records in world.records.values() for record in records
    )
    assert {what for what, _, _ in told} == {"ledger", "files", "versions"}
    assert all(done <= total for _, done, total in told)


# --- rows of the catalog, changed in memory: one at a time, each column of each table


@pytest.fixture(scope="module")
def entries(world: World) -> tuple[Recorded, list[tuple[Any, Any]]]:
    """All claims and all events of the world."""
    with open_workspace(settings=world.settings) as opened, opened.catalog.snapshot():
        recorded = claims_of.read(opened.catalog)
        report = Report(quiet)
        events = list(verify_entries(opened.catalog, recorded, opened.public_key, report))
        assert report.problems == 0
    return recorded, events


def claims(recorded: Recorded, events: list[tuple[Any, Any]]) -> Report:
    report = Report(quiet)
    taken = Claims(recorded, report)
    for leaf, event in events:
        taken.take(leaf, event)
    taken.finish()
    return report


def changed(value: Any) -> Any:
    """Another value of the same kind."""
    if value is None:
        return "x"
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return f"{'b' if value[:1] == 'a' else 'a'}{value[1:]}"
    if isinstance(value, datetime.datetime):
        return value + datetime.timedelta(microseconds=1)
    if isinstance(value, UUID):
        return UUID(int=value.int ^ 1)
    if isinstance(value, list):
        return [*value, "x"]
    assert isinstance(value, dict)
    return {**value, "x": 1}


ELSEWHERE = {
    "runs": {"run_id"},  # names of rows are changed below
    "versions": {"id", "statistics"},  # statistics are compared with the manifest
    "snapshots": {"number"},  # compared with the keys of the documents
    "terms": {"id"},  # says only in which order rows were put in
    "shards": {"version_id"},
    "snapshot_files": {"snapshot", "first_ordinal"},  # compared with the keys of the documents
}


@pytest.mark.parametrize("table", ["runs", "snapshots", "versions", "terms", "shards", "snapshot_files"])
def test_a_changed_column_contradicts_its_event(
    entries: tuple[Recorded, list[tuple[Any, Any]]], table: str
) -> None:
    recorded, events = entries
    assert claims(recorded, events).problems == 0
    held = getattr(recorded, table)
    names = list(held) if isinstance(held, dict) else list(range(len(held)))
    for name in names:
        rows = held[name] if isinstance(held[name], list) else [held[name]]
        for position, row in enumerate(rows):
            for column in set(row) - ELSEWHERE[table]:
                altered = copy.copy(recorded)
                fresh = {**row, column: changed(row[column])}
                again = copy.copy(held)
                if isinstance(held[name], list):
                    again[name] = [fresh if at == position else other for at, other in enumerate(rows)]
                else:
                    again[name] = fresh
                setattr(altered, table, again)
                assert claims(altered, events).problems > 0, (table, name, column, row[column])


def test_a_row_too_many_or_too_few(entries: tuple[Recorded, list[tuple[Any, Any]]]) -> None:
    recorded, events = entries
    for table in (
        "runs",
        "snapshots",
        "versions",
        "terms",
        "inputs",
        "version_terms",
        "shards",
        "snapshot_files",
    ):
        held = getattr(recorded, table)
        for name in list(held) if isinstance(held, dict) else range(len(held)):
            altered = copy.copy(recorded)
            less = copy.copy(held)
            del less[name]
            setattr(altered, table, less)
            assert claims(altered, events).problems > 0, (table, name)
    for table in ("runs", "versions", "snapshots", "inputs", "shards", "snapshot_files"):
        held = getattr(recorded, table)
        for name in held:
            altered = copy.copy(recorded)
            renamed = {changed(key) if key == name else key: row for key, row in held.items()}
            setattr(altered, table, renamed)
            assert claims(altered, events).problems > 0, (table, name)
    for table in ("runs", "versions", "snapshots"):
        held = getattr(recorded, table)
        row = {**next(iter(held.values())), "ledger_index": 10_000}
        altered = copy.copy(recorded)
        setattr(altered, table, {**held, "another": row})
        assert claims(altered, events).problems > 0, table


def test_events_that_went_missing_leave_rows_behind(entries: tuple[Recorded, list[tuple[Any, Any]]]) -> None:
    recorded, events = entries
    for number in range(len(events)):
        assert claims(recorded, [*events[:number], *events[number + 1 :]]).problems > 0, number


# --- stored files


@pytest.fixture
def store(world: World, asked: OpenWorkspace, tmp_path: Path) -> Iterator[Path]:
    """A copy of the store, which `asked` then reads."""
    shutil.copytree(world.settings.store, tmp_path / "store")
    asked.store.root = tmp_path / "store"
    yield tmp_path / "store"


def test_any_byte_of_any_file(
    entries: tuple[Recorded, list[tuple[Any, Any]]], store: Path, asked: OpenWorkspace
) -> None:
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


def test_changed_lists_of_files_contradict_the_manifest(
    entries: tuple[Recorded, list[tuple[Any, Any]]], asked: OpenWorkspace
) -> None:
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


# --- what whole files say, against rows and against each other


class Altered:
    """Files of the world, some of them replaced."""

    def __init__(self, asked: OpenWorkspace, replaced: dict[str, Path]) -> None:
        self._asked, self._replaced = asked, replaced

    def path(self, file: File) -> Path:
        return self._replaced.get(file.name) or self._asked.store.path(file)


def test_moved_files_and_numbers_contradict_the_documents(
    entries: tuple[Recorded, list[tuple[Any, Any]]], asked: OpenWorkspace, world: World
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
    "shard": ("text", "document"),
    "placements-by-shard": ("document", "terms", "tokens", "row"),
    "placements-by-document": ("document", "terms", "tokens", "row", "shard"),
    "rollup": ("terms", "documents", "tokens", "shard", "snapshot"),
}


@pytest.mark.parametrize(
    ("role", "column"), [(role, name) for role, names in ROLES.items() for name in names]
)
def test_placements_shards_and_sums_check_each_other(
    entries: tuple[Recorded, list[tuple[Any, Any]]],
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
    entries: tuple[Recorded, list[tuple[Any, Any]]], asked: OpenWorkspace, world: World, tmp_path: Path
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


def test_content_digests_of_every_dataset(
    entries: tuple[Recorded, list[tuple[Any, Any]]], asked: OpenWorkspace, tmp_path: Path
) -> None:
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


# --- rows in the database, end to end


@pytest.fixture
def database(world: World) -> Iterator[psycopg.Connection[Any]]:
    """The database of the world, in a transaction that is undone: `asked.catalog` reads through it."""
    with psycopg.connect(world.settings.database_url or "") as connection:
        yield connection
        connection.rollback()


def problems(world: World, connection: psycopg.Connection[Any]) -> set[str]:
    """Kinds of problems in ledger and rows, as seen by the connection that changed them."""
    from lineage_platform.catalog.reading import Reading

    reading = Reading(connection)
    report = Report(quiet)
    with open_workspace(settings=world.settings) as opened:
        recorded = claims_of.read(reading)
        taken = Claims(recorded, report)
        for leaf, event in verify_entries(reading, recorded, opened.public_key, report):
            taken.take(leaf, event)
        taken.finish()
    return {problem.kind for problem in report.result().problems}


FLIP = "set_byte({0}, length({0}) - 1, get_byte({0}, length({0}) - 1) # 1)"


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        ("UPDATE lineage.ledger_leaves SET leaf_hash = " + FLIP.format("leaf_hash") + " WHERE index = 5", {"ledger-entry", "ledger-node"}),
        ("UPDATE lineage.ledger_leaves SET salt = " + FLIP.format("salt") + " WHERE index = 5", {"ledger-entry"}),
        ("UPDATE lineage.ledger_leaves SET payload = " + FLIP.format("payload") + " WHERE index = 5", {"ledger-entry"}),
        ("UPDATE lineage.ledger_leaves SET payload = NULL, salt = NULL WHERE index = 5", {"ledger-entry"}),
        ("UPDATE lineage.ledger_leaves SET kind = 'FAIL' WHERE index = 5", {"ledger-entry"}),
        ("UPDATE lineage.ledger_leaves SET run_id = gen_random_uuid() WHERE index = 5", {"ledger-entry"}),
        ("UPDATE lineage.ledger_leaves SET run_id = gen_random_uuid() WHERE kind = 'TERMS'", {"ledger-entry", "terms"}),
        ("UPDATE lineage.ledger_leaves SET recorded_at = recorded_at + '1 us' WHERE index = 5", {"ledger-entry"}),
        ("UPDATE lineage.ledger_nodes SET hash = " + FLIP.format("hash") + " WHERE (level, index) = (2, 1)", {"ledger-node"}),
        ("DELETE FROM lineage.ledger_nodes WHERE (level, index) = (1, 3)", {"ledger-node"}),
        ("INSERT INTO lineage.ledger_nodes VALUES (20, 1, 'x')", {"ledger-node"}),
        ("DELETE FROM lineage.ledger_leaves WHERE index = (SELECT max(index) FROM lineage.ledger_leaves)", {"checkpoint", "run", "version"}),
        ("DELETE FROM lineage.ledger_leaves WHERE index = 5", {"ledger-entry", "ledger-node"}),
        ("UPDATE lineage.checkpoints SET root = " + FLIP.format("root") + " WHERE size = 5", {"checkpoint"}),
        ("UPDATE lineage.checkpoints SET size = 6 WHERE size = 5", {"checkpoint"}),
        ("UPDATE lineage.checkpoints SET recorded_at = recorded_at + '1 us' WHERE size = 5", {"checkpoint"}),
        ("UPDATE lineage.deployment SET id = gen_random_uuid()", {"checkpoint", "event"}),
        ("UPDATE lineage.versions SET content_digest = repeat('0', 64) WHERE dataset = 'demo/shards'", {"version"}),
        ("UPDATE lineage.version_inputs SET input_id = 'documents/none@0' WHERE input_id LIKE 'documents/press%'", {"version"}),
        ("UPDATE lineage.version_terms SET tokens = tokens + 1", {"version", "terms"}),
        ("UPDATE lineage.terms SET statement = jsonb_set(statement, '{licence}', '\"MIT\"') WHERE source = 'forum'", {"terms"}),
        ("UPDATE lineage.runs SET checks = '[{}]' WHERE dataset = 'demo/selection'", {"run"}),
        ("UPDATE lineage.snapshots SET definition = jsonb_set(definition, '{title}', '\"X\"')", {"snapshot"}),
    ],
)  # fmt: skip
def test_changed_rows_are_found(
    world: World, database: psycopg.Connection[Any], change: str, kinds: set[str]
) -> None:
    database.execute(change)  # type: ignore[call-overload]
    assert kinds <= problems(world, database)


def test_every_byte_of_a_checkpoint(world: World, database: psycopg.Connection[Any]) -> None:
    from lineage_platform.audit.verification.entries import _verify_checkpoint

    with open_workspace(settings=world.settings) as opened:
        key = opened.public_key
        recorded = claims_of.read(opened.catalog)
    row = recorded.checkpoints[max(recorded.checkpoints)]
    leaf = {"recorded_at": row["recorded_at"]}
    report = Report(quiet)
    _verify_checkpoint(row, row["root"], leaf, recorded, key, report)
    assert report.problems == 0
    note = row["note"]
    for place in range(len(note)):
        for letter in {chr(ord(note[place]) ^ bit) for bit in (1, 2, 4, 8, 16)} - {"\0"}:
            report = Report(quiet)
            altered = {**row, "note": note[:place] + letter + note[place + 1 :]}
            _verify_checkpoint(altered, row["root"], leaf, recorded, key, report)
            assert report.problems > 0, (place, letter)
