"""Rows of the catalog against the events that the ledger commits to: whoever edits a row contradicts its event."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from lineage_platform.audit.verification.entries import Event, moment
from lineage_platform.audit.verification.outputs import verify_snapshot, verify_version
from lineage_platform.audit.verification.overlay import Overlay
from lineage_platform.audit.verification.recorded import Recorded, Row
from lineage_platform.audit.verification.releases import ReleaseStates
from lineage_platform.audit.verification.report import Report
from lineage_platform.audit.verification.requests import Requests
from lineage_platform.audit.verification.statements import Statements
from lineage_platform.audit.verification.training import TrainingRuns
from lineage_platform.audit.verification.withdrawals import Withdrawals
from lineage_platform.catalog.forms import storable
from lineage_platform.events.facets import TERMS, TRAINING, TRANSFORMATION
from lineage_platform.ledger.canonical import canonical

_CHECK = ("success", "severity", "column", "expected", "actual")


class Claims:
    """Takes the events in ledger order; `finish` says which rows no event stands behind."""

    def __init__(self, recorded: Recorded, report: Report) -> None:
        self._recorded = recorded
        self._report = report
        self._statements = Statements(recorded, report)
        self._overlay = Overlay(recorded, report)
        self._training = TrainingRuns(recorded, report)
        self._releases = ReleaseStates(recorded, report)
        self._requests = Requests(recorded, report)
        self._withdrawals = Withdrawals(recorded, report)
        self._started: dict[str, int] = {}
        self._closed: set[str] = set()
        self._made: set[str] = set()
        self._previous: Row | None = None

    def take(self, leaf: Row, event: Event) -> None:
        """Compare one event with the rows that name it."""
        name = str(leaf["index"])
        with self._report.reading("event", name):
            holder = event.get("job") or event["dataset"]
            namespace = f"lineage-platform/{self._recorded.deployment}"
            self._report.same("event", name, holder["namespace"], namespace)
            self._statements.learn(leaf, event)
            if "run" in event and TRAINING in event["run"]["facets"]:
                self._training.learn(leaf, event)
            elif "run" in event:
                self._take_run(leaf, event)
            elif TERMS in holder["facets"]:
                starting = self._previous["run_id"] if self._previous else None
                self._report.same("ledger-entry", name, leaf["run_id"], starting)
            else:
                self._report.same("ledger-entry", name, leaf["run_id"], None)
                self._overlay.learn(leaf, event)
                self._releases.learn(leaf, event)
                self._requests.learn(leaf, event)
                self._withdrawals.learn(leaf, event)
        self._previous = leaf

    def finish(self) -> None:
        """Rows that name no event, or one that says nothing of them."""
        recorded, report = self._recorded, self._report
        report.count("runs", len(recorded.runs))
        report.count("snapshots", len(recorded.snapshots))
        report.count("versions", len(recorded.versions))
        for run, row in recorded.runs.items():
            if run not in self._started:
                report.problem("run", run, "a row", "an entry that says that it started")
            elif row["state"] == "START":
                report.same("run", run, row["ledger_index"], self._started[run])
            elif run not in self._closed:
                report.problem("run", run, row["state"], "an entry that says so")
        for name in (recorded.versions.keys() | recorded.snapshots.keys()) - self._made:
            kind = "version" if name in recorded.versions else "snapshot"
            report.problem(kind, name, "a row", "an entry that says that it was made")
        self._statements.finish()
        self._overlay.finish()
        self._training.finish()
        self._releases.finish()
        self._requests.finish()
        self._withdrawals.finish()
        self._verify_sequences()

    def _take_run(self, leaf: Row, event: Event) -> None:
        run = event["run"]["runId"]
        row = self._recorded.runs.get(run)
        if row is None:
            self._report.problem("run", run, "no row", f"the run of entry {leaf['index']}")
            return
        self._verify_run(run, row, event)
        if event["eventType"] == "START":
            self._started[run] = leaf["index"]
            self._report.same("run", run, moment(row["started_at"]), event["eventTime"])
            return
        self._closed.add(run)
        self._verify_end(run, row, leaf, event)
        if event["eventType"] == "COMPLETE":
            self._verify_output(row, leaf, event)

    def _verify_run(self, run: str, row: Row, event: Event) -> None:
        """What every event of a run says of it."""
        facets = event["run"]["facets"]
        said = facets[TRANSFORMATION]
        form = {"name": said["name"], "code_version": said["codeVersion"], "parameters": said["parameters"]}
        self._report.same("run", run, row["dataset"], event["job"]["name"])
        self._report.same("run", run, row["transformation"], storable(form))
        parent = None
        if "parent" in facets:
            asking = facets["parent"]
            job = asking["job"]
            parent = {"namespace": job["namespace"], "job": job["name"], "run_id": asking["run"]["runId"]}
        self._report.same("run", run, row["parent"], parent)

    def _verify_end(self, run: str, row: Row, leaf: Row, event: Event) -> None:
        complete = event["eventType"] == "COMPLETE"
        output = event["outputs"][0]["facets"]
        checks = [
            {"name": item["assertion"], **{name: item.get(name) for name in _CHECK}}
            for item in output.get("dataQualityAssertions", {}).get("assertions", ())
        ]
        failed = any(not item["success"] and item["severity"] == "error" for item in checks)
        error = event["run"]["facets"].get("errorMessage", {}).get("message")
        expected = {
            "state": event["eventType"],
            "ledger_index": leaf["index"],
            "ended_at": leaf["recorded_at"],
            "version_id": output["version"]["datasetVersion"] if complete else None,
            "checks": storable(checks),
            "passed": not failed if complete else None,
            "error": storable(error),
        }
        if complete:
            used = _versions(event["inputs"]) or [output["version"]["datasetVersion"]]
            expected["memo_key"] = _memo_key(row["dataset"], row["transformation"], used)
        for column, value in expected.items():
            self._report.same("run", f"{run} {column}", row[column], value)

    def _verify_output(self, run: Row, leaf: Row, event: Event) -> None:
        output = event["outputs"][0]
        name = output["facets"]["version"]["datasetVersion"]
        recorded, report = self._recorded, self._report
        report.same("event", str(leaf["index"]), output["name"], run["dataset"])
        row = recorded.versions.get(name) or recorded.snapshots.get(name)
        if row is None:
            report.problem("version", name, "no row", f"the output of entry {leaf['index']}")
            return
        made_here = row["ledger_index"] == leaf["index"]
        if made_here:
            self._made.add(name)
            report.same("version", name, str(row["run_id"]), event["run"]["runId"])
        if name in recorded.versions:
            verify_version(recorded, name, event, report, made_here=made_here)
        else:
            verify_snapshot(recorded, name, event, report, made_here=made_here)
        if made_here and name in recorded.versions:
            report.same("version", name, recorded.inputs.get(name, set()), set(_versions(event["inputs"])))

    def _verify_sequences(self) -> None:
        """Versions of a dataset are numbered from 1 in the order of the ledger."""
        numbers: dict[str, list[tuple[int, int]]] = {}
        for row in self._recorded.versions.values():
            numbers.setdefault(row["dataset"], []).append((row["ledger_index"], row["sequence"]))
        for dataset, pairs in numbers.items():
            found = [sequence for _, sequence in sorted(pairs)]
            self._report.same("version", dataset, found, list(range(1, len(found) + 1)))


def _versions(datasets: Iterable[Mapping[str, Any]]) -> list[str]:
    return [item["facets"]["version"]["datasetVersion"] for item in datasets]


def _memo_key(dataset: str, transformation: Mapping[str, Any], inputs: Iterable[str]) -> str:
    form = {"dataset": dataset, "transformation": transformation, "inputs": sorted(set(inputs))}
    return hashlib.sha256(canonical(form)).hexdigest()
