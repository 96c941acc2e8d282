"""Rows of the overlay and their reinstatements. Callers hold the ledger's lock and append the event in the same transaction."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, exists, insert, select

from lineage_platform.catalog.tables import overlay, reinstatements, snapshots, terms
from lineage_platform.model.overlay import Cover


def lay(
    connection: Connection,
    covers: Sequence[Cover],
    statement: Mapping[str, Any],
    *,
    reason: str,
    author: str,
    valid_from: datetime.datetime,
    valid_to: datetime.datetime | None,
    recorded_at: datetime.datetime,
    ledger_index: int,
    withdrawal: int | None = None,
) -> list[int]:
    """Add a row for each cover, in that order; returns their numbers."""
    rows = [
        {
            "withdrawal": withdrawal,
            "source": cover.source,
            "terms": cover.terms,
            "key_from": cover.keys[0] if cover.keys else None,
            "key_to": cover.keys[1] if cover.keys else None,
            "document": cover.document,
            "subject": cover.subject,
            "subject_key": cover.subject_key,
            "subject_earlier": [hashed.hex() for hashed in cover.subject_earlier] or None,
            "statement": statement,
            "reason": reason,
            "author": author,
            "valid_from": valid_from,
            "valid_to": valid_to,
            "recorded_at": recorded_at,
            "ledger_index": ledger_index,
        }
        for cover in covers
    ]
    added = insert(overlay).returning(overlay.c.id, sort_by_parameter_order=True)
    return list(connection.scalars(added, rows))


def known(connection: Connection, numbers: Collection[int]) -> set[int]:
    """Those of `numbers` that are rows of the overlay."""
    return set(connection.scalars(select(overlay.c.id).where(overlay.c.id.in_(numbers))))


def newest(connection: Connection, count: int) -> list[int]:
    """The rows that were recorded last."""
    return list(connection.scalars(select(overlay.c.id).order_by(overlay.c.id.desc()).limit(count)))


def lifted(connection: Connection, numbers: Collection[int]) -> dict[int, tuple[str, datetime.datetime]]:
    """Author and time of recording of the reinstatements there are of `numbers`."""
    columns = reinstatements.c.overlay, reinstatements.c.author, reinstatements.c.recorded_at
    found = connection.execute(select(*columns).where(reinstatements.c.overlay.in_(numbers)))
    return {row.overlay: (row.author, row.recorded_at) for row in found}


def lift(
    connection: Connection,
    numbers: Collection[int],
    *,
    reason: str,
    author: str,
    effective: datetime.datetime,
    recorded_at: datetime.datetime,
    ledger_index: int,
) -> None:
    """Record that rows of the overlay no longer count from `effective` on."""
    rows = [
        {
            "overlay": number,
            "reason": reason,
            "author": author,
            "effective": effective,
            "recorded_at": recorded_at,
            "ledger_index": ledger_index,
        }
        for number in numbers
    ]
    connection.execute(insert(reinstatements), rows)


def sources(connection: Connection) -> set[str]:
    """Sources that were observed, or that terms were stated about."""
    stated = select(terms.c.source).union(select(snapshots.c.source))
    return set(connection.scalars(stated))


def read_between(connection: Connection, first: int, last: int) -> bool:
    """Whether a snapshot with a number from `first` to `last` is recorded."""
    query = select(exists().where(snapshots.c.number >= first, snapshots.c.number <= last))
    return bool(connection.scalar(query))
