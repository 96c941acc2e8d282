"""States of releases against the events that state them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from lineage_platform.audit.verification.entries import Event, moment
from lineage_platform.audit.verification.recorded import Recorded, Row
from lineage_platform.audit.verification.report import Report
from lineage_platform.events.facets import RELEASE_STATE


class ReleaseStates:
    """Takes events in ledger order; every row has to be stated by exactly one, as it is."""

    def __init__(self, recorded: Recorded, report: Report) -> None:
        self._report = report
        self._rows = {row["ledger_index"]: row for row in recorded.release_states}
        report.count("release_states", len(recorded.release_states))
        for row in recorded.release_states:
            if self._rows[row["ledger_index"]] is not row:
                report.problem("release-state", str(row["id"]), "a row", "an entry of its own")

    def learn(self, leaf: Row, event: Event) -> None:
        """Compare what an event states with its row."""
        facets = event["dataset"]["facets"]
        if RELEASE_STATE not in facets:
            return
        stated = facets[RELEASE_STATE]
        release = facets["version"]["datasetVersion"]
        self._report.same("event", str(leaf["index"]), event["dataset"]["name"], release.rpartition("@")[0])
        row = self._rows.pop(leaf["index"], None)
        if row is None:
            self._report.problem(
                "release-state", release, "no row", f"the one that entry {leaf['index']} states"
            )
            return
        expected = {
            "version_id": release,
            **{name: stated[name] for name in ("state", "reason", "day", "verdicts")},
            "recorded_at": event["eventTime"],
        }
        for column, value in expected.items():
            self._report.same("release-state", f"{row['id']} {column}", _plain(row[column]), value)

    def finish(self) -> None:
        """Rows that no event states."""
        for row in self._rows.values():
            self._report.problem("release-state", str(row["id"]), "a row", "an entry that states it")


def _plain(value: Any) -> Any:
    """A column as events write it."""
    if isinstance(value, datetime):
        return moment(value)
    return value if isinstance(value, str | list) else value.isoformat()
