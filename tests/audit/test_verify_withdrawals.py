"""Every column of withdrawals, quarantined shards and refusals is bound by an event of the ledger."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from lineage_platform.audit.verification import recorded as claims_of
from lineage_platform.audit.verification.entries import verify_entries
from lineage_platform.audit.verification.report import Report
from lineage_platform.recording import Recorder
from lineage_platform.settings import Settings
from lineage_platform.wiring import open_workspace
from lineage_platform.wiring.withdrawing import Wanted, withdraw
from tests.audit.test_verify_overlay import kinds
from tests.audit.verifying import Entries, changed, claims, quiet
from tests.audit.worlds import make_world

TABLES = ("withdrawals", "quarantines", "refusals")
FOUND = {"withdrawal", "quarantine", "refusal"}


@pytest.fixture
def taken_back(recorder: Recorder, settings: Settings) -> Iterator[Entries]:
    """A person and a document, withdrawn."""
    world = make_world(settings, recorder)
    said: dict[str, Any] = {"reason": "asked for", "author": "me"}
    with open_workspace(settings=settings) as opened:
        withdraw(opened, Wanted(subject="person1@example.org"), **said)
        withdraw(opened, Wanted(documents=[str(world.key("press", 1))]), **said, request="3")
    with open_workspace(settings=settings) as opened, opened.catalog.snapshot():
        recorded = claims_of.read(opened.catalog)
        report = Report(quiet)
        yield recorded, list(verify_entries(opened.catalog, recorded, opened.public_key, report))
        assert report.problems == 0


def test_changed_missing_and_extra_rows(taken_back: Entries) -> None:
    recorded, events = taken_back
    assert kinds(claims(recorded, events)) == set()
    for table in TABLES:
        held = getattr(recorded, table)
        assert held
        for position, row in enumerate(held):
            others = [*held[:position], *held[position + 1 :]]
            for column, value in row.items():
                if (table, column) == ("refusals", "id"):
                    continue  # says only in which order rows were put in
                fresh = bytes([*value[:-1], value[-1] ^ 1]) if isinstance(value, bytes) else changed(value)
                altered = copy.copy(recorded)
                setattr(altered, table, [*others, {**row, column: fresh}])
                assert kinds(claims(altered, events)) & FOUND, (table, position, column)
            altered = copy.copy(recorded)
            setattr(altered, table, others)
            assert kinds(claims(altered, events)) & FOUND, (table, position)
            setattr(altered, table, [*held, {**row, "id": 4711}])
            assert kinds(claims(altered, events)) & FOUND, (table, position)


def test_an_event_that_is_not_there(taken_back: Entries) -> None:
    recorded, events = taken_back
    for position, (leaf, _) in enumerate(events):
        if leaf["kind"] == "WITHDRAWAL":
            rest = [*events[:position], *events[position + 1 :]]
            assert kinds(claims(recorded, rest)) >= {"withdrawal", "quarantine", "refusal", "overlay"}
