"""Verify is content with what was recorded, and finds rows that were changed in the database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from lineage_platform.audit.verification import recorded as claims_of
from lineage_platform.audit.verification.claims import Claims
from lineage_platform.audit.verification.entries import verify_entries
from lineage_platform.audit.verification.report import Report
from lineage_platform.model.versions import Transformation
from lineage_platform.policy.terms import terms_of
from lineage_platform.recording import Recorder
from lineage_platform.settings import Settings
from lineage_platform.wiring import open_workspace
from lineage_platform.wiring.reading import OpenWorkspace
from tests.audit.corpora import make_corpus
from tests.audit.definitions import PARENT, World, declared
from tests.audit.verifying import quiet
from tests.audit.worlds import make_annotations, make_documents, make_world


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
        ("INSERT INTO lineage.overlay (source, statement, reason, author, valid_from, recorded_at, ledger_index) "
         "VALUES ('press', '{}', '', '', now(), now(), 0)", {"overlay"}),
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


def test_a_busy_history_is_fine(settings: Settings, recorder: Recorder) -> None:
    """Runs that failed, were aborted, are open, or gave again what was there; terms that changed."""
    world = make_world(settings, recorder, formats=("parquet",))
    step = Transformation("read-documents", "1", {"source": "press"})
    inputs = [world.snapshots["press"]]
    with pytest.raises(ZeroDivisionError), recorder.attempt("documents/press", step, inputs, PARENT):
        raise ZeroDivisionError("a secret of the record")
    with pytest.raises(KeyboardInterrupt), recorder.attempt("documents/press", step, inputs):
        raise KeyboardInterrupt
    recorder.attempt("documents/blog", step, [world.snapshots["blog"]], PARENT).__enter__()
    assert len(recorder.abort_orphans(lambda _run: False)) == 1
    with recorder.attempt("documents/press", step, inputs, PARENT) as attempt:
        attempt.confirm(world.versions["documents/press"])
    changed_terms = declared("forum", "CC0-1.0", "not-personal-data", "none", valid_from="2024-01-01")
    snapshot = world.snapshots["forum"]
    recorder.observe(changed_terms, snapshot.digest, snapshot.files, PARENT, terms_of(changed_terms, None))
    make_documents(world, recorder, "press")
    make_annotations(world, recorder, "forum")
    make_corpus(world, recorder)
    open_run = recorder.attempt("documents/blog", step, [world.snapshots["blog"]], PARENT)
    open_run.__enter__()
    with open_workspace(settings=settings) as opened:
        answer = opened.verify()
        assert answer.problems == ()
        assert answer.checked["runs"] == 13 + 4 + 1 + 1 + 1 + 4 + 1
        assert {gap.kind for gap in opened.trace("0").gaps} == {"licence-unknown"}
