"""Restating and reinstating: each one event with its rows, or an error and nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from psycopg.rows import dict_row

from lineage_platform.errors import Conflict, InvalidInput, LineageError, NotFound
from lineage_platform.model.keys import document_key
from lineage_platform.model.overlay import Cover
from lineage_platform.recording import Recorder
from lineage_platform.settings import Settings
from lineage_platform.wiring import open_workspace
from tests.recording import consistency
from tests.recording.worlds import digest, listing, source, terms

SUBJECT = bytes(range(32))
SAID = {"reason": "The publisher asked for it.", "author": "Dr. Example"}


@pytest.fixture
def notes(recorder: Recorder) -> int:
    """A source with a snapshot; its number."""
    return recorder.observe(source(), digest("a"), listing("a"), None, [terms()]).number


def rows(settings: Settings, query: str) -> list[dict[str, Any]]:
    with psycopg.connect(settings.database_url or "", row_factory=dict_row) as connection:
        return connection.execute(query).fetchall()


def problems(settings: Settings) -> list[Any]:
    """What `verify` finds, but for the digests of snapshots, which are made up here."""
    with open_workspace(settings=settings) as workspace:
        return [item for item in workspace.verify().problems if item.kind != "snapshot"]


def restated(name: str = "notes") -> Any:
    return terms(name, licence="LicenseRef-withdrawn")


def in_force(recorder: Recorder) -> list[str]:
    return [item.licence for item in recorder.terms_of_source("notes")]


def test_many_covers_are_one_event(recorder: Recorder, settings: Settings, notes: int) -> None:
    key = document_key(notes, 7)
    covers = [
        Cover(subject=SUBJECT),
        Cover(document=key),
        Cover(keys=(key, key + 5)),
        Cover(source="notes"),
    ]
    before = len(rows(settings, "SELECT 1 FROM lineage.ledger_leaves"))
    end = datetime(2099, 1, 1, tzinfo=UTC)
    numbers = recorder.restate(covers, restated(), **SAID, valid_to=end)
    [leaf] = rows(settings, f"SELECT * FROM lineage.ledger_leaves WHERE index >= {before}")
    assert (leaf["kind"], leaf["run_id"]) == ("OVERLAY", None)
    stated = json.loads(leaf["payload"])["dataset"]["facets"]["lineagePlatform_overlay"]
    assert stated["covers"] == [
        {"overlay": str(number), **cover.stated()} for number, cover in zip(numbers, covers, strict=True)
    ]
    assert stated["statement"] == restated().statement()
    laid = rows(settings, "SELECT * FROM lineage.overlay ORDER BY id")
    assert [row["id"] for row in laid] == numbers
    assert {row["ledger_index"] for row in laid} == {leaf["index"]}
    assert {row["valid_from"] for row in laid} == {leaf["recorded_at"]}
    assert [bytes(row["subject"]) for row in laid if row["subject"]] == [SUBJECT]
    assert in_force(recorder) == ["LicenseRef-withdrawn"]
    consistency.check(settings)
    assert problems(settings) == []


def test_only_a_reinstatement_lifts_a_row(recorder: Recorder, settings: Settings, notes: int) -> None:
    [number] = recorder.restate([Cover(source="notes")], restated(), **SAID)
    for licence in ("MIT", "CC0-1.0"):
        recorder.observe(source(licence=licence), digest("a"), listing("a"), None, [terms(licence=licence)])
        assert in_force(recorder) == ["LicenseRef-withdrawn"]
    recorder.reinstate([number], reason="Settled.", author="A. N. Other")
    assert in_force(recorder) == ["CC0-1.0"]
    with pytest.raises(Conflict, match=r"overlay \d+: A. N. Other reinstated it at"):
        recorder.reinstate([number], **SAID)
    assert len(rows(settings, "SELECT 1 FROM lineage.reinstatements")) == 1
    consistency.check(settings)
    assert problems(settings) == []


@pytest.mark.parametrize(
    ("covers", "changes", "error", "message"),
    [
        ([], {}, InvalidInput, "covers: got none"),
        ([Cover()], {}, InvalidInput, "got 0 of source, keys, document and subject"),
        ([Cover(source="notes", document=1)], {}, InvalidInput, "got 2 of source, keys"),
        ([Cover(source="note")], {}, NotFound, "no source named 'note'; nearest: notes"),
        ([Cover(subject=b"x")], {}, InvalidInput, "a hash of 1 bytes, expected 32"),
        ([Cover(keys=(5, 4))], {}, InvalidInput, "keys: got 5 to 4"),
        ([Cover(keys=(-1, 4))], {}, InvalidInput, "keys: got -1 to 4"),
        ([Cover(document=1 << 63)], {}, InvalidInput, "below 2"),
        ([Cover(document=document_key(4711, 0))], {}, NotFound, "no document named"),
        (
            [Cover(keys=(document_key(4711, 0), document_key(4712, 0)))],
            {},
            NotFound,
            "no document in the range",
        ),
        ([Cover(source="notes")], {"reason": " "}, InvalidInput, "reason: got nothing, expected why"),
        ([Cover(source="notes")], {"author": ""}, InvalidInput, "author: got nothing, expected a name"),
        (
            [Cover(source="notes")],
            {"valid_to": datetime(2020, 1, 1, tzinfo=UTC)},
            InvalidInput,
            "expected an end after the beginning",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(
    recorder: Recorder,
    settings: Settings,
    notes: int,
    covers: list[Cover],
    changes: dict[str, Any],
    error: type[LineageError],
    message: str,
) -> None:
    before = rows(settings, "SELECT index FROM lineage.ledger_leaves")
    with pytest.raises(error, match=message):
        recorder.restate(covers, restated(), **{**SAID, **changes})
    assert rows(settings, "SELECT index FROM lineage.ledger_leaves") == before
    assert rows(settings, "SELECT 1 FROM lineage.overlay") == []


def test_a_row_that_is_none(recorder: Recorder, notes: int) -> None:
    [number] = recorder.restate([Cover(source="notes")], restated(), **SAID)
    with pytest.raises(NotFound, match=f"no row of the overlay named '{number + 1}'"):
        recorder.reinstate([number, number + 1], **SAID)
    with pytest.raises(InvalidInput, match="expected the number of one"):
        recorder.reinstate([], **SAID)
    assert in_force(recorder) == ["LicenseRef-withdrawn"]


@hypothesis_settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["restate", "reinstate", "edit"]), st.integers(0, 5)), max_size=8))
def test_the_last_row_that_is_not_lifted_counts(
    recorder: Recorder, settings: Settings, plan: list[tuple[str, int]]
) -> None:
    name = f"s{digest(str(plan))[:20]}"
    recorder.observe(source(name), digest("a"), listing("a"), None, [terms(name)])
    declared, laid, lifted = "CC-BY-4.0", [], set[int]()
    for verb, number in plan:
        if verb == "restate":
            licence = f"LicenseRef-{len(laid)}"
            [row] = recorder.restate([Cover(source=name)], terms(name, licence=licence), **SAID)
            laid.append((row, licence))
        elif verb == "edit":
            declared = f"LicenseRef-declared-{number}"
            recorder.observe(source(name), digest("a"), listing("a"), None, [terms(name, licence=declared)])
        elif laid:
            row = laid[number % len(laid)][0]
            if row in lifted:
                with pytest.raises(Conflict):
                    recorder.reinstate([row], **SAID)
            else:
                recorder.reinstate([row], **SAID)
                lifted.add(row)
        standing = [licence for row, licence in laid if row not in lifted]
        expected = standing[-1] if standing else declared
        assert [item.licence for item in recorder.terms_of_source(name)] == [expected]
    assert problems(settings) == []


def test_what_is_effective_later(recorder: Recorder, notes: int) -> None:
    soon = datetime.now(UTC) + timedelta(days=1)
    [number] = recorder.restate([Cover(source="notes")], restated(), **SAID)
    recorder.reinstate([number], **SAID, effective=soon)
    assert in_force(recorder) == ["LicenseRef-withdrawn"]
    recorder.restate([Cover(source="notes")], terms(licence="MIT"), **SAID, valid_from=soon)
    assert in_force(recorder) == ["LicenseRef-withdrawn"]
