"""Events such as our runs emit, from real values of the model; and the sets of schemas at hand to judge them."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import lineage_platform.events
from lineage_platform.events.arguments import EventDataset, Manifest, Size
from lineage_platform.events.build import dataset_event, run_event
from lineage_platform.events.columns import column_lineage
from lineage_platform.events.facets import (
    OVERLAY,
    REINSTATEMENT,
    REQUEST,
    REQUEST_STEP,
    overlay_facet,
    reinstatement_facet,
)
from lineage_platform.events.requests import request_facet, step_facet
from lineage_platform.events.training import training_event
from lineage_platform.events.validation import Schemas, bundled
from lineage_platform.model import tables
from lineage_platform.model.definitions import RecordFields
from lineage_platform.model.overlay import Cover
from lineage_platform.model.requests import Period, Request, Rule, Step
from lineage_platform.model.terms import Evidence, Particulars, Scope, Terms
from lineage_platform.model.training import TrainingRun
from lineage_platform.model.versions import CheckResult, ParentRun, Statistics, Transformation

TIME = datetime(2026, 11, 22, 7, 30, 0, 123456, tzinfo=UTC)
RUN = "0198f6a2-1c7e-7c3b-9d5e-6a1f0e2b3c4d"
PARENT = ParentRun("dagster", "materialize", "5f0c8a44-6a6e-4f0e-9f0a-3f1c2b7d9e10")
NAMESPACE = "lineage://deployment"

OWN = Terms(
    source="alpaca",
    declared=None,
    licence="CC-BY-NC-4.0",
    licence_status="resolved",
    licence_note="",
    consent_basis="not-personal-data",
    consent_iri="https://w3id.org/dpv#NonPersonalData",
    personal_data="none",
)
DECLARED = Terms(
    source="alpaca",
    declared="自定义 licence",
    licence="NOASSERTION",
    licence_status="unknown",
    licence_note="no licence of that name",
    consent_basis="gdpr:6-1-a",
    consent_iri="https://w3id.org/dpv/legal/eu/gdpr#A6-1-a",
    personal_data="personal",
    scope=Scope(fields=("text",), regions=("EU", "CN"), uses=("training",), grantees=("example",)),
    evidence=Evidence("terms/consent.md", "ab" * 32),
    valid_from="2026-01-01",
    valid_to="2027-01-01",
    particulars=Particulars(
        found_at="https://example.org/licence",
        rightsholders=("a publisher",),
        copyright_basis=(("CN", "licence"), ("JP", "exception:30-4")),
        consent_bases=(("CN", "pipl:13-1"), ("EU", "gdpr:6-1-a")),
        consent_records=("https://example.org/consents/1",),
        consent_status="given",
        separate_consent=("sensitive", "abroad"),
        personal_categories=("names",),
        minors="no",
        anonymisation="deidentified",
        important_data="general",
        duties=("attribution", "revenue-share"),
        embargo_until="2026-06-01",
        embargo_then="review",
        transfer="standard-contract",
        generators=("a model",),
        generator_terms="LicenseRef-model-terms",
        opt_out="y",
        kind="licensed",
        collected_lawfully="yes",
        basis="attested",
        author="legal@example.org",
        stated_at="2026-01-02",
    ),
)
MANIFEST = Manifest("0f" * 32, "objects/0f/0f0f", 3, 4096, "cd" * 32)
RECORD = RecordFields(text="{title}\n{body}", id="id", licence="license", language="lang", subject="email")
STEP = Transformation("read-documents", "1", {"minhash": None, "weights": [0.5, 2], "nested": {"none": None}})
COUNTS = Statistics(
    records_in=10,
    kept=6,
    edited=2,
    dropped=2,
    by_reason={"redacted": 2, "malformed-record": 2},
    by_terms={OWN.number: (5, 0), DECLARED.number: (3, 0)},
    documents=8,
    bytes=1234,
)
CHECKS = (
    CheckResult("keys increase", True, "error", "greater than the one before", "all 8 rows", "document"),
    CheckResult("licence is resolved", False, "warn", "resolved", "1 of 2 rows are not"),
)
SNAPSHOT = EventDataset("source/alpaca", "source/alpaca@0123456789abcdef", size=Size(None, 999, 2))


def documents() -> EventDataset:
    return EventDataset(
        name="documents/alpaca",
        version="documents/alpaca@0123456789abcdef",
        description="Documents of Alpaca",
        owner="data-governance@example.org",
        fields=tables.DOCUMENTS,
        statistics=COUNTS,
        column_lineage=column_lineage("documents/alpaca", ["source/alpaca"], tables.DOCUMENTS, RECORD),
        checks=CHECKS,
        terms=[((OWN,), 5, 0), ((DECLARED,), 3, 0)],
        manifest=MANIFEST,
    )


def start() -> dict[str, Any]:
    return run_event(
        "START",
        run_id=RUN,
        time=TIME,
        namespace=NAMESPACE,
        job="documents/alpaca",
        parent=PARENT,
        inputs=[SNAPSHOT],
        outputs=[EventDataset("documents/alpaca")],
        transformation=STEP,
        owner="data-governance@example.org",
        description="Reads, normalises and redacts",
    )


def complete() -> dict[str, Any]:
    return run_event(
        "COMPLETE",
        run_id=RUN,
        time=TIME,
        namespace=NAMESPACE,
        job="documents/alpaca",
        parent=PARENT,
        inputs=[SNAPSHOT],
        outputs=[documents()],
        transformation=STEP,
    )


def downstream() -> dict[str, Any]:
    """A run over several inputs with checks, whose output is a table of another schema."""
    schema = tables.annotations_schema(((5, 14, 8),))
    made = EventDataset(
        "annotations/alpaca",
        "annotations/alpaca@1",
        fields=schema,
        statistics=COUNTS,
        column_lineage=column_lineage("annotations/alpaca", ["documents/alpaca"], schema),
        manifest=MANIFEST,
    )
    return run_event(
        "COMPLETE",
        run_id=RUN,
        time=TIME,
        namespace=NAMESPACE,
        job="annotations/alpaca",
        inputs=[documents()],
        outputs=[made],
        transformation=Transformation("annotate", "1", {}),
    )


def failed() -> dict[str, Any]:
    return run_event(
        "FAIL", run_id=RUN, time=TIME, namespace=NAMESPACE, job="documents/alpaca", error="disk full"
    )


def aborted() -> dict[str, Any]:
    return run_event("ABORT", run_id=RUN, time=TIME, namespace=NAMESPACE, job="documents/alpaca")


def terms_changed() -> dict[str, Any]:
    stated = EventDataset(
        "source/alpaca",
        owner="data-governance@example.org",
        terms=[((OWN,), None, None), ((DECLARED,), None, None)],
    )
    return dataset_event(time=TIME, namespace=NAMESPACE, dataset=stated)


def restated() -> dict[str, Any]:
    said = {"reason": "asked for", "author": "me", "valid_from": TIME, "valid_to": TIME + timedelta(days=1)}
    covers = {
        1: Cover(source="alpaca"),
        2: Cover(keys=(1 << 36, (1 << 36) + 7)),
        3: Cover(document=1 << 62),
        4: Cover(subject=bytes(32)),
        5: Cover(subject=bytes(32), subject_key="0" * 16, subject_earlier=(bytes(32),)),
    }
    facet = overlay_facet(covers, DECLARED.statement(), **said)
    return dataset_event(
        time=TIME, namespace=NAMESPACE, dataset=EventDataset("overlay"), facets={OVERLAY: facet}
    )


def reinstated() -> dict[str, Any]:
    facet = reinstatement_facet([1, 17], reason="settled", author="me", effective=TIME)
    return dataset_event(
        time=TIME, namespace=NAMESPACE, dataset=EventDataset("overlay"), facets={REINSTATEMENT: facet}
    )


def trained() -> dict[str, Any]:
    run = TrainingRun(
        release="demo/release@0123456789abcdef",
        model="org/small",
        model_version="1.0",
        job="nightly",
        uri="s3://models/small",
        sha256="ab" * 32,
        author="me",
    )
    return training_event(
        run, run_id=RUN, time=TIME, ended_at=TIME, namespace=NAMESPACE, dataset="demo/release"
    )


def request_received() -> dict[str, Any]:
    rule = Rule("GDPR", "art. 12(3)", Period(months=1), Period(months=2), 14, None)
    asked = Request("erasure", "EU", TIME.date(), rule, "dpo", subject=bytes(32), subject_key="0" * 16)
    facets = {REQUEST: request_facet(7, asked, TIME.date())}
    return dataset_event(time=TIME, namespace=NAMESPACE, dataset=EventDataset("requests"), facets=facets)


def request_extended() -> dict[str, Any]:
    facets = {REQUEST_STEP: step_facet(9, 7, Step("extend", "dpo", "many of them"), TIME.date())}
    return dataset_event(time=TIME, namespace=NAMESPACE, dataset=EventDataset("requests"), facets=facets)


EVENTS = {
    "start": start(),
    "complete": complete(),
    "downstream": downstream(),
    "failed": failed(),
    "aborted": aborted(),
    "terms": terms_changed(),
    "request": request_received(),
    "request step": request_extended(),
    "restated": restated(),
    "reinstated": reinstated(),
    "trained": trained(),
}


def schema_sets() -> dict[str, Schemas]:
    """Our transcription; and the published schemas, where LINEAGE_OPENLINEAGE_SPEC names a checkout's `spec` folder."""
    sets = {"bundled": bundled()}
    published = os.environ.get("LINEAGE_OPENLINEAGE_SPEC")
    if published:
        own = Path(lineage_platform.events.__file__).parent / "schemas" / "lineage-platform"
        sets["published"] = Schemas.load(Path(published), own)
    return sets


SCHEMA_SETS = schema_sets()
