"""What became of releases: states, each appended. Callers hold the ledger's lock."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, insert, select

from lineage_platform.catalog.tables import release_states, runs, versions


def state_of(connection: Connection, release: str) -> str | None:
    """released, refused, reopened or quarantined; None where there is no release of that id."""
    newest = select(release_states.c.state).where(release_states.c.version_id == release)
    state = connection.scalar(newest.order_by(release_states.c.id.desc()).limit(1))
    if state is not None:
        return str(state)
    made = select(runs.c.passed).join(versions, versions.c.run_id == runs.c.run_id)
    passed = connection.scalar(
        made.where(versions.c.id == release, versions.c.dataset.endswith("/release", autoescape=True))
    )
    return None if passed is None else "released" if passed else "refused"


def known(connection: Connection) -> Sequence[str]:
    """Ids of all releases."""
    listed = select(versions.c.id).where(versions.c.dataset.endswith("/release", autoescape=True))
    return connection.scalars(listed.order_by(versions.c.ledger_index)).all()


def append(
    connection: Connection,
    release: str,
    state: str,
    reason: str,
    verdicts: Sequence[dict[str, Any]],
    *,
    day: datetime.date,
    recorded_at: datetime.datetime,
    ledger_index: int,
) -> None:
    """From now on the release is in another state."""
    row = {
        "version_id": release,
        "state": state,
        "reason": reason,
        "verdicts": list(verdicts),
        "day": day,
        "recorded_at": recorded_at,
        "ledger_index": ledger_index,
    }
    connection.execute(insert(release_states).values(row))
