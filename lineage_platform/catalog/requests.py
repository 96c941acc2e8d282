"""Rows of the register of requests. Callers hold the ledger's lock and append the event in the same transaction."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from lineage_platform.catalog.tables import request_steps, requests
from lineage_platform.model.requests import Request, Rule, State, Step, after


@dataclass(frozen=True)
class Standing:
    """Where a request stands: its state, the last day, the rule, and whether the time was extended already."""

    state: State
    received_at: datetime.date
    due: datetime.date
    rule: Rule
    extended: bool


def put(
    connection: Connection,
    request: Request,
    due: datetime.date,
    *,
    recorded_at: datetime.datetime,
    ledger_index: int,
) -> int:
    """Add a request; returns its number."""
    row = {
        "kind": request.kind,
        "jurisdiction": request.jurisdiction,
        "received_at": request.received_at,
        "due": due,
        "rule": request.rule.stored(),
        "subject": request.subject,
        "subject_key": request.subject_key,
        "name": request.name,
        "about": request.about,
        "author": request.author,
        "recorded_at": recorded_at,
        "ledger_index": ledger_index,
    }
    return int(connection.scalars(insert(requests).returning(requests.c.id), [row]).one())


def put_step(
    connection: Connection,
    request: int,
    step: Step,
    due: datetime.date | None,
    *,
    recorded_at: datetime.datetime,
    ledger_index: int,
) -> int:
    """Add a step of a request; returns the step's number."""
    row = {
        "request": request,
        "action": step.action,
        "author": step.author,
        "note": step.note,
        "withdrawal": step.withdrawal,
        "due": due,
        "recorded_at": recorded_at,
        "ledger_index": ledger_index,
    }
    return int(connection.scalars(insert(request_steps).returning(request_steps.c.id), [row]).one())


def standing(connection: Connection, request: int) -> Standing | None:
    """Where a request stands now; None where there is none of that number."""
    row = connection.execute(select(requests).where(requests.c.id == request)).one_or_none()
    if row is None:
        return None
    state: State = "received"
    due, extended = row.due, False
    steps = select(request_steps.c.action, request_steps.c.due).where(request_steps.c.request == request)
    for action, later in connection.execute(steps.order_by(request_steps.c.id)):
        state = after(state, action) or state
        if later is not None:
            due, extended = later, True
    return Standing(state, row.received_at, due, Rule.of(row.rule), extended)


def newest(connection: Connection, count: int) -> Sequence[int]:
    """The requests that were entered last."""
    return connection.scalars(select(requests.c.id).order_by(requests.c.id.desc()).limit(count)).all()
