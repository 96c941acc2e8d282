"""Runs that end without a version: failed, stopped, or left open by a killed process."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, select

from lineage_platform.catalog import writing
from lineage_platform.catalog.forms import parent_from, transformation_from
from lineage_platform.catalog.ledger import Ledger
from lineage_platform.catalog.tables import runs as table
from lineage_platform.events.arguments import EventDataset
from lineage_platform.events.build import run_event

Closed = Literal["FAIL", "ABORT"]


def close(connection: Connection, runs: Collection[UUID], state: Closed, error: str) -> list[UUID]:
    """Close those of `runs` that are still open, each with an event; returns them."""
    ledger = Ledger(connection)
    wanted = select(table).where(table.c.run_id.in_(runs), table.c.state == "START")
    closed = []
    for run in connection.execute(wanted.order_by(table.c.started_at)):
        event = run_event(
            state,
            run_id=str(run.run_id),
            time=ledger.time,
            namespace=ledger.namespace,
            job=run.dataset,
            parent=parent_from(run.parent),
            outputs=[EventDataset(run.dataset)],
            transformation=transformation_from(run.transformation),
            error=error,
        )
        index = ledger.append(state, event, run.run_id)
        writing.close_run(connection, run.run_id, state, error=error, time=ledger.time, ledger_index=index)
        closed.append(run.run_id)
    ledger.write()
    return closed


def abort_orphans(connection: Connection, is_alive: Callable[[str], bool]) -> list[UUID]:
    """Close with ABORT every open run whose parent run is not alive; a run without a parent is nobody's."""
    query = select(table.c.run_id, table.c.parent).where(table.c.state == "START")
    orphans = [
        row.run_id
        for row in connection.execute(query)
        if row.parent is None or not is_alive(row.parent["run_id"])
    ]
    if not orphans:
        return []
    return close(connection, orphans, "ABORT", "the process of this run is gone")
