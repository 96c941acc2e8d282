"""Training runs against the events that state them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from lineage_platform.audit.verification.entries import Event, moment
from lineage_platform.audit.verification.recorded import Recorded, Row
from lineage_platform.audit.verification.report import Report
from lineage_platform.events.facets import TRAINING


class TrainingRuns:
    """Takes events in ledger order; every row has to be stated by exactly one, as it is."""

    def __init__(self, recorded: Recorded, report: Report) -> None:
        self._report = report
        self._rows = {str(row["run_id"]): row for row in recorded.training_runs}
        report.count("training_runs", len(self._rows))

    def learn(self, leaf: Row, event: Event) -> None:
        """Compare what an event states with its row."""
        run = event["run"]["runId"]
        stated = event["run"]["facets"][TRAINING]
        [read], [made] = event["inputs"], event["outputs"]
        self._report.same("event", str(leaf["index"]), event["eventType"], "COMPLETE")
        row = self._rows.pop(run, None)
        if row is None:
            self._report.problem("training-run", run, "no row", f"the run of entry {leaf['index']}")
            return
        expected = {
            "run_id": run,
            "release_id": stated["release"],
            "job": event["job"]["name"],
            "model": stated["model"],
            "model_version": stated["modelVersion"],
            "details": stated["details"],
            "ended_at": stated["endedAt"],
            "recorded_at": event["eventTime"],
            "ledger_index": leaf["index"],
        }
        for column, value in expected.items():
            self._report.same("training-run", f"{run} {column}", _plain(row[column]), value)
        named = (
            read["facets"]["version"]["datasetVersion"],
            made["name"],
            made["facets"]["version"]["datasetVersion"],
        )
        told = stated["release"], f"model/{stated['model']}", stated["modelVersion"]
        self._report.same("event", str(leaf["index"]), named, told)

    def finish(self) -> None:
        """Rows that no event states."""
        for run in self._rows:
            self._report.problem("training-run", run, "a row", "an entry that states it")


def _plain(value: Any) -> Any:
    """A column as events write it."""
    if isinstance(value, datetime):
        return moment(value)
    return value if isinstance(value, dict | int) else str(value)
