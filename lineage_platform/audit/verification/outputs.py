"""Rows of a snapshot or version against the event that says it was made or found again."""

from __future__ import annotations

import hashlib
from typing import Any

from lineage_platform.audit.verification.entries import Event, moment
from lineage_platform.audit.verification.recorded import Recorded
from lineage_platform.audit.verification.report import Report
from lineage_platform.catalog.forms import version_id
from lineage_platform.catalog.rows import shard_name
from lineage_platform.events.facets import MANIFEST, TRANSFORMATION
from lineage_platform.ledger.canonical import canonical
from lineage_platform.model.versions import SnapshotFile
from lineage_platform.transformations.reading.observation import snapshot_digest


def verify_snapshot(recorded: Recorded, name: str, event: Event, report: Report, *, made_here: bool) -> None:
    """Digest and sizes from the file list; what the event says of them."""
    row = recorded.snapshots[name]
    listed = recorded.snapshot_files.get(row["number"], [])
    files = [
        SnapshotFile(item["path"], item["bytes"], item["sha256"], item["first_ordinal"]) for item in listed
    ]
    report.same("snapshot", name, [item["position"] for item in listed], list(range(len(listed))))
    report.same("snapshot", name, snapshot_digest(files), row["digest"])
    firsts = [file.first_ordinal for file in files]
    report.same("snapshot", name, sorted(set(firsts)), firsts)
    size = sum(file.bytes for file in files)
    report.same("snapshot", name, (row["files"], row["bytes"]), (len(files), size))
    said = event["outputs"][0]["outputFacets"]["outputStatistics"]
    report.same("snapshot", name, (len(files), size), (said["fileCount"], said["size"]))
    report.same("snapshot", name, event["job"]["name"], f"source/{row['source']}")
    if made_here:
        report.same("snapshot", name, moment(row["observed_at"]), event["eventTime"])
        declared = hashlib.sha256(canonical(row["definition"])).hexdigest()
        parameters = event["run"]["facets"][TRANSFORMATION]["parameters"]
        report.same("snapshot", name, declared, parameters["definition"])


def verify_version(recorded: Recorded, name: str, event: Event, report: Report, *, made_here: bool) -> None:
    """Names, digests and counts of a version."""
    row = recorded.versions[name]
    files = recorded.files.get(name, [])
    output = event["outputs"][0]
    said = output["outputFacets"][MANIFEST]
    size = sum(file.bytes for file in files)
    memo = recorded.runs[str(row["run_id"])]["memo_key"]
    report.same("version", name, name, version_id(row["dataset"], row["content_digest"], memo))
    report.same("version", name, row["dataset"], event["job"]["name"])
    report.same("version", name, row["content_digest"], said["contentDigest"])
    report.same("version", name, row["manifest_sha256"], said["sha256"])
    report.same("version", name, hashlib.sha256(recorded.manifest(name)).hexdigest(), said["sha256"])
    report.same("version", name, (len(files), size), (said["files"], said["bytes"]))
    if made_here:
        report.same("version", name, moment(row["committed_at"]), event["eventTime"])
        _verify_statistics(recorded, name, event, report)


def _verify_statistics(recorded: Recorded, name: str, event: Event, report: Report) -> None:
    form: dict[str, Any] = recorded.versions[name]["statistics"]
    said = event["run"]["facets"][TRANSFORMATION]["records"]
    size = event["outputs"][0]["outputFacets"]["outputStatistics"]
    by_terms = recorded.version_terms.get(name, {})
    claims = {
        "records_in": (form["records_in"], said["in"]),
        "kept": (form["kept"], said["kept"]),
        "edited": (form["edited"], said["edited"]),
        "dropped": (form["dropped"], said["dropped"]),
        "by_reason": (form["by_reason"], said["byReason"]),
        "documents": (form["documents"], size["rowCount"]),
        "bytes": (form["bytes"], size["size"]),
        "tokens": (form["tokens"], sum(tokens for _, tokens in by_terms.values())),
    }
    rows = recorded.shards.get(name, [])
    names = [shard_name(row["shard"]) for row in rows]
    claims["names of shards"] = ([row["name"] for row in rows], names)
    for what, (got, expected) in claims.items():
        report.same("version", f"{name} {what}", got, expected)
