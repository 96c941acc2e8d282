"""Rows of the overlay and their reinstatements against the events that state them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lineage_platform.audit.verification.entries import Event, moment
from lineage_platform.audit.verification.recorded import Recorded, Row
from lineage_platform.audit.verification.report import Report
from lineage_platform.events.facets import OVERLAY, REINSTATEMENT, WITHDRAWAL


class Overlay:
    """Takes events in ledger order; every row has to be stated by exactly one, as it is."""

    def __init__(self, recorded: Recorded, report: Report) -> None:
        self._report = report
        self._rows = {row["id"]: row for row in recorded.overlay}
        self._lifted = {row["overlay"]: row for row in recorded.reinstatements}
        report.count("overlay_rows", len(self._rows))

    def learn(self, leaf: Row, event: Event) -> None:
        """Compare what an event states with its rows."""
        facets = event["dataset"]["facets"]
        if OVERLAY in facets:
            stated = facets[OVERLAY]
            withdrawal = int(facets[WITHDRAWAL]["withdrawal"]) if WITHDRAWAL in facets else None
            for cover in stated["covers"]:
                number = int(cover["overlay"])
                expected = {"withdrawal": withdrawal, **_laid(number, cover, stated, leaf)}
                self._compare(self._rows.pop(number, None), str(number), expected)
        if REINSTATEMENT in facets:
            stated = facets[REINSTATEMENT]
            for text in stated["overlays"]:
                row = self._lifted.pop(int(text), None)
                self._compare(row, f"{text} reinstatement", _lifting(int(text), stated, leaf))

    def finish(self) -> None:
        """Rows that no event states."""
        for number in self._rows:
            self._report.problem("overlay", str(number), "a row", "an entry that states it")
        for number in self._lifted:
            self._report.problem("overlay", f"{number} reinstatement", "a row", "an entry that states it")

    def _compare(self, row: Row | None, name: str, expected: Mapping[str, Any]) -> None:
        if row is None:
            place = f"the one that entry {expected['ledger_index']} states"
            self._report.problem("overlay", name, "no row", place)
            return
        for column, value in expected.items():
            self._report.same("overlay", f"{name} {column}", _plain(row[column]), value)


def _laid(number: int, cover: Mapping[str, Any], stated: Mapping[str, Any], leaf: Row) -> dict[str, Any]:
    numbers = {"terms": "terms", "key_from": "keyFrom", "key_to": "keyTo", "document": "document"}
    return {
        "id": number,
        "source": cover.get("source"),
        "subject": cover.get("subject"),
        "subject_key": cover.get("key"),
        "subject_earlier": cover.get("earlier"),
        **{column: int(cover[key]) if key in cover else None for column, key in numbers.items()},
        "statement": stated["statement"],
        "reason": stated["reason"],
        "author": stated["author"],
        "valid_from": stated["validFrom"],
        "valid_to": stated["validTo"],
        "recorded_at": moment(leaf["recorded_at"]),
        "ledger_index": leaf["index"],
    }


def _lifting(number: int, stated: Mapping[str, Any], leaf: Row) -> dict[str, Any]:
    return {
        "overlay": number,
        "reason": stated["reason"],
        "author": stated["author"],
        "effective": stated["effective"],
        "recorded_at": moment(leaf["recorded_at"]),
        "ledger_index": leaf["index"],
    }


def _plain(value: Any) -> Any:
    """A column as events write it."""
    if isinstance(value, datetime):
        return moment(value)
    return value.hex() if isinstance(value, bytes) else value
