"""Training runs as the write side reads and writes them, inside its own transaction."""

from __future__ import annotations

import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert, select

from lineage_platform.catalog.tables import release_states, runs, training_runs, versions
from lineage_platform.model.training import TrainingRun

RELEASE_SUFFIX = "/release"


def state_of(connection: Connection, release: str, moment: datetime.datetime) -> str | None:
    """What a release was at a moment: `released`, `reopened`, `quarantined` or `refused`; None where there was none."""
    query = select(versions.c.dataset, runs.c.passed).join(runs, runs.c.run_id == versions.c.run_id)
    made = connection.execute(
        query.where(versions.c.id == release, versions.c.committed_at <= moment)
    ).one_or_none()
    if made is None or not made.dataset.endswith(RELEASE_SUFFIX):
        return None
    newest = select(release_states.c.state).where(
        release_states.c.version_id == release, release_states.c.recorded_at <= moment
    )
    state = connection.scalar(newest.order_by(release_states.c.id.desc()).limit(1))
    return state or ("released" if made.passed else "refused")


def releases(connection: Connection) -> list[str]:
    """Ids of all releases, refused ones too."""
    query = select(versions.c.id).where(versions.c.dataset.endswith(RELEASE_SUFFIX, autoescape=True))
    return sorted(connection.scalars(query))


def known(connection: Connection, run_id: UUID) -> dict[str, Any] | None:
    """The row of a training run."""
    row = connection.execute(select(training_runs).where(training_runs.c.run_id == run_id)).one_or_none()
    return None if row is None else dict(row._mapping)


def put(
    connection: Connection,
    run_id: UUID,
    run: TrainingRun,
    *,
    ended_at: datetime.datetime,
    recorded_at: datetime.datetime,
    ledger_index: int,
) -> None:
    """Record a training run."""
    row = {
        "run_id": run_id,
        "release_id": run.release,
        "job": run.job,
        "model": run.model,
        "model_version": run.model_version,
        "details": run.details,
        "ended_at": ended_at,
        "recorded_at": recorded_at,
        "ledger_index": ledger_index,
    }
    connection.execute(insert(training_runs), row)
