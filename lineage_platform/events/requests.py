"""Facets of the register of requests."""

from __future__ import annotations

from datetime import date

from lineage_platform.events.facets import PRODUCER, Facet, schema_url
from lineage_platform.model.requests import Request, Step


def request_facet(number: int, request: Request, due: date) -> Facet:
    """A request that came in; who asks is a keyed hash, or a name that is no natural person's."""
    return {
        **_base("RequestDatasetFacet"),
        "request": str(number),
        "kind": request.kind,
        "jurisdiction": request.jurisdiction,
        "receivedAt": request.received_at.isoformat(),
        "due": due.isoformat(),
        "rule": request.rule.stored(),
        "subject": None if request.subject is None else request.subject.hex(),
        "subjectKey": request.subject_key,
        "name": request.name,
        "about": request.about,
        "author": request.author,
    }


def step_facet(number: int, request: int, step: Step, due: date | None) -> Facet:
    """What was done about a request; `due` is the last day from then on, where that changed."""
    return {
        **_base("RequestStepDatasetFacet"),
        "step": str(number),
        "request": str(request),
        "action": step.action,
        "author": step.author,
        "note": step.note,
        "withdrawal": step.withdrawal,
        "due": None if due is None else due.isoformat(),
    }


def _base(name: str) -> Facet:
    return {"_producer": PRODUCER, "_schemaURL": schema_url(name)}
