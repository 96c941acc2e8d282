"""Withdrawals, what they quarantine and refuse. Callers hold the ledger's lock and append the event in the same transaction."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, insert, select, text

from lineage_platform.catalog.tables import (
    files,
    overlay,
    quarantines,
    refusals,
    reinstatements,
    release_states,
    version_inputs,
    versions,
    withdrawals,
)
from lineage_platform.model.keys import key_range, snapshot_of
from lineage_platform.model.overlay import Cover
from lineage_platform.model.versions import File
from lineage_platform.model.withdrawals import Hits, Planned, Refusal

_CORPUS_VERSIONS = text("""
    SELECT DISTINCT ON (dataset) version_id FROM lineage.runs
    WHERE dataset LIKE '%/shards' AND state = 'COMPLETE' ORDER BY dataset, ledger_index DESC
""")

_LAST_READ = text("""
    SELECT s.source, d.version_id, s.number, s.ledger_index
    FROM (SELECT DISTINCT ON (dataset) dataset, version_id FROM lineage.runs
          WHERE dataset = ANY(:datasets) AND state = 'COMPLETE' ORDER BY dataset, ledger_index DESC) AS d
    JOIN lineage.version_inputs AS i ON i.version_id = d.version_id
    JOIN lineage.snapshots AS s
      ON 'documents/' || s.source = d.dataset AND 'source/' || s.source || '@' || left(s.digest, 16) = i.input_id
    ORDER BY s.number
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

    @property
    def to_look_for(self) -> bool:
        """Whether there is anything that keys do not say."""
        return bool(self.subjects or self.terms or self.records or self.texts)


@dataclass(frozen=True)
class Documents:
    """The documents last read of a source: of which snapshot, recorded by which ledger entry, and their files."""

    source: str
    version: str
    snapshot: int
    observed: int


def last_read(connection: Connection, sources: Collection[str]) -> list[Documents]:
    """The documents last read of some sources."""
    wanted = {"datasets": [f"documents/{source}" for source in sources]}
    return [Documents(*row) for row in connection.execute(_LAST_READ, wanted)]


def files_of(connection: Connection, version_ids: Collection[str]) -> dict[str, list[File]]:
    """The files of documents of some versions."""
    columns = (
        files.c.name,
        files.c.role,
        files.c.sha256,
        files.c.bytes,
        files.c.rows,
        files.c.low,
        files.c.high,
    )
    query = select(files.c.version_id, *columns).where(
        files.c.version_id.in_(version_ids), files.c.role == "documents"
    )
    found: dict[str, list[File]] = {}
    for version, *file in connection.execute(query.order_by(files.c.version_id, files.c.name)):
        found.setdefault(version, []).append(File(*file))
    return found


def taken(connection: Connection, read: Sequence[Documents]) -> list[Taken]:
    """What is taken back of each, in that order."""
    rows = connection.execute(
        select(*(column for column in overlay.c if column.name != "statement"))
        .where(overlay.c.withdrawal.is_not(None), _standing())
        .order_by(overlay.c.withdrawal.desc())
    ).all()
    if not rows:
        return [Taken((), (), {}, {}, {}) for _ in read]
    subjects = [(row.withdrawal, _subject(row)) for row in rows if row.subject is not None]
    terms = {row.terms: row.withdrawal for row in rows if row.terms is not None}
    whole: dict[str, list[int]] = {}
    single: dict[int, list[tuple[int, int, int]]] = {}
    for row in rows:
        if row.source is not None:
            whole.setdefault(row.source, []).append(row.withdrawal)
        elif row.document is not None:
            one = row.document, row.document, row.withdrawal
            single.setdefault(snapshot_of(row.document), []).append(one)
    spans = [(row.key_from, row.key_to, row.withdrawal) for row in rows if row.key_from is not None]
    refused = _refused(connection, [item.source for item in read])
    found = []
    for item in read:
        first, last = key_range(item.snapshot)
        own = [row for row in refused.get(item.source, ()) if row.ledger_index < item.observed]
        ranges = [
            *((first, last, number) for number in whole.get(item.source, ())),
            *single.get(item.snapshot, ()),
            *(
                (max(low, first), min(high, last), to)
                for low, high, to in spans
                if low <= last and high >= first
            ),
        ]
        records = {row.record_id: row.withdrawal for row in own if row.record_id is not None}
        texts = {row.sha256: row.withdrawal for row in own if row.sha256 is not None}
        found.append(Taken(ranges, subjects, terms, records, texts))
    return found


def _refused(connection: Connection, sources: Collection[str]) -> dict[str, list[Any]]:
    """What withdrawals in force refuse of some sources, with the entry that states it."""
    in_force = select(overlay.c.withdrawal).where(overlay.c.withdrawal.is_not(None), ~_gone())
    query = (
        select(refusals, withdrawals.c.ledger_index)
        .join(withdrawals, withdrawals.c.id == refusals.c.withdrawal)
        .where(refusals.c.source.in_(sources), refusals.c.withdrawal.in_(in_force))
        .order_by(refusals.c.withdrawal.desc())
    )
    found: dict[str, list[Any]] = {}
    for row in connection.execute(query):
        found.setdefault(row.source, []).append(row)
    return found


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
