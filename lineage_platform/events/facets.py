"""Our own facets: names, schema addresses, content. Versioned; their JSON Schemas stand in `schemas/lineage-platform`.

They are plain dicts, not client classes: the client drops nulls when it serialises, and a statement of terms or the
parameters of a transformation must come back from the ledger exactly as they were.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

import rfc8785

from lineage_platform.events.arguments import Manifest, TermsCount
from lineage_platform.model.overlay import Cover
from lineage_platform.model.releases import StateChange
from lineage_platform.model.training import TrainingRun
from lineage_platform.model.versions import Statistics, Transformation

BASE_URL = "https://lineage-platform.example"
"""Identifies us in events. The domain is reserved (RFC 2606): nothing is ever fetched from it."""

PRODUCER = f"{BASE_URL}/producer/{metadata.version('lineage-platform')}"

TERMS = "lineagePlatform_terms"
TRANSFORMATION = "lineagePlatform_transformation"
MANIFEST = "lineagePlatform_manifest"
OVERLAY = "lineagePlatform_overlay"
REINSTATEMENT = "lineagePlatform_reinstatement"
TRAINING = "lineagePlatform_training"
RELEASE_STATE = "lineagePlatform_releaseState"
REQUEST = "lineagePlatform_request"
REQUEST_STEP = "lineagePlatform_requestStep"
WITHDRAWAL = "lineagePlatform_withdrawal"

KINDS = {
    TERMS: "TERMS",
    WITHDRAWAL: "WITHDRAWAL",  # with OVERLAY beside it
    OVERLAY: "OVERLAY",
    REINSTATEMENT: "REINSTATEMENT",
    RELEASE_STATE: "RELEASE",
    REQUEST: "REQUEST",
    REQUEST_STEP: "REQUEST-STEP",
}
"""Kind of the ledger entry of a dataset event, by the facet that says what changed."""

MAX_TERMS = 1000
"""Statements that one event lists; the rest is counted, and the whole list is bound by a digest."""

Facet = dict[str, Any]


def schema_url(name: str, version: str = "1-0-0") -> str:
    """Where the schema of one of our facets says it is."""
    return f"{BASE_URL}/spec/facets/{version}/{name}.json#/$defs/{name}"


def by_documents(terms: Sequence[TermsCount]) -> list[TermsCount]:
    """Most documents first; equal ones by terms number."""
    return sorted(terms, key=lambda entry: (-(entry[1] or 0), entry[0][0].number))


def terms_facet(terms: Sequence[TermsCount]) -> Facet:
    """Statements by documents, most first, at most `MAX_TERMS`; `digest` is SHA-256 over the RFC 8785 form of the whole
    list in that order. `statement` is in force at the time of the event, `others` hold on other days."""
    ordered = [
        {
            "terms": str(first.number),
            "documents": documents,
            "tokens": tokens,
            "statement": first.statement(),
            **({"others": [item.statement() for item in others]} if others else {}),
        }
        for (first, *others), documents, tokens in by_documents(terms)
    ]
    return {
        **_base("TermsDatasetFacet"),
        "count": len(ordered),
        "omitted": max(0, len(ordered) - MAX_TERMS),
        "digest": hashlib.sha256(rfc8785.dumps(ordered)).hexdigest(),
        "terms": ordered[:MAX_TERMS],
    }


def transformation_facet(transformation: Transformation, statistics: Statistics | None) -> Facet:
    """The step with its code version and parameters; once it is done, what became of the records."""
    facet = {
        **_base("TransformationRunFacet"),
        "name": transformation.name,
        "codeVersion": transformation.code_version,
        "parameters": json.loads(json.dumps(dict(transformation.parameters))),
    }
    if statistics is not None:
        facet["records"] = {
            "in": statistics.records_in,
            "kept": statistics.kept,
            "edited": statistics.edited,
            "dropped": statistics.dropped,
            "byReason": dict(statistics.by_reason),
        }
    return facet


def manifest_facet(manifest: Manifest) -> Facet:
    """Digest and address of the version's file list, never the list itself."""
    return {
        **_base("ManifestOutputDatasetFacet"),
        "sha256": manifest.sha256,
        "address": manifest.address,
        "files": manifest.files,
        "bytes": manifest.bytes,
        "contentDigest": manifest.content_digest,
    }


def overlay_facet(
    rows: Mapping[int, Cover],
    statement: Mapping[str, Any],
    *,
    reason: str,
    author: str,
    valid_from: datetime,
    valid_to: datetime | None,
) -> Facet:
    """Terms that replace those of what the new rows of the overlay cover, by the rows' numbers."""
    return {
        **_base("OverlayDatasetFacet"),
        "reason": reason,
        "author": author,
        "validFrom": timestamp(valid_from),
        "validTo": None if valid_to is None else timestamp(valid_to),
        "statement": dict(statement),
        "covers": [{"overlay": str(number), **cover.stated()} for number, cover in rows.items()],
    }


def reinstatement_facet(rows: Sequence[int], *, reason: str, author: str, effective: datetime) -> Facet:
    """Rows of the overlay that no longer count, from `effective` on."""
    return {
        **_base("ReinstatementDatasetFacet"),
        "overlays": [str(number) for number in rows],
        "reason": reason,
        "author": author,
        "effective": timestamp(effective),
    }


def training_facet(run: TrainingRun, ended_at: datetime) -> Facet:
    """The release that a training run read and the model it gave."""
    return {
        **_base("TrainingRunFacet"),
        "release": run.release,
        "model": run.model,
        "modelVersion": run.model_version,
        "endedAt": timestamp(ended_at),
        "details": run.details,
    }


def release_state_facet(change: StateChange, reason: str) -> Facet:
    """What a release is from now on, and the verdicts that it was judged by again."""
    return {
        **_base("ReleaseStateDatasetFacet"),
        "state": change.state,
        "reason": reason,
        "day": change.day.isoformat(),
        "verdicts": [judged.stored() for judged in change.verdicts],
    }


def timestamp(time: datetime) -> str:
    """A point in time as events write it. Raises ValueError for one without a zone."""
    if time.tzinfo is None:
        raise ValueError(f"event time: got {time.isoformat()} without a zone, expected one with")
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _base(name: str) -> Facet:
    return {"_producer": PRODUCER, "_schemaURL": schema_url(name)}
