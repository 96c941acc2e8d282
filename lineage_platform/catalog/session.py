"""One read-only connection to the catalog: rows, one moment, and faults as errors of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, LiteralString, Self

import psycopg
from psycopg.rows import dict_row

from lineage_platform.errors import NotFound, Unavailable


class NothingRecorded(NotFound):
    """The database has none of our tables yet."""

    def __init__(self) -> None:
        super().__init__("catalog", "lineage")

    def __str__(self) -> str:
        return "nothing has been recorded in this workspace yet; run `lineage materialize`"


class Session:
    """What every part of the read side needs. A database that is down raises Unavailable, one without our tables
    NothingRecorded."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything read inside belongs to one moment."""
        with self._connection.transaction():
            yield

    def table(self, name: LiteralString, order: LiteralString) -> Iterator[dict[str, Any]]:
        """Every row of a table of schema `lineage` as it is, streamed; for `verify`. Names are literals of ours."""
        with (
            self._mapped(),
            self._connection.transaction(),
            self._connection.cursor(f"all-{name}", row_factory=dict_row) as cursor,
        ):
            cursor.itersize = 1000
            cursor.execute(f"SELECT * FROM lineage.{name} ORDER BY {order}")  # noqa: S608 - literals only
            yield from cursor

    def _rows(self, query: LiteralString, *parameters: Any) -> list[dict[str, Any]]:
        named = parameters[0] if len(parameters) == 1 and isinstance(parameters[0], dict) else parameters
        with self._mapped(), self._connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query, named).fetchall()

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        try:
            yield
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as error:
            raise NothingRecorded from error
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise Unavailable(f"the database does not answer: {sentence(error)}") from error


def sentence(error: BaseException) -> str:
    """What an error of the driver says, on one line."""
    return " ".join(str(error).split())
