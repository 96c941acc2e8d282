"""The release of a bundle: its files against the event that names them, and its decisions made again."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from lineage_platform.audit.bundle.form import decoded
from lineage_platform.audit.bundle.told import Told
from lineage_platform.audit.bundle.way import Event, terms_of
from lineage_platform.audit.verification.report import Report
from lineage_platform.events.facets import MANIFEST, RELEASE_STATE, TRANSFORMATION
from lineage_platform.ledger.canonical import canonical
from lineage_platform.model.releases import PolicyException, ReleaseSpec
from lineage_platform.policy.gate import gate
from lineage_platform.policy.policies import restore
from lineage_platform.policy.rollup import rollup
from lineage_platform.policy.ruling import Rule, Ruling
from lineage_platform.store.manifest import read_manifest

Files = Mapping[str, bytes]


def files_of(bundle: Mapping[str, Any], event: Event, report: Report) -> dict[str, bytes]:
    """The files of the release, by name; those that are not what the event's manifest lists are problems."""
    name, facet = bundle["release"], event["outputs"][0]["outputFacets"][MANIFEST]
    listing = decoded(bundle["manifest"])
    report.same("manifest", name, hashlib.sha256(listing).hexdigest(), facet["sha256"])
    dataset, content_digest, listed = read_manifest(listing)
    report.same("manifest", name, dataset, event["outputs"][0]["name"])
    report.same("content-digest", name, content_digest, facet["contentDigest"])
    found = {item: decoded(text) for item, text in bundle["files"].items()}
    report.same("manifest", name, sorted(found), sorted(file.name for file in listed))
    digests = {item: hashlib.sha256(data).hexdigest() for item, data in found.items()}
    for file in listed:
        report.same("file", file.name, digests.get(file.name), file.sha256)
    combined = hashlib.sha256(canonical(digests)).hexdigest()
    report.same("content-digest", name, combined, content_digest)
    report.count("files", len(found))
    return found


def check_state(bundle: Mapping[str, Any], event: Event, events: Sequence[Event], report: Report) -> None:
    """The state that the bundle names is that of the newest event about it."""
    assertions = event["outputs"][0]["facets"].get("dataQualityAssertions", {}).get("assertions", ())
    failed = any(not item["success"] and item["severity"] == "error" for item in assertions)
    state = "refused" if failed else "released"
    for other in events:
        facets = other.get("dataset", {}).get("facets", {})
        if RELEASE_STATE in facets and facets["version"]["datasetVersion"] == bundle["release"]:
            state = facets[RELEASE_STATE]["state"]
    report.same("release-state", bundle["release"], bundle["state"], state)


def check_decisions(
    bundle: Mapping[str, Any], event: Event, files: Files, told: Told, report: Report
) -> None:
    """The verdicts, from the policies and the statements; the statements, from the events that state them; the sums."""
    name = bundle["release"]
    kept, exceptions = _json(files["verdicts.json"]), _json(files["exceptions.json"])
    rules = [Rule.from_stored(item) for item in kept["rules"]]
    stated = event["run"]["facets"][TRANSFORMATION]["parameters"]
    asked = ("uses", "jurisdictions", "recipients", "regions", "operator", "policies", "day")
    report.same("verdict", name, {key: kept[key] for key in asked}, {key: stated[key] for key in asked})
    judged = {
        "rules": kept["rules"],
        "asked": kept["verdicts"]["asked"],
        "exceptions": list(exceptions.values()),
        "gate": kept["gate"],
        "attribution": files["ATTRIBUTION.md"].decode(),
    }
    report.same("verdict", name, hashlib.sha256(canonical(judged)).hexdigest(), stated["judged"])
    for rule in rules:
        report.count("statements")
        known = told.statement(rule.terms, rule.overlay)
        report.same("terms", _named(rule), rule.statement, known if known is not None else _SILENT)
    covered = told.partly_covered((rule.terms, rule.overlay) for rule in rules)
    listed = {source: list(map(str, numbers)) for source, numbers in covered.items()}
    report.same("bundle", "covered", bundle["covered"], listed)
    _judge_again(kept, rules, _json(files["policies.json"]), exceptions, report)
    rollups = _json(files["rollups.json"])
    again = rollup([(rule.statement, rule.documents, rule.tokens) for rule in rules])
    report.same("rollup", name, rollups["corpus"], again)
    _sum(kept["version"], rules, event, report)


def _judge_again(
    kept: Mapping[str, Any],
    rules: Sequence[Rule],
    stored: Mapping[str, Any],
    exceptions: Mapping[str, Any],
    report: Report,
) -> None:
    policies = restore(stored)
    if not report.same("policies", "policies.json", policies.digest, kept["policies"]):
        return
    report.same("policies", "policies.json", policies.stored(), stored)
    asked = ("uses", "jurisdictions", "recipients", "regions")
    uses, jurisdictions, recipients, regions = (tuple(kept[name]) for name in asked)
    spec = ReleaseSpec(uses, jurisdictions, recipients, regions)
    verdicts, ruling = gate(
        policies,
        rules,
        kept["corpus"],
        spec,
        date.fromisoformat(kept["day"]),
        kept["operator"],
        [PolicyException.from_stored(item) for item in exceptions.values()],
        quarantined=Ruling.from_stored(kept["gate"]).quarantined,
    )
    report.same("verdict", "verdicts.json", verdicts.stored(), kept["verdicts"])
    report.same("verdict", "verdicts.json", ruling.stored(), kept["gate"])
    report.count("verdicts", len(verdicts))


def _sum(version: str, rules: Sequence[Rule], event: Event, report: Report) -> None:
    """Documents and tokens by terms are those of the release's event."""
    found: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for rule in rules:
        found[rule.terms][0] += rule.documents
        found[rule.terms][1] += rule.tokens
    for number, counts in terms_of(event).items():
        report.same("terms", str(number), found.get(number, [0, 0]), list(counts))
    [read] = event["inputs"]
    report.same("version", version, read["facets"]["version"]["datasetVersion"], version)


def _named(rule: Rule) -> str:
    return str(rule.terms) if rule.overlay is None else f"{rule.terms} overlay/{rule.overlay}"


def _json(data: bytes) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(data)
    return value


_SILENT: Mapping[str, Any] = {"licence": "NOASSERTION", "licence_status": "unknown"}
