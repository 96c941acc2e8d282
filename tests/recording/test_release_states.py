"""What became of a release: one event for each change, from the state that was seen, and nobody edits it unseen."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from lineage_platform.audit.verification import recorded as claims_of
from lineage_platform.audit.verification.entries import verify_entries
from lineage_platform.audit.verification.report import Report
from lineage_platform.errors import Conflict, InvalidInput, LineageError, NotFound
from lineage_platform.model.releases import Judged, State, StateChange
from lineage_platform.recording import Recorder
from lineage_platform.settings import Settings
from lineage_platform.wiring import open_workspace
from tests.audit.verifying import changed, claims, quiet
from tests.recording import consistency
from tests.recording.test_training import MADE_UP, release

VERDICTS = (Judged("research", "EU", "refused", ("terms-expired",)),)


def change(name: str, before: str = "released", state: State = "reopened", **more: Any) -> StateChange:
    made = StateChange(name, before, "reopened", "terms ended", date(2027, 1, 1), VERDICTS)
    return replace(made, state=state, **more)


def states(settings: Settings) -> list[tuple[str, str | None]]:
    with open_workspace(settings=settings) as opened:
        return [(row.stands, row.reason) for row in opened.catalog.releases()]


def test_from_state_to_state(recorder: Recorder, settings: Settings) -> None:
    name = release(recorder)
    assert states(settings) == [("released", None)]
    recorder.change_release(change(name))
    assert states(settings) == [("reopened", "terms ended")]
    with pytest.raises(Conflict, match="it is reopened now, and was released when it was judged"):
        recorder.change_release(change(name))
    recorder.change_release(change(name, "reopened", "quarantined", reason="a court asks"))
    recorder.change_release(change(name, "quarantined", "released", reason="it was cleared"))
    assert states(settings) == [("released", "it was cleared")]
    with open_workspace(settings=settings) as opened:
        assert [item for item in opened.verify().problems if item.kind not in MADE_UP] == []
        ground = opened.catalog.newest_ground()
        assert ground == opened.catalog.ledger_size() - 1
    consistency.check(settings)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"release": "a/release@0"}, NotFound, "no release named 'a/release@0'; nearest: a/release@"),
        ({"release": "source/a@0"}, NotFound, "no release named"),
        ({"reason": " "}, InvalidInput, "got no reason"),
    ],
)
def test_what_makes_no_sense_is_refused(
    recorder: Recorder, settings: Settings, changes: dict[str, Any], error: type[LineageError], message: str
) -> None:
    name = release(recorder)
    with pytest.raises(error, match=message):
        recorder.change_release(replace(change(name), **changes))
    assert states(settings) == [("released", None)]


def test_what_was_refused_stays_so(recorder: Recorder) -> None:
    name = release(recorder, "b", passed=False)
    with pytest.raises(InvalidInput, match="got a release that was refused"):
        recorder.change_release(change(name, "refused", "released"))


def test_a_changed_row_contradicts_its_event(recorder: Recorder, settings: Settings) -> None:
    recorder.change_release(change(release(recorder)))
    with open_workspace(settings=settings) as opened, opened.catalog.snapshot():
        found = claims_of.read(opened.catalog)
        report = Report(quiet)
        events = list(verify_entries(opened.catalog, found, opened.public_key, report))

    def kinds(table: list[Any], kept: list[Any]) -> set[str]:
        altered = copy.copy(found)
        altered.release_states = table
        return {item.kind for item in claims(altered, kept).result().problems} - MADE_UP

    [row] = found.release_states
    assert kinds([row], events) == set()
    for column in set(row) - {"id"}:
        value = row[column]
        other = date(2020, 1, 1) if isinstance(value, date) and column == "day" else changed(value)
        assert kinds([{**row, column: other}], events) == {"release-state"}, column
    assert kinds([], events) == {"release-state"}
    assert kinds([row, {**row, "id": row["id"] + 1}], events) == {"release-state"}
    assert kinds([row, {**row, "ledger_index": 10_000}], events) == {"release-state"}
    assert kinds([row], events[:-1]) == {"release-state"}
