"""The register of requests: each request and each step in which it is worked is one row with one dataset event."""

from __future__ import annotations

from datetime import UTC, date
from typing import Any

from sqlalchemy import Connection

from lineage_platform.catalog import requests
from lineage_platform.catalog.forms import storable
from lineage_platform.catalog.ledger import Ledger
from lineage_platform.catalog.requests import Standing
from lineage_platform.errors import Conflict, InvalidInput, NotFound
from lineage_platform.events.arguments import EventDataset
from lineage_platform.events.build import dataset_event
from lineage_platform.events.facets import REQUEST, REQUEST_STEP
from lineage_platform.events.requests import request_facet, step_facet
from lineage_platform.model.requests import OPEN, PERSONAL, Request, Step, after
from lineage_platform.policy import deadlines
from lineage_platform.recording.backend import Backend

DATASET = "requests"
"""The dataset that the events are about."""

_HASH_BYTES = 32
_LONGEST = 2000
_LISTED = 100


def receive(connection: Connection, backend: Backend, request: Request) -> int:
    """Enter a request; returns its number.

    Raises InvalidInput for words or days that make no sense, or where a natural person is named by name.
    """
    _check_words(author=request.author)
    _check_lengths(about=request.about, author=request.author, name=request.name)
    _check_asker(request)
    ledger = Ledger(connection)
    today = ledger.time.astimezone(UTC).date()
    if request.received_at > today:
        raise InvalidInput(
            f"received: got {request.received_at}, expected a day that has begun, at most {today}"
        )
    _check_named(request)
    due = deadlines.due(request.received_at, request.rule)
    number = requests.put(connection, request, due, recorded_at=ledger.time, ledger_index=ledger.size)
    _state(ledger, backend, REQUEST, "REQUEST", request_facet(number, request, due))
    return number


def take_step(connection: Connection, backend: Backend, number: int, step: Step) -> None:
    """Record what was done about a request.

    Raises NotFound, InvalidInput for words that make no sense or an extension that law does not give, Conflict where the request
    is not in a state for it.
    """
    _check_words(author=step.author)
    _check_lengths(note=step.note, author=step.author, withdrawal=step.withdrawal)
    if step.action in ("refuse", "extend") and not step.note.strip():
        raise InvalidInput("reason: got nothing, expected why")
    ledger = Ledger(connection)
    standing = requests.standing(connection, number)
    if standing is None:
        raise NotFound("request", str(number), map(str, requests.newest(connection, _LISTED)))
    if after(standing.state, step.action) is None:
        raise Conflict(
            f"request {number}: it is {standing.state}, expected {_expected(step)}; nothing was recorded"
        )
    today = ledger.time.astimezone(UTC).date()
    due = _extended(number, standing, today) if step.action == "extend" else None
    entry = requests.put_step(
        connection, number, step, due, recorded_at=ledger.time, ledger_index=ledger.size
    )
    _state(ledger, backend, REQUEST_STEP, "REQUEST-STEP", step_facet(entry, number, step, due))


def _state(ledger: Ledger, backend: Backend, facet: str, kind: str, said: dict[str, Any]) -> None:
    event = dataset_event(
        time=ledger.time,
        namespace=ledger.namespace,
        dataset=EventDataset(DATASET),
        facets={facet: said},
    )
    ledger.append(kind, event, None)
    ledger.write(backend.key)


def _expected(step: Step) -> str:
    if step.action in ("refuse", "extend"):
        return f"one of {', '.join(OPEN)}"
    return next(state for state in OPEN if after(state, step.action) is not None)


def _extended(number: int, standing: Standing, today: date) -> date:
    """The new last day. GDPR art. 12(3): who asked is told of the extension, with reasons, within the first time."""
    rule = standing.rule
    later = deadlines.extended(standing.received_at, rule)
    if later is None or rule.within is None:
        said = f"{rule.law} {rule.article}" if rule.law else "no law here"
        raise InvalidInput(
            f"request {number}: {said} gives no extension; expected an answer by {standing.due}"
        )
    if standing.extended:
        raise Conflict(f"request {number}: it was extended already, to {standing.due}; nothing was recorded")
    if today > (first := deadlines.add(standing.received_at, rule.within)):
        raise InvalidInput(
            f"request {number}: got an extension on {today}, expected one by {first}: {rule.law} {rule.article} gives it to "
            "whoever says so within the first time"
        )
    return later


def _check_named(request: Request) -> None:
    named, rule = request.rule.named, request.rule
    if named is None:
        return
    if named < request.received_at:
        raise InvalidInput(
            f"due: got {named}, expected a day from {request.received_at} on, when it was received"
        )
    if rule.within is not None and named > (last := deadlines.add(request.received_at, rule.within)):
        raise InvalidInput(f"due: got {named}, expected at most {last}, by {rule.law} {rule.article}")


def _check_asker(request: Request) -> None:
    if (request.subject is None) == (request.name is None):
        raise InvalidInput(
            "who asks: expected exactly one of a subject, who is a natural person, and a name, which is no natural person's"
        )
    if request.subject is not None and len(request.subject) != _HASH_BYTES:
        raise InvalidInput(
            f"subject: got a hash of {len(request.subject)} bytes, expected {_HASH_BYTES} (HMAC-SHA256)"
        )
    if request.subject is None and request.kind in PERSONAL:
        raise InvalidInput(
            f"who asks: got a name, expected a subject: {request.kind} is a right of natural persons, who are kept as a "
            "keyed hash only"
        )
    if request.name is not None:
        _check_words(name=request.name)


def _check_words(**words: str) -> None:
    for name, said in words.items():
        if not said.strip():
            raise InvalidInput(f"{name}: got nothing, expected a name")


def _check_lengths(**words: str | None) -> None:
    for name, said in words.items():
        if said is not None and (len(said) > _LONGEST or storable(said) != said):
            raise InvalidInput(
                f"{name}: got {len(said)} characters, expected at most {_LONGEST}, none of them U+0000 or a lone surrogate"
            )
