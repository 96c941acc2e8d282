"""Releases that hold what was withdrawn are set aside, in the transaction of the withdrawal, and looked at again when it is lifted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

from sqlalchemy import Connection

from lineage_platform.catalog import release_states, withdrawals
from lineage_platform.catalog.ledger import Ledger
from lineage_platform.model.releases import StateChange
from lineage_platform.model.withdrawals import Kind, Planned, words
from lineage_platform.recording.release_states import append_state


def set_aside(connection: Connection, ledger: Ledger, planned: Planned, kind: Kind, number: int) -> None:
    """Quarantine the releases that hold what is covered."""
    shards = {item.version: len(item.shards) for item in planned.hits}
    for release, version in withdrawals.releases_of(connection, shards):
        before = release_states.state_of(connection, release)
        if before in ("released", "reopened"):
            reason = (
                f"{words(number)} ({kind}): {shards[version]:,} shards of {version} hold what was withdrawn"
            )
            day = ledger.time.astimezone(UTC).date()
            append_state(connection, ledger, StateChange(release, before, "quarantined", reason, day, ()))


def review_lifted(connection: Connection, ledger: Ledger, rows: Sequence[int]) -> None:
    """Releases that only withdrawals had set aside of which `rows` were the last: no longer quarantined, but to be judged again."""
    free = withdrawals.lifted(connection, rows)
    made = [release for release, _ in withdrawals.releases_of(connection, free)]
    for release in withdrawals.set_aside(connection, made):
        reason = "what was withdrawn has been reinstated: review the release"
        day = ledger.time.astimezone(UTC).date()
        append_state(connection, ledger, StateChange(release, "quarantined", "reopened", reason, day, ()))
