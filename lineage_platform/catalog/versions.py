"""Versions, snapshots and runs as the write side reads them: inside its own transaction."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection, Row, Select, select

from lineage_platform.catalog.forms import checks_from, rfc3339, statistics_from, transformation_from, whole
from lineage_platform.catalog.tables import (
    files,
    runs,
    shards,
    snapshot_files,
    snapshots,
    version_inputs,
    version_terms,
    versions,
)
from lineage_platform.model.versions import File, Snapshot, SnapshotFile, Version

CurrentRun = Row[tuple[UUID, str, str, int]]
"""run_id, version_id, memo_key, ledger_index"""


def current_run(connection: Connection, dataset: str) -> CurrentRun | None:
    """The dataset's last completed run: what it gave is current."""
    return connection.execute(_completed().where(runs.c.dataset == dataset).limit(1)).one_or_none()


def current_version(connection: Connection, dataset: str) -> Version | None:
    """The version of a dataset that is current."""
    run = current_run(connection, dataset)
    return None if run is None else version(connection, run.version_id)


def memoised(connection: Connection, dataset: str, memo_key: str) -> str | None:
    """Id of the version that the last passing run with this memo key gave."""
    query = _completed().where(runs.c.dataset == dataset, runs.c.memo_key == memo_key, runs.c.passed).limit(1)
    run = connection.execute(query).one_or_none()
    return None if run is None else run.version_id


def version(connection: Connection, version_id: str) -> Version | None:
    """A version by id, with the checks of the last run that gave it."""
    row = connection.execute(
        select(versions, runs.c.transformation)
        .join(runs, runs.c.run_id == versions.c.run_id)
        .where(versions.c.id == version_id)
    ).one_or_none()
    if row is None:
        return None
    inputs = select(version_inputs.c.input_id).where(version_inputs.c.version_id == version_id)
    listed = select(
        files.c.name,
        files.c.role,
        files.c.sha256,
        files.c.bytes,
        files.c.rows,
        files.c.low,
        files.c.high,
    )
    listed = listed.where(files.c.version_id == version_id).order_by(files.c.name)
    last = select(runs.c.checks).where(runs.c.version_id == version_id, runs.c.state == "COMPLETE")
    checks = connection.scalar(last.order_by(runs.c.ledger_index.desc()).limit(1))
    return Version(
        id=row.id,
        dataset=row.dataset,
        sequence=row.sequence,
        content_digest=row.content_digest,
        transformation=transformation_from(row.transformation),
        inputs=tuple(sorted(connection.scalars(inputs))),
        files=tuple(File(*file) for file in connection.execute(listed)),
        statistics=statistics_from(
            whole(row.statistics, _by_terms(connection, version_id), _shards(connection, version_id))
        ),
        checks=checks_from(checks or ()),
        run_id=str(row.run_id),
        ledger_index=row.ledger_index,
        committed_at=rfc3339(row.committed_at),
    )


def _by_terms(connection: Connection, version_id: str) -> dict[int, tuple[int, int]]:
    query = select(version_terms.c.terms, version_terms.c.documents, version_terms.c.tokens)
    rows = connection.execute(query.where(version_terms.c.version_id == version_id))
    return {number: (documents, tokens) for number, documents, tokens in rows}


def _shards(connection: Connection, version_id: str) -> list[dict[str, int]]:
    query = select(shards.c.shard, shards.c.documents, shards.c.tokens, shards.c.stored_tokens)
    query = query.where(shards.c.version_id == version_id).order_by(shards.c.shard)
    return [dict(row) for row in connection.execute(query).mappings()]


def snapshot(connection: Connection, source: str, digest: str) -> Snapshot | None:
    """The snapshot of a source whose digest begins with `digest`."""
    query = select(snapshots.c.number, snapshots.c.digest, snapshots.c.observed_at)
    row = connection.execute(
        query.where(snapshots.c.source == source, snapshots.c.digest.startswith(digest, autoescape=True))
    ).one_or_none()
    if row is None:
        return None
    listed = select(
        snapshot_files.c.path, snapshot_files.c.bytes, snapshot_files.c.sha256, snapshot_files.c.first_ordinal
    )
    listed = listed.where(snapshot_files.c.snapshot == row.number).order_by(snapshot_files.c.position)
    return Snapshot(
        source=source,
        number=row.number,
        digest=row.digest,
        files=tuple(SnapshotFile(*file) for file in connection.execute(listed)),
        observed_at=rfc3339(row.observed_at),
    )


def current_snapshot(connection: Connection, source: str) -> Snapshot | None:
    """The snapshot of a source that was observed last."""
    run = current_run(connection, f"source/{source}")
    return None if run is None else snapshot(connection, source, run.version_id.rpartition("@")[2])


def datasets(connection: Connection) -> list[str]:
    """Names of all datasets that have a version."""
    return sorted(connection.scalars(select(versions.c.dataset).distinct()))


def sources(connection: Connection) -> list[str]:
    """Ids of all sources that have a snapshot."""
    return sorted(connection.scalars(select(snapshots.c.source).distinct()))


def _completed() -> Select[tuple[UUID, str, str, int]]:
    query = select(runs.c.run_id, runs.c.version_id, runs.c.memo_key, runs.c.ledger_index)
    return query.where(runs.c.state == "COMPLETE").order_by(runs.c.ledger_index.desc())
