"""The rows of one change of state. Callers hold the ledger's lock and append the event in the same transaction."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast
from uuid import UUID

import psycopg
from psycopg import sql
from sqlalchemy import Connection, Table, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from lineage_platform.catalog.forms import (
    checks_form,
    narrow,
    parent_form,
    statistics_form,
    storable,
    transformation_form,
)
from lineage_platform.catalog.rows import shard_name
from lineage_platform.catalog.tables import (
    files,
    pins,
    runs,
    shards,
    snapshot_files,
    snapshot_numbers,
    snapshots,
    version_inputs,
    version_terms,
    versions,
)
from lineage_platform.model.versions import (
    CheckResult,
    File,
    ParentRun,
    Result,
    SnapshotFile,
    Transformation,
)


def start_run(
    connection: Connection,
    run_id: UUID,
    *,
    dataset: str,
    transformation: Transformation,
    memo_key: str,
    parent: ParentRun | None,
    time: datetime.datetime,
    ledger_index: int,
) -> bool:
    """Record a run as started; False when it is known already."""
    row = {
        "run_id": run_id,
        "dataset": dataset,
        "transformation": transformation_form(transformation),
        "memo_key": memo_key,
        "parent": parent_form(parent),
        "state": "START",
        "checks": [],
        "started_at": time,
        "ledger_index": ledger_index,
    }
    made = connection.execute(upsert(runs).values(row).on_conflict_do_nothing().returning(runs.c.run_id))
    return made.one_or_none() is not None


def state_of(connection: Connection, run_id: UUID) -> str | None:
    """The state of a run; None when it was never started."""
    return connection.scalar(select(runs.c.state).where(runs.c.run_id == run_id))


def complete_run(
    connection: Connection,
    run_id: UUID,
    *,
    gave: str,
    checks: Sequence[CheckResult],
    time: datetime.datetime,
    ledger_index: int,
) -> None:
    """Close a run that gave a version or snapshot: from now on that one is current."""
    passed = all(check.success or check.severity == "warn" for check in checks)
    _close(
        connection,
        run_id,
        state="COMPLETE",
        version_id=gave,
        checks=checks_form(checks),
        passed=passed,
        ended_at=time,
        ledger_index=ledger_index,
    )


def close_run(
    connection: Connection,
    run_id: UUID,
    state: str,
    *,
    error: str,
    time: datetime.datetime,
    ledger_index: int,
) -> None:
    """Close a run that gave nothing: FAIL or ABORT."""
    _close(connection, run_id, state=state, error=storable(error), ended_at=time, ledger_index=ledger_index)


def _close(connection: Connection, run_id: UUID, **values: Any) -> None:
    connection.execute(update(runs).where(runs.c.run_id == run_id).values(values))


def insert_snapshot(
    connection: Connection,
    source: str,
    digest: str,
    listed: Sequence[SnapshotFile],
    definition: Mapping[str, Any],
    *,
    time: datetime.datetime,
    run_id: UUID,
    ledger_index: int,
) -> int:
    """Record a snapshot and its files; returns its number, which no other snapshot ever had."""
    number = connection.scalar(select(snapshot_numbers.next_value()))
    assert number is not None  # noqa: S101 - a sequence always answers
    row = {
        "number": number,
        "source": source,
        "digest": digest,
        "files": len(listed),
        "bytes": sum(file.bytes for file in listed),
        "definition": storable(definition),
        "observed_at": time,
        "run_id": run_id,
        "ledger_index": ledger_index,
    }
    connection.execute(insert(snapshots), row)
    rows = [
        {
            "snapshot": number,
            "position": position,
            "path": file.path,
            "bytes": file.bytes,
            "sha256": file.sha256,
            "first_ordinal": file.first_ordinal,
        }
        for position, file in enumerate(listed)
    ]
    if rows:
        connection.execute(insert(snapshot_files), rows)
    return number


def insert_version(
    connection: Connection,
    name: str,
    dataset: str,
    result: Result,
    listed: Sequence[File],
    inputs: Sequence[str],
    *,
    manifest_sha256: str,
    time: datetime.datetime,
    run_id: UUID,
    ledger_index: int,
) -> None:
    """Record a version with its files, inputs, terms and shards."""
    last = connection.scalar(select(func.max(versions.c.sequence)).where(versions.c.dataset == dataset))
    row = {
        "id": name,
        "dataset": dataset,
        "sequence": (last or 0) + 1,
        "content_digest": result.content_digest,
        "statistics": narrow(statistics_form(result.statistics)),
        "manifest_sha256": manifest_sha256,
        "run_id": run_id,
        "ledger_index": ledger_index,
        "committed_at": time,
    }
    connection.execute(insert(versions), row)
    statistics = result.statistics
    belonging: dict[Table, Iterable[tuple[Any, ...]]] = {
        version_inputs: ((item,) for item in sorted(set(inputs))),
        files: (
            (file.name, file.role, file.sha256, file.bytes, file.rows, file.low, file.high) for file in listed
        ),
        version_terms: ((number, *counts) for number, counts in statistics.by_terms.items()),
        shards: (
            (
                shard["shard"],
                shard_name(shard["shard"]),
                shard["documents"],
                shard["tokens"],
                shard["stored_tokens"],
            )
            for shard in statistics.details.get("shards", ())
        ),
    }
    for table, rows in belonging.items():
        _copy(connection, table, ((name, *values) for values in rows))


def _copy(connection: Connection, table: Table, rows: Iterable[tuple[Any, ...]]) -> None:
    """Add many rows, with a value for each column, in a twentieth of the time that inserts take."""
    columns = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)
    target = sql.Identifier(table.schema or "public", table.name)
    cursor = cast("psycopg.Cursor[Any]", connection.connection.cursor())
    with cursor, cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(target, columns)) as copy:
        for row in rows:
            copy.write_row(row)


def pinned(connection: Connection, corpus: str, recipe: str, name: str) -> tuple[Any] | None:
    """What was pinned under a name for a recipe, in a tuple of one; None when nothing was."""
    query = select(pins.c.value).where(pins.c.corpus == corpus, pins.c.recipe == recipe, pins.c.name == name)
    row = connection.execute(query).one_or_none()
    return None if row is None else (row.value,)


def pin(connection: Connection, corpus: str, recipe: str, name: str, value: Any) -> None:
    """Pin a value unless one is there: the first writer wins."""
    row = {"corpus": corpus, "recipe": recipe, "name": name, "value": storable(value)}
    connection.execute(upsert(pins).values(row).on_conflict_do_nothing())
