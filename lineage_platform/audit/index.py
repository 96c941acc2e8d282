"""The Parquet tables of a version, asked through DuckDB: an embedded engine that prunes row groups by their statistics.

`placements(files)` in a query is a placement table of either order with two more columns: `snapshot`, and `overlay`, the
overlay row that replaces the row's terms or NULL. DuckDB is told to load no extension and to fetch nothing. A process starts
one engine, which takes longer than most questions; each index is a connection of its own to it, whose temporary
`placements` goes before the engine's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, LiteralString, TypeVar

import duckdb

from lineage_platform.audit.needs import Files
from lineage_platform.audit.overlay import Interval
from lineage_platform.catalog.rows import VersionFile
from lineage_platform.errors import LineageError, VerificationFailed
from lineage_platform.files import Remote, pattern

if TYPE_CHECKING:
    from lineage_platform.files.views import Objects

Row = tuple[Any, ...]
T = TypeVar("T")

_CONFIG = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}

# 36 is keys.ORDINAL_BITS
_PLAIN = """
    CREATE MACRO placements(files) AS TABLE
    SELECT *, document >> 36 AS snapshot, NULL::BIGINT AS overlay FROM read_parquet(files)
"""
_LAID_OVER = """
    CREATE TEMP MACRO placements(files) AS TABLE
    SELECT p.*, p.document >> 36 AS snapshot,
           CASE WHEN p.document <= c.last THEN c.overlay END AS overlay
    FROM read_parquet(files) AS p ASOF LEFT JOIN cover AS c ON p.document >= c.first
"""


class Index:
    """An in-memory DuckDB over committed files; close it when done."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._connection = _engine().cursor()
        self._laid_over = False

    def close(self) -> None:
        """Free what was laid over."""
        self._connection.close()

    def lay_over(self, intervals: Sequence[Interval]) -> None:
        """Give the disjoint key intervals of the overlay; once."""
        if not intervals:
            return
        self._laid_over = True
        self._connection.execute("CREATE TEMP TABLE cover (first BIGINT, last BIGINT, overlay BIGINT)")
        self._connection.execute(_LAID_OVER)
        columns = (
            [item.first for item in intervals],
            [item.last for item in intervals],
            [item.overlay for item in intervals],
        )
        self._connection.execute(
            "INSERT INTO cover SELECT unnest(?::BIGINT[]), unnest(?::BIGINT[]), unnest(?::BIGINT[])", columns
        )

    def overlay_of(self, document: int) -> int | None:
        """The overlay row that replaces a document's terms."""
        if not self._laid_over:
            return None
        rows = self._connection.execute(
            "SELECT overlay FROM cover WHERE ? BETWEEN first AND last", [document]
        ).fetchall()
        return int(rows[0][0]) if rows else None

    def ask(self, query: LiteralString, files: Iterable[VersionFile], **parameters: Any) -> list[Row]:
        """Rows of a query over `$files` and named parameters; none where there are no files.

        Raises VerificationFailed when a file is missing or is no longer Parquet, Unavailable.
        """
        return self._ask(query, files, parameters, duckdb.DuckDBPyConnection.fetchall) or []

    def ask_columns(
        self, query: LiteralString, files: Iterable[VersionFile], **parameters: Any
    ) -> list[list[Any]]:
        """Like `ask`, for a hundred thousand rows: the columns, no tuple a row; it loads NumPy."""
        columns = self._ask(query, files, parameters, duckdb.DuckDBPyConnection.fetchnumpy) or {}
        return [column.tolist() for column in columns.values()]

    def _ask(
        self,
        query: LiteralString,
        files: Iterable[VersionFile],
        parameters: Mapping[str, Any],
        fetch: Callable[[duckdb.DuckDBPyConnection], T],
    ) -> T | None:
        """What `fetch` makes of the result; None where there are no files."""
        where = [self._files.path(item.file) for item in files]
        paths = [pattern(place) for place in where]
        remote = _objects() if any(isinstance(place, Remote) for place in where) else None
        if not paths:
            return None
        try:
            return fetch(self._connection.execute(query, {"files": paths, **parameters}))
        except duckdb.Error as error:
            fault = remote.fault(paths) if remote is not None else None
            if isinstance(fault, LineageError):
                raise fault from error
            if fault is None and not isinstance(error, duckdb.IOException | duckdb.InvalidInputException):
                raise
            reason = str(fault or error).partition("\n")[0]
            raise VerificationFailed(
                f"a stored file cannot be read: {reason}; run `lineage verify`"
            ) from error


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    engine = duckdb.connect(":memory:", config=dict(_CONFIG))
    engine.execute(_PLAIN)
    return engine


@cache
def _objects() -> Objects:
    """What the engine reads remote files through; made when the first is asked about."""
    from lineage_platform.files.views import Objects

    objects = Objects()
    _engine().register_filesystem(objects)
    return objects
