"""Rows of the overlay and their reinstatements. Callers hold the ledger's lock and append the event in the same transaction."""

from __future__ import annotations

import datetime
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, exists, insert, select, text

from lineage_platform.catalog.tables import overlay, reinstatements, snapshots, terms
from lineage_platform.model.overlay import Cover

_LAY = text("""
    INSERT INTO lineage.overlay (
        withdrawal, source, terms, key_from, key_to, document, subject, subject_key, subject_earlier,
        statement, reason, author, valid_from, valid_to, recorded_at, ledger_index)
    SELECT CAST(:withdrawal AS bigint), source, terms, low, high, document, subject, subject_key, CAST(earlier AS jsonb),
           CAST(:statement AS jsonb), :reason, :author, CAST(:valid_from AS timestamptz), CAST(:valid_to AS timestamptz),
           CAST(:recorded_at AS timestamptz), CAST(:ledger_index AS bigint)
    FROM unnest(CAST(:sources AS text[]), CAST(:terms AS bigint[]), CAST(:lows AS bigint[]), CAST(:highs AS bigint[]),
                CAST(:documents AS bigint[]), CAST(:subjects AS bytea[]), CAST(:subject_keys AS text[]),
                CAST(:earlier AS text[]))
         WITH ORDINALITY AS cover (source, terms, low, high, document, subject, subject_key, earlier, place)
    ORDER BY place
    RETURNING id
""")
"""One statement, whatever the number of rows; they are numbered in the order of the select."""


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
    laid = {
        "sources": [cover.source for cover in covers],
        "terms": [cover.terms for cover in covers],
        "lows": [cover.keys[0] if cover.keys else None for cover in covers],
        "highs": [cover.keys[1] if cover.keys else None for cover in covers],
        "documents": [cover.document for cover in covers],
        "subjects": [cover.subject for cover in covers],
        "subject_keys": [cover.subject_key for cover in covers],
        "earlier": [
            json.dumps([hashed.hex() for hashed in cover.subject_earlier]) if cover.subject_earlier else None
            for cover in covers
        ],
    }
    said = {
        "withdrawal": withdrawal,
        "statement": json.dumps(statement),
        "reason": reason,
        "author": author,
        "valid_from": valid_from,
        "valid_to": valid_to,
        "recorded_at": recorded_at,
        "ledger_index": ledger_index,
    }
    return sorted(connection.scalars(_LAY, laid | said))


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
