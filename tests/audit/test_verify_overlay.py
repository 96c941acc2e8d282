"""Every column of every row of the overlay, and of every reinstatement, is bound by an event of the ledger."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest

from lineage_platform.audit.verification import recorded as claims_of
from lineage_platform.audit.verification.entries import verify_entries
from lineage_platform.audit.verification.report import Report
from lineage_platform.model.keys import document_key
from lineage_platform.model.overlay import Cover
from lineage_platform.recording import Recorder
from lineage_platform.settings import Settings
from lineage_platform.wiring import open_workspace
from tests.audit.verifying import Entries, changed, claims, quiet
from tests.recording.worlds import digest, listing, source, terms

SAID = {"reason": "asked for", "author": "me"}


@pytest.fixture
def laid(recorder: Recorder, settings: Settings) -> Iterator[Entries]:
    """A source, rows of every kind over it, two of them lifted."""
    number = recorder.observe(source(), digest("a"), listing("a"), None, [terms()]).number
    key = document_key(number, 3)
    covers = [
        Cover(source="notes"),
        Cover(keys=(key, key + 1)),
        Cover(document=key),
        Cover(subject=bytes(32)),
    ]
    rows = recorder.restate(covers, terms(licence="MIT"), **SAID)
    recorder.restate(covers[:1], terms(licence="CC0-1.0"), **SAID)
    recorder.reinstate(rows[1:3], **SAID)
    with open_workspace(settings=settings) as opened, opened.catalog.snapshot():
        recorded = claims_of.read(opened.catalog)
        report = Report(quiet)
        yield recorded, list(verify_entries(opened.catalog, recorded, opened.public_key, report))
        assert report.problems == 0


def kinds(found: Report) -> set[str]:
    """Of the problems; digests of snapshots are made up here."""
    return {item.kind for item in found.result().problems} - {"snapshot"}


def test_a_changed_column_contradicts_its_event(laid: Entries) -> None:
    recorded, events = laid
    assert kinds(claims(recorded, events)) == set()
    for table in ("overlay", "reinstatements"):
        held = getattr(recorded, table)
        for position, row in enumerate(held):
            for column, value in row.items():
                fresh = bytes([*value[:-1], 1]) if isinstance(value, bytes) else changed(value)
                altered = copy.copy(recorded)
                again = [{**row, column: fresh} if at == position else it for at, it in enumerate(held)]
                setattr(altered, table, again)
                assert kinds(claims(altered, events)) == {"overlay"}, (table, position, column)


def test_a_row_or_an_event_too_few_or_too_many(laid: Entries) -> None:
    recorded, events = laid
    for table in ("overlay", "reinstatements"):
        held = getattr(recorded, table)
        key = "id" if table == "overlay" else "overlay"
        for position, row in enumerate(held):
            altered = copy.copy(recorded)
            setattr(altered, table, [*held[:position], *held[position + 1 :]])
            assert kinds(claims(altered, events)) == {"overlay"}
            setattr(altered, table, [*held, {**row, key: 4711}])
            assert kinds(claims(altered, events)) == {"overlay"}
    for position, (_, event) in enumerate(events):
        if "run" not in event:
            assert kinds(claims(recorded, [*events[:position], *events[position + 1 :]])), position


def test_an_entry_of_the_overlay_belongs_to_no_run_and_says_its_kind(
    laid: Entries, settings: Settings
) -> None:
    recorded, events = laid
    [position] = [at for at, (leaf, _) in enumerate(events) if leaf["kind"] == "REINSTATEMENT"]
    leaf, event = events[position]
    run = next(leaf["run_id"] for leaf, _ in events if leaf["run_id"])
    moved = [*events[:position], ({**leaf, "run_id": run}, event), *events[position + 1 :]]
    assert kinds(claims(recorded, moved)) == {"ledger-entry"}
