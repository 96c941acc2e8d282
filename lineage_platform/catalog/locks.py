"""Keys of the advisory locks. All are held by a transaction, so a lost connection or a killed process frees them."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, text


def _key(name: str) -> int:
    return int.from_bytes(
        hashlib.sha256(f"lineage-platform/{name}".encode()).digest()[:8], "big", signed=True
    )


MIGRATION = _key("migration")
LEDGER = _key("ledger")
"""Who appends to the ledger, one at a time."""
FILES = _key("files")
"""Shared by those who put files into the store and commit them, exclusive for the sweeper."""


def take(connection: Connection, key: int) -> None:
    """Wait for a lock of one's own until the transaction ends."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


def share(connection: Connection, key: int) -> None:
    """Wait for a shared lock until the transaction ends."""
    connection.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": key})


def try_take(connection: Connection, key: int) -> bool:
    """A lock of one's own until the transaction ends, if nobody has it now, shared or not."""
    return bool(connection.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": key}))
