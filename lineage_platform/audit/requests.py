"""The register of requests: what was asked, by when it has to be answered, and what was done."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from lineage_platform.audit.answers import Answer
from lineage_platform.catalog.forms import rfc3339
from lineage_platform.catalog.rows import RequestRow, RequestStepRow
from lineage_platform.errors import InvalidInput, NotFound
from lineage_platform.model.requests import OPEN, State, after


class Register(Protocol):
    """Every request, oldest first; a moment at which to read them."""

    def snapshot(self) -> AbstractContextManager[None]: ...  # noqa: D102 - see catalog.session
    def requests(self) -> list[RequestRow]: ...  # noqa: D102 - see catalog.registers


@dataclass(frozen=True)
class StepTaken:
    """What was done about a request; `due` is the last day from then on, where that changed."""

    action: str
    author: str
    note: str
    withdrawal: str | None
    due: str | None
    recorded_at: str
    ledger_index: int


@dataclass(frozen=True)
class RequestAnswer(Answer):
    """One request: `lineage request show`. Days are counted to `due`; a negative number of them has gone by since."""

    request: str
    kind: str
    jurisdiction: str
    state: State
    overdue: bool
    received_at: str
    due: str
    days_left: int | None
    law: str
    article: str
    subject: str | None
    subject_key: str | None
    name: str | None
    about: str
    author: str
    withdrawal: str | None
    recorded_at: str
    ledger_index: int
    steps: tuple[StepTaken, ...]

    def rows(self) -> list[dict[str, Any]]:
        """One row a step, the receipt first."""
        came = {"action": "open", "author": self.author, "note": self.about, "withdrawal": None, "due": None}
        return [
            {**came, "recorded_at": self.recorded_at},
            *(
                {
                    "action": step.action,
                    "author": step.author,
                    "note": step.note,
                    "withdrawal": step.withdrawal,
                    "due": step.due,
                    "recorded_at": step.recorded_at,
                }
                for step in self.steps
            ),
        ]

    @property
    def line(self) -> dict[str, Any]:
        """The request in a list."""
        return {
            "request": self.request,
            "state": self.state,
            "overdue": self.overdue,
            "due": self.due,
            "days_left": self.days_left,
            "kind": self.kind,
            "jurisdiction": self.jurisdiction,
            "law": f"{self.law} {self.article}".strip() or None,
            "asked_by": self.name or f"subject {self.subject}",
            "received_at": self.received_at,
            "withdrawal": self.withdrawal,
        }


@dataclass(frozen=True)
class RequestList(Answer):
    """The register: `lineage request list`; overdue ones first, then open ones by their last day, then the rest, newest first."""

    day: str
    overdue: int
    open: int
    requests: tuple[RequestAnswer, ...]

    def rows(self) -> list[dict[str, Any]]:
        """One row a request."""
        return [item.line for item in self.requests]


def list_requests(register: Register, today: date, subjects: Collection[bytes] | None = None) -> RequestList:
    """The register as it stands; with `subjects` what one person asked, by their hashes."""
    with register.snapshot():
        rows = register.requests()
    found = [_answer(row, today) for row in rows if subjects is None or row.subject in subjects]
    return RequestList(
        day=today.isoformat(),
        overdue=sum(item.overdue for item in found),
        open=sum(item.state in OPEN for item in found),
        requests=tuple(sorted(found, key=_order)),
    )


def show_request(register: Register, request: str, today: date) -> RequestAnswer:
    """One request by its number. Raises InvalidInput, NotFound."""
    known = {item.request: item for item in list_requests(register, today).requests}
    if not request.isascii() or not request.isdigit():
        raise InvalidInput(
            f"request: got {request!r}, expected the number of one; `lineage request list` lists them"
        )
    if (found := known.get(str(int(request)))) is None:
        raise NotFound("request", request, known)
    return found


def _order(item: RequestAnswer) -> tuple[bool, str, int]:
    """Whatever is open goes by its last day, so that the overdue ones stand first."""
    is_open = item.state in OPEN
    number = int(item.request)
    return not is_open, item.due if is_open else "", number if is_open else -number


def _answer(row: RequestRow, today: date) -> RequestAnswer:
    state: State = "received"
    for step in row.steps:
        state = after(state, step.action) or state
    due = next((step.due for step in reversed(row.steps) if step.due is not None), row.due)
    left = (due - today).days if state in OPEN else None
    return RequestAnswer(
        request=str(row.id),
        kind=row.kind,
        jurisdiction=row.jurisdiction,
        state=state,
        overdue=left is not None and left < 0,
        received_at=row.received_at.isoformat(),
        due=due.isoformat(),
        days_left=left,
        law=row.rule["law"],
        article=row.rule["article"],
        subject=None if row.subject is None else row.subject.hex(),
        subject_key=row.subject_key,
        name=row.name,
        about=row.about,
        author=row.author,
        withdrawal=next((step.withdrawal for step in reversed(row.steps) if step.withdrawal), None),
        recorded_at=rfc3339(row.recorded_at),
        ledger_index=row.ledger_index,
        steps=tuple(map(_taken, row.steps)),
    )


def _taken(step: RequestStepRow) -> StepTaken:
    return StepTaken(
        action=step.action,
        author=step.author,
        note=step.note,
        withdrawal=step.withdrawal,
        due=None if step.due is None else step.due.isoformat(),
        recorded_at=rfc3339(step.recorded_at),
        ledger_index=step.ledger_index,
    )
