"""The way of a release: every version upstream with the event that made it, back to the sources."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from lineage_platform.audit.verification.report import Report
from lineage_platform.catalog.forms import storable
from lineage_platform.events.facets import MANIFEST, TERMS, TRAINING, TRANSFORMATION
from lineage_platform.ledger.canonical import canonical

Event = Mapping[str, Any]


def made_by(events: Mapping[int, Event]) -> dict[str, tuple[int, Event]]:
    """The first event that made each version or snapshot, with the index of its entry."""
    found: dict[str, tuple[int, Event]] = {}
    for index, event in sorted(events.items()):
        if event.get("eventType") == "COMPLETE" and TRAINING not in event["run"]["facets"]:
            found.setdefault(version_in(event["outputs"][0]), (index, event))
    return found


def holder_of(event: Event) -> Mapping[str, Any]:
    """The dataset that an event is about: of a run its output."""
    holder: Mapping[str, Any] = event["dataset"] if "dataset" in event else event["outputs"][0]
    return holder


def version_in(dataset: Mapping[str, Any]) -> str:
    """The version that an event names of a dataset."""
    version: str = dataset["facets"]["version"]["datasetVersion"]
    return version


def terms_of(event: Event) -> dict[int, tuple[int, int]]:
    """Documents and tokens by terms number, as far as an event lists them."""
    listed = event["outputs"][0]["facets"].get(TERMS, {}).get("terms", ())
    return {int(item["terms"]): (item["documents"], item["tokens"]) for item in listed}


def check_way(release: str, made: Mapping[str, tuple[int, Event]], report: Report) -> None:
    """Every version that anything was made of is there, and named after its content and its inputs."""
    met: set[str] = set()
    ahead = [release]
    while ahead:
        name = ahead.pop()
        if name in met:
            continue
        met.add(name)
        if name not in made:
            report.problem("version", name, "no event", "the event that made it")
            continue
        with report.reading("version", name):
            event = made[name][1]
            inputs = [version_in(item) for item in event["inputs"]]
            _check_id(name, event, inputs, report)
            report.count("versions")
            ahead += inputs


def _check_id(name: str, event: Event, inputs: list[str], report: Report) -> None:
    output = event["outputs"][0]
    report.same("version", name, output["name"], name.rpartition("@")[0])
    report.same("version", name, event["job"]["name"], output["name"])
    facet = output["outputFacets"].get(MANIFEST)
    if facet is None:  # a snapshot is named by the digest of what was read
        report.same("version", name, output["name"].startswith("source/"), True)
        return
    said = event["run"]["facets"][TRANSFORMATION]
    form = {
        "dataset": output["name"],
        "transformation": storable(
            {"name": said["name"], "code_version": said["codeVersion"], "parameters": said["parameters"]}
        ),
        "inputs": sorted(set(inputs)),
    }
    memo = hashlib.sha256(canonical(form)).hexdigest()
    digest = hashlib.sha256(f"{facet['contentDigest']} {memo}".encode()).hexdigest()[:16]
    report.same("version", name, f"{output['name']}@{digest}", name)
