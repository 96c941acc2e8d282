"""The Parquet tables of a version, asked through DuckDB: an embedded engine that prunes row groups by their statistics.

`placements(files)` in a query is a placement table of either order with two more columns: `snapshot`, and `overlay`, the
overlay row that replaces the row's terms or NULL. DuckDB is told to load no extension and to fetch nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, LiteralString

import duckdb

from lineage_platform.audit.needs import Files
from lineage_platform.audit.overlay import Interval
from lineage_platform.catalog.rows import VersionFile
from lineage_platform.errors import VerificationFailed

Row = tuple[Any, ...]

_CONFIG = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}

# 36 is keys.ORDINAL_BITS
_PLACEMENTS = """
    CREATE TEMP MACRO placements(files) AS TABLE
    SELECT p.*, p.document >> 36 AS snapshot,
           CASE WHEN p.document <= c.last THEN c.overlay END AS overlay
    FROM read_parquet(files) AS p ASOF LEFT JOIN cover AS c ON p.document >= c.first
"""


class Index:
    """One in-memory DuckDB over committed files; close it when done."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._connection = duckdb.connect(":memory:", config=dict(_CONFIG))
        self._connection.execute("CREATE TEMP TABLE cover (first BIGINT, last BIGINT, overlay BIGINT)")
        self._connection.execute(_PLACEMENTS)

    def close(self) -> None:
        """Free the engine."""
        self._connection.close()

    def lay_over(self, intervals: Sequence[Interval]) -> None:
        """Give the disjoint key intervals of the overlay; once."""
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
        rows = self._connection.execute(
            "SELECT overlay FROM cover WHERE ? BETWEEN first AND last", [document]
        ).fetchall()
        return int(rows[0][0]) if rows else None

    def ask(self, query: LiteralString, files: Iterable[VersionFile], **parameters: Any) -> list[Row]:
        """Rows of a query over `$files` and named parameters; none where there are no files.

        Raises VerificationFailed when a file is missing or is no longer Parquet.
        """
        paths = [_literal(str(self._files.path(item.file))) for item in files]
        if not paths:
            return []
        try:
            return self._connection.execute(query, {"files": paths, **parameters}).fetchall()
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            reason = str(error).partition("\n")[0]
            raise VerificationFailed(
                f"a stored file cannot be read: {reason}; run `lineage verify`"
            ) from error


def _literal(path: str) -> str:
    """A path that DuckDB takes for one file, not for a pattern."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in path)
