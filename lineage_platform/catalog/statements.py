"""Statements of terms: what is believed now, and how others are appended. Nothing is overwritten.

What is recorded about a terms number at once, its *pieces*, is disjoint in valid time and replaces what was believed before.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, bindparam, exists, func, insert, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger

from lineage_platform.catalog.forms import storable
from lineage_platform.catalog.tables import overlay, reinstatements, terms
from lineage_platform.model.terms import Terms, in_force


def of_numbers(connection: Connection, numbers: Iterable[int]) -> dict[int, Terms]:
    """The statement now in force for each terms number that has one."""
    return _in_force(connection, _any_of(numbers))


def pieces_of_numbers(
    connection: Connection, numbers: Iterable[int], day: datetime.date
) -> dict[int, tuple[Terms, ...]]:
    """All that is believed now about each terms number that has a statement: the piece in force on `day` first, then the
    others in order of time. The overlay is not laid over."""
    found = _pieces(connection, _any_of(numbers))
    return {number: in_force_first([_terms(row) for row in rows], day) for number, rows in found.items()}


def newest_entry(connection: Connection, source: str) -> int | None:
    """The ledger entry that last said something about the records of a source."""
    query = select(func.max(terms.c.ledger_index)).where(terms.c.source == source)
    return connection.scalar(query)


def of_source(connection: Connection, source: str) -> dict[int, Terms]:
    """The statements now in force about the records of a source, by terms number, the source's own first."""
    found = _in_force(connection, terms.c.source == source)
    return dict(
        sorted(found.items(), key=lambda item: (item[1].declared is not None, item[1].declared or ""))
    )


def news(
    connection: Connection, statements: Iterable[Terms], since: datetime.datetime | None = None
) -> list[Terms]:
    """The pieces of those numbers about which they say something else than what was recorded last.

    A number that was spoken about after `since` is left out: then what the caller says is the older.
    """
    by_number: dict[int, list[Terms]] = {}
    for item in statements:
        pieces = by_number.setdefault(item.number, [])
        if item not in pieces:
            pieces.append(item)
    known = _pieces(connection, _any_of(by_number))
    return [
        item
        for number, pieces in sorted(by_number.items())
        if number not in known
        or (
            [row.statement for row in known[number]]
            != [storable(piece.statement()) for piece in _in_time(pieces)]
            and (since is None or known[number][0].recorded_at <= since)
        )
        for item in _in_time(pieces)
    ]


def in_force_first(pieces: Sequence[Terms], day: datetime.date) -> tuple[Terms, ...]:
    """The pieces of one number as events list them: what holds on `day`, then the others in order of time."""
    now = in_force(pieces, day)
    return now, *(piece for piece in _in_time(pieces) if piece is not now)


def append(
    connection: Connection,
    statements: Collection[Terms],
    *,
    recorded_at: datetime.datetime,
    run_id: UUID,
    ledger_index: int,
) -> None:
    """Record statements as believed from `recorded_at` on."""
    if not statements:
        return
    rows = [
        {
            "number": item.number,
            "source": item.source,
            "declared": storable(item.declared),
            "statement": storable(item.statement()),
            "valid_from": _date(item.valid_from),
            "valid_to": _date(item.valid_to),
            "recorded_at": recorded_at,
            "run_id": run_id,
            "ledger_index": ledger_index,
        }
        for item in statements
    ]
    connection.execute(insert(terms), rows)


def _any_of(numbers: Iterable[int]) -> ColumnElement[bool]:
    return terms.c.number == func.any(bindparam("numbers", sorted(set(numbers)), type_=ARRAY(BigInteger)))


def _pieces(connection: Connection, condition: ColumnElement[bool]) -> dict[int, list[Any]]:
    """The rows recorded last about each number, in order of valid time."""
    last = func.max(terms.c.ledger_index).over(partition_by=terms.c.number).label("last")
    said = select(terms, last).where(condition).subquery()
    order = (said.c.number, said.c.valid_from.nulls_first())
    found: dict[int, list[Any]] = {}
    for row in connection.execute(select(said).where(said.c.ledger_index == said.c.last).order_by(*order)):
        found.setdefault(row.number, []).append(row)
    return found


def _in_time(pieces: Iterable[Terms]) -> list[Terms]:
    return sorted(pieces, key=lambda piece: piece.valid_from or "")


def _in_force(connection: Connection, condition: ColumnElement[bool]) -> dict[int, Terms]:
    found = _pieces(connection, condition)
    whole, single = _overlaid(connection, {rows[0].source for rows in found.values()}, found)
    today = datetime.datetime.now(datetime.UTC).date()
    replaced = {
        number: _foremost(single.get(number), whole.get(rows[0].source)) for number, rows in found.items()
    }
    return {
        number: in_force([_terms(row) for row in rows], today)
        if (over := replaced[number]) is None
        else _replaced(rows[0], over.statement)
        for number, rows in found.items()
    }


def _foremost(single: Any, whole: Any) -> Any:
    """Which row counts: a withdrawal before what only restates, else that of the terms number before that of the source."""
    if single is None or whole is None:
        return single or whole
    return whole if single.withdrawal is None and whole.withdrawal is not None else single


def _terms(row: Any) -> Terms:
    return Terms.from_statement(row.statement)


def _replaced(row: Any, statement: dict[str, Any]) -> Terms:
    """What the overlay says, about the records that the row is about."""
    about = ("source", "declared", "signalled", "parents", "derived_from")
    said = {name: value for name, value in statement.items() if name not in about}
    return Terms.from_statement(said | {name: row.statement[name] for name in about if name in row.statement})


def _overlaid(
    connection: Connection, sources: Collection[str], numbers: Collection[int]
) -> tuple[dict[str, Any], dict[int, Any]]:
    """Rows that replace the statements of whole sources, and of terms numbers, now; the last withdrawal stands, or else the last
    one recorded."""
    now = func.clock_timestamp()
    query = (
        select(overlay.c.source, overlay.c.terms, overlay.c.statement, overlay.c.withdrawal)
        .where(
            or_(overlay.c.source.in_(sources), overlay.c.terms.is_not(None)),
            overlay.c.valid_from <= now,
            (overlay.c.valid_to.is_(None)) | (overlay.c.valid_to > now),
            ~exists().where(reinstatements.c.overlay == overlay.c.id, reinstatements.c.effective <= now),
        )
        .order_by(overlay.c.withdrawal.is_not(None), overlay.c.recorded_at, overlay.c.id)
    )
    rows = connection.execute(query).all()
    return (
        {row.source: row for row in rows if row.source is not None},
        {row.terms: row for row in rows if row.terms in numbers},
    )


def _date(value: str | None) -> datetime.date | None:
    return None if value is None else datetime.date.fromisoformat(value)
