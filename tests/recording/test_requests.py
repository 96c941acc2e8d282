"""The register of requests: each step one row and one event, or an error and nothing."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from psycopg.rows import dict_row

from lineage_platform.audit.verification import recorded as claims_of
from lineage_platform.audit.verification.entries import verify_entries
from lineage_platform.audit.verification.report import Report
from lineage_platform.errors import Conflict, InvalidInput, LineageError, NotFound
from lineage_platform.model.requests import ACTIONS, Action, Request, Step, after
from lineage_platform.policy.deadlines import rule_for
from lineage_platform.recording import Recorder
from lineage_platform.settings import Settings
from lineage_platform.wiring import open_workspace
from tests.audit.verifying import Entries, changed, claims, quiet

SUBJECT = bytes(range(32))


def today() -> date:
    return datetime.now(UTC).date()


def asked(**changes: Any) -> Request:
    """An erasure under the GDPR, received today."""
    said: dict[str, Any] = {
        "kind": "erasure",
        "jurisdiction": "EU",
        "received_at": today(),
        "rule": rule_for("erasure", "EU", {}),
        "author": "dpo",
        "subject": SUBJECT,
        "subject_key": "0" * 16,
    }
    return Request(**{**said, **changes})


def rows(settings: Settings, query: str) -> list[dict[str, Any]]:
    with psycopg.connect(settings.database_url or "", row_factory=dict_row) as connection:
        return connection.execute(query).fetchall()


def test_a_life_of_a_request(recorder: Recorder, settings: Settings) -> None:
    number = recorder.receive(asked(about="all records"))
    for action in ("verify", "extend", "decide"):
        recorder.take_step(number, Step(action, "dpo", "why"))
    recorder.take_step(number, Step("done", "dpo", withdrawal="12"))
    leaves = rows(settings, "SELECT kind, payload, run_id FROM lineage.ledger_leaves ORDER BY index")
    assert [leaf["kind"] for leaf in leaves] == ["REQUEST", *["REQUEST-STEP"] * 4]
    stated = json.loads(leaves[0]["payload"])["dataset"]["facets"]["lineagePlatform_request"]
    assert (stated["subject"], stated["name"], stated["about"]) == (SUBJECT.hex(), None, "all records")
    with open_workspace(settings=settings) as workspace:
        found = workspace.request(str(number))
        assert (found.state, found.withdrawal, found.days_left) == ("done", "12", None)
        assert [step.due is not None for step in found.steps] == [False, True, False, False]
        assert found.due == found.steps[1].due
        assert workspace.verify().problems == ()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"author": " "}, "author: got nothing"),
        ({"subject": None}, "expected exactly one of a subject"),
        ({"name": "A firm"}, "expected exactly one of a subject"),
        (
            {"subject": None, "name": "A person"},
            "got a name, expected a subject: erasure is a right of natural persons",
        ),
        ({"subject": b"x"}, "a hash of 1 bytes, expected 32"),
        ({"kind": "takedown", "subject": None, "name": ""}, "name: got nothing"),
        ({"received_at": date(2999, 1, 1)}, "expected a day that has begun"),
        ({"about": "x" * 2001}, "about: got 2001 characters"),
        ({"about": "\0"}, r"none of them U\+0000"),
        (
            {"rule": rule_for("erasure", "EU", {}, date(2000, 1, 1))},
            "due: got 2000-01-01, expected a day from",
        ),
        ({"rule": rule_for("erasure", "EU", {}, date(2999, 1, 1))}, "due: got 2999-01-01, expected at most"),
    ],
)
def test_what_makes_no_sense_is_refused(
    recorder: Recorder, settings: Settings, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        recorder.receive(asked(**changes))
    assert rows(settings, "SELECT 1 FROM lineage.requests") == []
    assert rows(settings, "SELECT 1 FROM lineage.ledger_leaves") == []


@pytest.mark.parametrize(
    ("request_", "step", "error", "message"),
    [
        (asked(), Step("done", "dpo"), Conflict, "it is received, expected decided"),
        (asked(), Step("refuse", "dpo", " "), InvalidInput, "reason: got nothing"),
        (asked(), Step("verify", ""), InvalidInput, "author: got nothing"),
        (
            asked(received_at=today() - timedelta(days=40)),
            Step("extend", "dpo", "many"),
            InvalidInput,
            "whoever says so within the first time",
        ),
        (
            asked(jurisdiction="KR", rule=rule_for("erasure", "KR", {})),
            Step("extend", "dpo", "many"),
            InvalidInput,
            "PIPA .* gives no extension",
        ),
    ],
)
def test_a_step_that_is_not_possible(
    recorder: Recorder,
    settings: Settings,
    request_: Request,
    step: Step,
    error: type[LineageError],
    message: str,
) -> None:
    number = recorder.receive(request_)
    with pytest.raises(error, match=message):
        recorder.take_step(number, step)
    assert rows(settings, "SELECT 1 FROM lineage.request_steps") == []
    with pytest.raises(NotFound, match=f"no request named '{number + 1}'"):
        recorder.take_step(number + 1, step if step.author and step.note != " " else Step("verify", "dpo"))


@hypothesis_settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(ACTIONS), max_size=8))
def test_every_way_through_the_states(recorder: Recorder, settings: Settings, ways: list[Action]) -> None:
    number = recorder.receive(asked())
    state, extensions = "received", 0
    for action in ways:
        then = after(state, action)  # type: ignore[arg-type]
        if then is None or (action == "extend" and extensions):
            with pytest.raises(Conflict):
                recorder.take_step(number, Step(action, "dpo", "why"))
            continue
        recorder.take_step(number, Step(action, "dpo", "why"))
        state, extensions = then, extensions + (action == "extend")
    with open_workspace(settings=settings) as workspace:
        assert workspace.request(str(number)).state == state
        assert workspace.verify().problems == ()


def test_of_many_who_take_a_step_at_once_one_does(recorder: Recorder, settings: Settings) -> None:
    number = recorder.receive(asked())

    def decide(_: int) -> bool:
        try:
            recorder.take_step(number, Step("verify", "dpo"))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(decide, range(8))) == 1
    assert len(rows(settings, "SELECT 1 FROM lineage.request_steps")) == 1


def test_overdue_ones_stand_first(recorder: Recorder, settings: Settings) -> None:
    day = today()
    new = recorder.receive(asked())
    late = recorder.receive(asked(received_at=day - timedelta(days=60), subject=bytes(32)))
    later = recorder.receive(asked(received_at=day - timedelta(days=90)))
    closed = recorder.receive(asked(received_at=day - timedelta(days=200)))
    recorder.take_step(closed, Step("refuse", "dpo", "no"))
    with open_workspace(settings=settings) as workspace:
        listed = workspace.requests()
        assert [item.request for item in listed.requests] == [str(n) for n in (later, late, new, closed)]
        assert (listed.overdue, listed.open) == (2, 3)
        last = date.fromisoformat(workspace.request(str(new)).due)
        assert workspace.requests(today=last).overdue == 2
        assert workspace.requests(today=last + timedelta(days=1)).overdue == 3
        with pytest.raises(InvalidInput, match="expected the number of one"):
            workspace.request("first")


@pytest.fixture
def told(recorder: Recorder, settings: Settings) -> Iterator[Entries]:
    """Two requests with steps of every kind."""
    number = recorder.receive(asked())
    for action in ("verify", "extend", "decide", "done"):
        recorder.take_step(number, Step(action, "dpo", "why", "w" if action == "done" else None))
    other = recorder.receive(
        asked(
            kind="takedown",
            subject=None,
            subject_key=None,
            name="A firm",
            rule=rule_for("takedown", "CN", {"any": 3}),
        )
    )
    recorder.take_step(other, Step("refuse", "dpo", "no"))
    with open_workspace(settings=settings) as opened, opened.catalog.snapshot():
        recorded = claims_of.read(opened.catalog)
        report = Report(quiet)
        yield recorded, list(verify_entries(opened.catalog, recorded, opened.public_key, report))
        assert report.problems == 0


def kinds(found: Report) -> set[str]:
    return {item.kind for item in found.result().problems}


def test_a_changed_row_contradicts_its_event(told: Entries) -> None:
    recorded, events = told
    assert kinds(claims(recorded, events)) == set()
    for table in ("requests", "request_steps"):
        held = getattr(recorded, table)
        for position, row in enumerate(held):
            for column, value in row.items():
                if isinstance(value, bytes):
                    fresh: Any = bytes([*value[:-1], 1 ^ value[-1]])
                elif isinstance(value, date) and not isinstance(value, datetime):
                    fresh = value + timedelta(days=1)
                else:
                    fresh = changed(value)
                altered = copy.copy(recorded)
                again = [{**row, column: fresh} if at == position else it for at, it in enumerate(held)]
                setattr(altered, table, again)
                assert kinds(claims(altered, events)) == {"request"}, (table, position, column)
            altered = copy.copy(recorded)
            setattr(altered, table, [*held[:position], *held[position + 1 :]])
            assert kinds(claims(altered, events)) == {"request"}
            setattr(altered, table, [*held, {**row, "id": 4711}])
            assert kinds(claims(altered, events)) == {"request"}


def test_steps_out_of_order_and_a_last_day_that_does_not_follow(told: Entries) -> None:
    recorded, events = told
    for position in range(len(events)):
        assert kinds(claims(recorded, [*events[:position], *events[position + 1 :]])) == {"request"}, position
    swapped = [*events[:1], events[3], events[2], events[1], *events[4:]]
    assert kinds(claims(recorded, swapped)) == {"request"}
