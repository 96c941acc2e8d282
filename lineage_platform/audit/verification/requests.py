"""The register of requests against the events that state it: every row, every last day, and the order of the steps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from lineage_platform.audit.verification.entries import Event, moment
from lineage_platform.audit.verification.recorded import Recorded, Row
from lineage_platform.audit.verification.report import Report
from lineage_platform.events.facets import REQUEST, REQUEST_STEP
from lineage_platform.model.requests import Rule, State, after
from lineage_platform.policy import deadlines


class Requests:
    """Takes events in ledger order; every row has to be stated by exactly one, as it is."""

    def __init__(self, recorded: Recorded, report: Report) -> None:
        self._report = report
        self._rows = {row["id"]: row for row in recorded.requests}
        self._steps = {row["id"]: row for row in recorded.request_steps}
        self._states: dict[int, State] = {}
        self._stated: dict[int, Mapping[str, Any]] = {}
        report.count("requests", len(self._rows))
        report.count("request_steps", len(self._steps))

    def learn(self, leaf: Row, event: Event) -> None:
        """Compare what an event states with its row, and with what the steps before it allow."""
        facets = event["dataset"]["facets"]
        if REQUEST in facets:
            stated = facets[REQUEST]
            number = int(stated["request"])
            self._compare(self._rows.pop(number, None), str(number), _request(stated, leaf))
            last = deadlines.due(date.fromisoformat(stated["receivedAt"]), Rule.of(stated["rule"]))
            self._report.same("request", f"{number} due", stated["due"], last.isoformat())
            self._states[number], self._stated[number] = "received", stated
        if REQUEST_STEP in facets:
            stated = facets[REQUEST_STEP]
            step = int(stated["step"])
            name = f"{stated['request']} step {step}"
            self._compare(self._steps.pop(step, None), name, _step(stated, leaf))
            self._follow(int(stated["request"]), name, stated)

    def finish(self) -> None:
        """Rows that no event states."""
        for number in self._rows:
            self._report.problem("request", str(number), "a row", "an entry that states it")
        for number, row in self._steps.items():
            self._report.problem(
                "request", f"{row['request']} step {number}", "a row", "an entry that states it"
            )

    def _follow(self, number: int, name: str, stated: Mapping[str, Any]) -> None:
        before = self._states.get(number)
        if before is None:
            self._report.problem("request", name, "no request", "an entry before it that states the request")
            return
        state = after(before, stated["action"])
        if state is None:
            self._report.problem("request", name, stated["action"], f"a step from {before}")
        else:
            self._states[number] = state
        last = None
        if stated["action"] == "extend":
            asked = self._stated[number]
            last = deadlines.extended(date.fromisoformat(asked["receivedAt"]), Rule.of(asked["rule"]))
        self._report.same("request", f"{name} due", stated["due"], last and last.isoformat())

    def _compare(self, row: Row | None, name: str, expected: Mapping[str, Any]) -> None:
        if row is None:
            place = f"the one that entry {expected['ledger_index']} states"
            self._report.problem("request", name, "no row", place)
            return
        for column, value in expected.items():
            self._report.same("request", f"{name} {column}", _plain(row[column]), value)


def _request(stated: Mapping[str, Any], leaf: Row) -> dict[str, Any]:
    same = ("kind", "jurisdiction", "due", "rule", "subject", "name", "about", "author")
    return {
        "id": int(stated["request"]),
        **{name: stated[name] for name in same},
        "received_at": stated["receivedAt"],
        "subject_key": stated["subjectKey"],
        "recorded_at": moment(leaf["recorded_at"]),
        "ledger_index": leaf["index"],
    }


def _step(stated: Mapping[str, Any], leaf: Row) -> dict[str, Any]:
    same = ("action", "author", "note", "withdrawal", "due")
    return {
        "id": int(stated["step"]),
        "request": int(stated["request"]),
        **{name: stated[name] for name in same},
        "recorded_at": moment(leaf["recorded_at"]),
        "ledger_index": leaf["index"],
    }


def _plain(value: Any) -> Any:
    """A column as events write it."""
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else value
