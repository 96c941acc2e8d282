"""Training runs: one event each, however often it is told; never of a release that was not released."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from lineage_platform.audit.verification import recorded as claims_of
from lineage_platform.audit.verification.entries import verify_entries
from lineage_platform.audit.verification.report import Report
from lineage_platform.errors import Conflict, InvalidInput, LineageError, NotFound
from lineage_platform.model.training import TrainingRun
from lineage_platform.model.versions import CheckResult
from lineage_platform.recording import Recorder
from lineage_platform.settings import Settings
from lineage_platform.wiring import open_workspace
from tests.audit.verifying import changed, claims, quiet
from tests.recording import consistency
from tests.recording.worlds import STEP, digest, listing, result, source, terms

MADE_UP = {"snapshot", "content-digest"}
"""Kinds of problems there are in any case: these digests are of nothing here."""


def release(recorder: Recorder, content: str = "a", *, passed: bool = True) -> str:
    snapshot = recorder.observe(source(), digest("a"), listing("a"), None, [terms()])
    check = CheckResult("admissible", passed, "error", "allowed", "-")
    with recorder.attempt(f"{content}/release", STEP, [snapshot]) as attempt:
        return attempt.commit(result(attempt.scratch, content), [check]).id


def run(name: str, **changes: Any) -> TrainingRun:
    made = TrainingRun(release=name, model="org/small", model_version="1.0", job="train/small", author="me")
    return replace(made, **changes)


def recorded(settings: Settings) -> list[tuple[Any, ...]]:
    with psycopg.connect(settings.database_url or "") as connection:
        return connection.execute("SELECT * FROM lineage.training_runs ORDER BY recorded_at").fetchall()


def test_told_twice_it_is_one_run(recorder: Recorder, settings: Settings) -> None:
    name = release(recorder)
    told = run(name, uri="s3://models/small", sha256="ab" * 32)
    first = recorder.record_training(told)
    assert recorder.record_training(told) == first
    assert len(recorded(settings)) == 1
    assert recorder.record_training(run(name, model_version="1.1")) != first
    with pytest.raises(Conflict, match=r"org/small 1.0 of .* is recorded since"):
        recorder.record_training(run(name, sha256="cd" * 32))
    assert recorder.record_training(run(name)) == first, "less is no contradiction"
    with pytest.raises(Conflict, match="expected the same, or another version"):
        recorder.record_training(replace(told, ended_at=datetime.now(UTC)))
    assert len(recorded(settings)) == 2
    with open_workspace(settings=settings) as workspace:
        [row, other] = workspace.catalog.training_runs([name])
        assert (row.run_id, row.model, row.details["sha256"], row.ended_at) == (
            first,
            "org/small",
            "ab" * 32,
            row.recorded_at,
        )
        assert workspace.catalog.training_runs([]) == []
        assert workspace.catalog.training_runs() == [row, other]
        assert [item for item in workspace.verify().problems if item.kind not in MADE_UP] == []
    consistency.check(settings)


def test_only_of_what_was_released_then(recorder: Recorder, settings: Settings) -> None:
    refused, good = release(recorder, "b", passed=False), release(recorder)
    with pytest.raises(InvalidInput, match=r"got a release that was refused at"):
        recorder.record_training(run(refused))
    between = datetime.now(UTC)
    with psycopg.connect(settings.database_url or "") as connection:
        connection.execute(
            """INSERT INTO lineage.release_states (version_id, state, reason, verdicts, day, recorded_at, ledger_index)
               VALUES (%s, 'reopened', 'expired', '{}', '2026-01-01', clock_timestamp(), 1)""",
            (good,),
        )
    with pytest.raises(InvalidInput, match="got a release that was reopened at"):
        recorder.record_training(run(good))
    assert recorder.record_training(run(good, ended_at=between))
    with pytest.raises(NotFound, match="no release named"):
        recorder.record_training(run(good, model="other", ended_at=between - timedelta(days=1)))


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"release": "a/release@0"}, NotFound, "no release named 'a/release@0'; nearest: a/release@"),
        ({"model": " "}, InvalidInput, "model: got ' '"),
        ({"model": "x" * 201}, InvalidInput, "model: got 'xxx"),
        ({"job": "\0"}, InvalidInput, "job: got"),
        ({"sha256": "AB" * 32}, InvalidInput, "sha256: got 'ABAB"),
        ({"ended_at": datetime(2999, 1, 1, tzinfo=UTC)}, InvalidInput, "expected a time that has passed"),
    ],
)
def test_what_makes_no_sense_is_refused(
    recorder: Recorder, settings: Settings, changes: dict[str, Any], error: type[LineageError], message: str
) -> None:
    name = release(recorder)
    with pytest.raises(error, match=message):
        recorder.record_training(run(name, **changes))
    assert recorded(settings) == []


def test_a_changed_row_contradicts_its_event(recorder: Recorder, settings: Settings) -> None:
    name = release(recorder)
    recorder.record_training(run(name))
    with open_workspace(settings=settings) as opened, opened.catalog.snapshot():
        found = claims_of.read(opened.catalog)
        report = Report(quiet)
        events = list(verify_entries(opened.catalog, found, opened.public_key, report))

    def kinds(table: list[Any], kept: list[Any]) -> set[str]:
        altered = copy.copy(found)
        altered.training_runs = table
        return {item.kind for item in claims(altered, kept).result().problems} - MADE_UP

    [row] = found.training_runs
    assert kinds([row], events) == set()
    for column in row:
        assert kinds([{**row, column: changed(row[column])}], events) == {"training-run"}, column
    assert kinds([], events) == {"training-run"}
    assert kinds([row, {**row, "run_id": changed(row["run_id"])}], events) == {"training-run"}
    assert kinds([row], events[:-1]) == {"training-run"}
