"""Withdrawals, what they quarantine and refuse. Callers hold the ledger's lock and append the event in the same transaction."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, insert, or_, select, text

from lineage_platform.catalog.tables import (
    overlay,
    quarantines,
    refusals,
    reinstatements,
    release_states,
    snapshots,
    version_inputs,
    versions,
    withdrawals,
)
from lineage_platform.model.keys import key_range
from lineage_platform.model.overlay import Cover
from lineage_platform.model.withdrawals import Hits, Planned, Refusal

_CORPUS_VERSIONS = text("""
    SELECT DISTINCT ON (dataset) version_id FROM lineage.runs
    WHERE dataset LIKE '%/shards' AND state = 'COMPLETE' ORDER BY dataset, ledger_index DESC
""")

_QUARANTINE = text("""
    INSERT INTO lineage.quarantines (version_id, shard, withdrawal, documents)
    SELECT :version, shard, :withdrawal, documents
    FROM unnest(CAST(:shards AS integer[]), CAST(:documents AS bigint[])) AS hit (shard, documents)
""")


def enter(
    connection: Connection,
    planned: Planned,
    *,
    effective: datetime.datetime,
    recorded_at: datetime.datetime,
    ledger_index: int,
) -> int:
    """Add a withdrawal with what it quarantines and refuses; returns its number."""
    asked = planned.withdrawal
    row = {
        "kind": asked.kind,
        "reason": asked.reason,
        "author": asked.author,
        "effective": effective,
        "request": asked.request,
        "erase": asked.erase,
        "covers": [cover.stated() for cover in asked.covers],
        "documents": planned.documents,
        "tokens": planned.tokens,
        "shards": planned.shards,
        "recorded_at": recorded_at,
        "ledger_index": ledger_index,
    }
    number = connection.execute(insert(withdrawals).values(row).returning(withdrawals.c.id)).scalar_one()
    for hits in planned.hits:
        _quarantine(connection, number, hits)
    _refuse(connection, number, planned.refusals)
    return int(number)


def _quarantine(connection: Connection, number: int, hits: Hits) -> None:
    """One statement, whatever the number of shards."""
    shards = {"shards": list(hits.shards), "documents": list(hits.documents)}
    connection.execute(_QUARANTINE, {"version": hits.version, "withdrawal": number, **shards})


def _refuse(connection: Connection, number: int, refused: Sequence[Refusal]) -> None:
    rows = [
        {"withdrawal": number, "source": item.source, "record_id": item.record_id, "sha256": item.sha256}
        for item in refused
    ]
    if rows:
        connection.execute(insert(refusals), rows)


def corpus_versions(connection: Connection) -> set[str]:
    """The corpus versions that are current, or of which there is a release."""
    released = (
        select(version_inputs.c.input_id)
        .join(versions, versions.c.id == version_inputs.c.version_id)
        .where(versions.c.dataset.endswith("/release", autoescape=True))
    )
    return {*connection.scalars(_CORPUS_VERSIONS), *connection.scalars(released)}


def releases_of(connection: Connection, corpus_versions: Collection[str]) -> list[tuple[str, str]]:
    """The releases made of some corpus versions, oldest first, each with the version."""
    query = (
        select(versions.c.id, version_inputs.c.input_id)
        .join(version_inputs, version_inputs.c.version_id == versions.c.id)
        .where(
            versions.c.dataset.endswith("/release", autoescape=True),
            version_inputs.c.input_id.in_(corpus_versions),
        )
    )
    return [
        (release, version) for release, version in connection.execute(query.order_by(versions.c.ledger_index))
    ]


def lifted(connection: Connection, rows: Collection[int]) -> list[str]:
    """Of the withdrawals that some rows of the overlay belong to and that have no row left: the corpus versions that are quarantined
    for nothing else."""
    concerned = select(overlay.c.withdrawal).where(overlay.c.id.in_(rows))
    own = quarantines.alias("own")
    chosen = select(own.c.version_id).where(own.c.withdrawal.in_(concerned)).distinct()
    still = exists().where(quarantines.c.version_id == own.c.version_id, _in_force(quarantines.c.withdrawal))
    return list(connection.scalars(chosen.where(~still)))


def set_aside(connection: Connection, releases: Collection[str]) -> list[str]:
    """Those of some releases that are quarantined, and were when a withdrawal was recorded."""
    newest = select(func.max(release_states.c.id)).where(release_states.c.version_id.in_(releases))
    query = (
        select(release_states.c.version_id)
        .join(withdrawals, withdrawals.c.recorded_at == release_states.c.recorded_at)
        .where(
            release_states.c.id.in_(newest.group_by(release_states.c.version_id)),
            release_states.c.state == "quarantined",
        )
    )
    return list(connection.scalars(query.order_by(release_states.c.id)))


def covering(connection: Connection, kind: str, covers: Iterable[Cover]) -> int | None:
    """The first withdrawal of a kind that has every one of some covers, and of which nothing was lifted."""
    wanted = {_identity(cover) for cover in covers}
    query = select(withdrawals.c.id, withdrawals.c.covers).where(
        withdrawals.c.kind == kind, ~_rows_lifted(withdrawals.c.id)
    )
    for number, stated in connection.execute(query.order_by(withdrawals.c.id)):
        if wanted <= {_identity(Cover.from_stated(item)) for item in stated}:
            return int(number)
    return None


def _identity(cover: Cover) -> Cover:
    """The same for the same: of a data subject the hash under the first key."""
    if cover.subject is None:
        return cover
    return Cover(subject=next(iter(cover.subject_earlier), cover.subject))


def _rows_lifted(number: ColumnElement[int]) -> ColumnElement[bool]:
    return exists().where(overlay.c.withdrawal == number, reinstatements.c.overlay == overlay.c.id)


def _in_force(number: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether a row of the overlay is left of a withdrawal."""
    return exists().where(overlay.c.withdrawal == number, ~_gone())


