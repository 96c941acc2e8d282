"""Statements of terms: what is believed now, and how another one is appended. Nothing is overwritten."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, bindparam, exists, func, insert, select
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.types import BigInteger

from lineage_platform.catalog.forms import storable
from lineage_platform.catalog.tables import overlay, reinstatements, terms
from lineage_platform.model.terms import Terms


def of_numbers(connection: Connection, numbers: Iterable[int]) -> dict[int, Terms]:
    """The statement now in force for each terms number that has one."""
    wanted = bindparam("numbers", sorted(set(numbers)), type_=ARRAY(BigInteger))
    return _in_force(connection, terms.c.number == func.any(wanted))


def of_source(connection: Connection, source: str) -> dict[int, Terms]:
    """The statements now in force about the records of a source, by terms number, the source's own first."""
    found = _in_force(connection, terms.c.source == source)
    return dict(
        sorted(found.items(), key=lambda item: (item[1].declared is not None, item[1].declared or ""))
    )


def news(
    connection: Connection, statements: Iterable[Terms], since: datetime.datetime | None = None
) -> list[Terms]:
    """Those statements that say something else than the newest recorded about their number.

    A number that was spoken about after `since` is left out: then the caller's statement is the older one.
    """
    by_number = {item.number: item for item in statements}
    wanted = bindparam("numbers", list(by_number), type_=ARRAY(BigInteger))
    known = {row.number: row for row in connection.execute(_newest(terms.c.number == func.any(wanted)))}
    return [
        item
        for number, item in sorted(by_number.items())
        if number not in known
        or (
            known[number].statement != storable(item.statement())
            and (since is None or known[number].recorded_at <= since)
        )
    ]


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


def _newest(condition: ColumnElement[bool]) -> Any:
    columns = (terms.c.number, terms.c.source, terms.c.declared, terms.c.statement, terms.c.recorded_at)
    order = (terms.c.number, terms.c.recorded_at.desc(), terms.c.id.desc())
    return select(*columns).where(condition).ext(distinct_on(terms.c.number)).order_by(*order)


def _in_force(connection: Connection, condition: ColumnElement[bool]) -> dict[int, Terms]:
    rows = connection.execute(_newest(condition)).all()
    replaced = _overlaid(connection, {row.source for row in rows})
    return {
        row.number: Terms.from_statement(
            {
                **replaced.get(row.source, row.statement),
                "source": row.statement["source"],
                "declared": row.statement["declared"],
            }
        )
        for row in rows
    }


def _overlaid(connection: Connection, sources: Collection[str]) -> dict[str, dict[str, Any]]:
    """Statements that replace those of whole sources now; the last one recorded stands."""
    now = func.clock_timestamp()
    query = (
        select(overlay.c.source, overlay.c.statement)
        .where(
            overlay.c.source.in_(sources),
            overlay.c.valid_from <= now,
            (overlay.c.valid_to.is_(None)) | (overlay.c.valid_to > now),
            ~exists().where(reinstatements.c.overlay == overlay.c.id, reinstatements.c.effective <= now),
        )
        .order_by(overlay.c.recorded_at, overlay.c.id)
    )
    return {row.source: row.statement for row in connection.execute(query)}


def _date(value: str | None) -> datetime.date | None:
    return None if value is None else datetime.date.fromisoformat(value)
