"""Transactions on the catalog that survive a lost connection.

    database = Database(url)
    number = database.transaction(lambda connection: connection.scalar(select(...)))

The work of a transaction is a function, because it may run more than once: when the connection breaks during COMMIT
nobody knows whether it was carried out. So work that writes looks first whether it has been done.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import psycopg
import sqlalchemy
from sqlalchemy import Connection, Engine, exc

from lineage_platform.errors import LineageError, Unavailable

T = TypeVar("T")

DELAYS = (0.1, 0.4, 1.0, 2.5, 6.0)
"""Seconds before each further try."""

LOCK_SECONDS = 120

_KEEPALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
"""A server that is gone without a word is noticed after a minute."""

_RETRIED = ("08", "40", "57P", "53300")
"""SQLSTATE prefixes: connection exceptions, rolled back by the server, shut down or starting, too many connections."""


def create(url: str) -> Engine:
    """An engine for a libpq URL (`postgresql://...`), with psycopg 3; connections are made on first use."""
    target = sqlalchemy.make_url(url).set(drivername="postgresql+psycopg")
    stated = target.query.get("options", ())
    options = [*([stated] if isinstance(stated, str) else stated), f"-c lock_timeout={LOCK_SECONDS}s"]
    return sqlalchemy.create_engine(
        target,
        pool_size=2,
        max_overflow=14,
        hide_parameters=True,
        connect_args={
            "connect_timeout": 10,
            **_KEEPALIVE,
            "application_name": "lineage",
            "options": " ".join(options),
        },
    )


class Database:
    """The catalog's database. `revive` is called before a lost connection is tried again: it may start a server."""

    def __init__(
        self, url: str, revive: Callable[[], object] = lambda: None, delays: Sequence[float] = DELAYS
    ) -> None:
        self._engine = create(url)
        self._revive = revive
        self._delays = delays

    def transaction(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction, and again when the connection was lost before its end was known.

        Raises Unavailable when the database stays away, LineageError when its disk is full.
        """
        for delay in (*self._delays, None):
            try:
                with self._engine.begin() as connection:
                    return work(connection)
            except exc.DBAPIError as error:
                if delay is None or not _lost(error):
                    raise _mapped(error) from error.orig
            time.sleep(delay)
            self._revive()
        raise AssertionError("the last try returns or raises")

    def close(self) -> None:
        """Give every connection back."""
        self._engine.dispose()


def _lost(error: exc.DBAPIError) -> bool:
    if not isinstance(error.orig, psycopg.OperationalError | psycopg.InterfaceError):
        return False
    state = error.orig.sqlstate if isinstance(error.orig, psycopg.Error) else None
    return error.connection_invalidated or state is None or state.startswith(_RETRIED)


def _mapped(error: exc.DBAPIError) -> Exception:
    cause = error.orig
    if isinstance(cause, psycopg.errors.DiskFull):
        return LineageError(
            "the database's disk is full: nothing of this attempt was kept; free space and run again"
        )
    if isinstance(cause, psycopg.errors.LockNotAvailable):
        return Unavailable(
            f"another process has kept the catalog locked for {LOCK_SECONDS} seconds: "
            "look for one that hangs, then run again"
        )
    if isinstance(cause, psycopg.errors.InsufficientPrivilege):
        return Unavailable(
            f"the database user may not do this: {_sentence(cause)}; grant it, or use another user"
        )
    if isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
        return Unavailable(f"the database does not answer: {_sentence(cause)}")
    return error


def _sentence(error: BaseException) -> str:
    return " ".join(str(error).split())
