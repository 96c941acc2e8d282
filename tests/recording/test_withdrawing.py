"""Withdrawals: one event with all its rows, or an error and nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from lineage_platform.errors import InvalidInput, NotFound
from lineage_platform.model.keys import document_key, key_range
from lineage_platform.model.overlay import Cover
from lineage_platform.model.withdrawals import Planned, Refusal, Withdrawal
from lineage_platform.recording import Recorder
from lineage_platform.settings import Settings
from tests.recording import consistency, victims
from tests.recording.test_overlaying import SUBJECT, problems, rows
from tests.recording.worlds import digest, listing, source, terms

SAID: dict[str, Any] = {"reason": "The publisher asked for it.", "author": "Dr. Example"}


@pytest.fixture
def notes(recorder: Recorder) -> int:
    """A source with a snapshot; its number."""
    return recorder.observe(source(), digest("a"), listing("a"), None, [terms()]).number


def planned(*covers: Cover, refusals: Sequence[Refusal] = (), **changes: Any) -> Planned:
    kind = changes.pop("kind", "takedown")
    withdrawal = Withdrawal(kind, covers, **{**SAID, **changes})
    return Planned(withdrawal, (), tuple(refusals), frozenset())


def test_one_event_states_everything(recorder: Recorder, settings: Settings, notes: int) -> None:
    key = document_key(notes, 7)
    refusals = (Refusal("notes"), Refusal("notes", "r7", bytes(32)))
    covers = [Cover(source="notes"), Cover(document=key), Cover(subject=SUBJECT), Cover(terms=17)]
    made = recorder.withdraw(planned(*covers, refusals=refusals, request="12", kind="consent-withdrawn"))
    assert made.new
    [leaf] = rows(settings, "SELECT * FROM lineage.ledger_leaves WHERE kind = 'WITHDRAWAL'")
    facets = json.loads(leaf["payload"])["dataset"]["facets"]
    assert facets["lineagePlatform_withdrawal"]["request"] == "12"
    [row] = rows(settings, "SELECT * FROM lineage.withdrawals")
    assert (row["id"], row["ledger_index"], row["effective"]) == (
        made.number,
        leaf["index"],
        leaf["recorded_at"],
    )
    assert row["covers"] == [cover.stated() for cover in covers]
    laid = rows(settings, "SELECT * FROM lineage.overlay ORDER BY id")
    assert {item["withdrawal"] for item in laid} == {made.number}
    statement = laid[0]["statement"]
    assert (statement["licence"], statement["licence_status"]) == ("NOASSERTION", "unknown")
    assert (statement["consent_basis"], statement["consent_status"]) == ("consent", "withdrawn")
    assert statement["licence_note"] == f"withdrawal {made.number} (consent-withdrawn)"
    assert len(rows(settings, "SELECT 1 FROM lineage.refusals")) == 2
    consistency.check(settings)
    assert problems(settings) == []


def test_withdrawn_twice_is_recorded_once(recorder: Recorder, settings: Settings, notes: int) -> None:
    first = recorder.withdraw(planned(Cover(source="notes"), Cover(subject=SUBJECT)))
    again = recorder.withdraw(planned(Cover(subject=SUBJECT)))
    assert (again.number, again.new) == (first.number, False)
    other = recorder.withdraw(planned(Cover(subject=SUBJECT), kind="opt-out"))
    assert other.new
    [row] = rows(settings, f"SELECT max(id) AS last FROM lineage.overlay WHERE withdrawal = {first.number}")
    recorder.reinstate([row["last"]], **SAID)
    assert recorder.withdraw(planned(Cover(subject=SUBJECT))).new
    consistency.check(settings)
    assert problems(settings) == []


def test_a_source_never_seen_is_recorded(recorder: Recorder, settings: Settings) -> None:
    assert recorder.withdraw(planned(Cover(source="later"), refusals=[Refusal("later")])).new
    assert problems(settings) == []


@pytest.mark.parametrize(
    ("covers", "changes", "error", "message"),
    [
        ([], {}, InvalidInput, "nothing to take back"),
        ([Cover(document=document_key(4711, 0))], {}, NotFound, "no document named"),
        ([Cover(source="notes")], {"reason": " "}, InvalidInput, "reason: got nothing"),
        (
            [Cover(source="notes")],
            {"kind": "boredom"},
            InvalidInput,
            "kind: got 'boredom', expected one of consent",
        ),
    ],
)
def test_what_makes_no_sense_is_told_and_nothing_recorded(
    recorder: Recorder,
    settings: Settings,
    notes: int,
    covers: list[Cover],
    changes: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        recorder.withdraw(planned(*covers, **changes))
    assert rows(settings, "SELECT 1 FROM lineage.withdrawals") == []
    consistency.check(settings)


def test_nothing_is_refused_of_what_was_never_read(recorder: Recorder, notes: int) -> None:
    recorder.withdraw(planned(Cover(source="notes")))
    assert recorder.refused(["notes", "unknown"]) == []
    assert key_range(notes)[0] == document_key(notes, 0)


@pytest.mark.parametrize(
    "point",
    [
        "after lineage_platform.catalog.withdrawals:enter",
        "after lineage_platform.catalog.overlays:lay",
        "before lineage_platform.catalog.ledger:Ledger.write",
        "after lineage_platform.catalog.ledger:Ledger.write",
        "after lineage_platform.catalog.engine:Database.transaction",
    ],
)
def test_killed_in_the_middle_then_again(
    recorder: Recorder, settings: Settings, notes: int, point: str
) -> None:
    asked = planned(Cover(source="notes"), Cover(subject=SUBJECT), refusals=[Refusal("notes")])
    victims.killed_withdrawing(settings, asked, point)
    committed = point.endswith("Database.transaction")
    assert len(rows(settings, "SELECT 1 FROM lineage.withdrawals")) == committed
    assert recorder.withdraw(asked).new is not committed
    for table, count in (("withdrawals", 1), ("overlay", 2), ("refusals", 1)):
        assert len(rows(settings, f"SELECT 1 FROM lineage.{table}")) == count
    consistency.check(settings)
    assert problems(settings) == []