@dataclass(frozen=True)
class Taken:
    """What withdrawals in force take back of the documents of one snapshot, by the number of the withdrawal.

    `ranges` are known by their keys. The rest has to be looked for: data subjects by hash (with the id of the key), terms numbers,
    and what must not come back by record id or SHA-256 of the text, where the snapshot is newer than the withdrawal.
    """

    ranges: Sequence[tuple[int, int, int]]
    subjects: Sequence[tuple[int, Cover]]
    terms: Mapping[int, int]
    records: Mapping[str, int]
    texts: Mapping[bytes, int]


def taken(connection: Connection, source: str, snapshot: int) -> Taken:
    """What is taken back of a snapshot of a source."""
    first, last = key_range(snapshot)
    within = or_(
        overlay.c.source == source,
        overlay.c.terms.is_not(None),
        overlay.c.subject.is_not(None),
        overlay.c.document.between(first, last),
        and_(overlay.c.key_from <= last, overlay.c.key_to >= first),
    )
    rows = connection.execute(
        select(overlay)
        .where(overlay.c.withdrawal.is_not(None), within, _standing())
        .order_by(overlay.c.withdrawal.desc())
    ).all()
    ranges = []
    for row in rows:
        if row.source is not None:
            ranges.append((first, last, row.withdrawal))
        elif row.document is not None:
            ranges.append((row.document, row.document, row.withdrawal))
        elif row.key_from is not None:
            ranges.append((max(first, row.key_from), min(last, row.key_to), row.withdrawal))
    observed = select(snapshots.c.ledger_index).where(snapshots.c.number == snapshot).scalar_subquery()
    refused = connection.execute(
        select(refusals)
        .join(withdrawals, withdrawals.c.id == refusals.c.withdrawal)
        .where(
            refusals.c.source == source,
            withdrawals.c.ledger_index < observed,
            _in_force(refusals.c.withdrawal),
        )
        .order_by(refusals.c.withdrawal.desc())
    ).all()
    return Taken(
        ranges,
        [(row.withdrawal, _subject(row)) for row in rows if row.subject is not None],
        {row.terms: row.withdrawal for row in rows if row.terms is not None},
        {row.record_id: row.withdrawal for row in refused if row.record_id is not None},
        {row.sha256: row.withdrawal for row in refused if row.sha256 is not None},
    )


def _subject(row: Any) -> Cover:
    earlier = tuple(map(bytes.fromhex, row.subject_earlier or ()))
    return Cover(subject=row.subject, subject_key=row.subject_key, subject_earlier=earlier)


def _standing() -> ColumnElement[bool]:
    """Whether a row of the overlay counts now."""
    now = func.clock_timestamp()
    return and_(overlay.c.valid_from <= now, ~_gone())


def _gone() -> ColumnElement[bool]:
    lifted_now = reinstatements.c.effective <= func.clock_timestamp()
    return exists().where(reinstatements.c.overlay == overlay.c.id, lifted_now)
