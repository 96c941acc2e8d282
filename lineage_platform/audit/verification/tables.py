"""An out-of-core DuckDB for joins over the files of a version, with its spills in a folder of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, LiteralString

import duckdb
import pyarrow as pa

from lineage_platform.files import Place, Remote, pattern

if TYPE_CHECKING:
    from lineage_platform.files.views import Objects

_BATCH_ROWS = 256 * 1024


class Tables:
    """Parquet files as tables; `folder` is for what a check writes, and goes with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._objects: Objects | None = None
        self._listed: list[str] = []
        self._connection = duckdb.connect(
            ":memory:",
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "temp_directory": str(folder / "spill"),
            },
        )

    def view(self, name: LiteralString, paths: Sequence[Place], columns: LiteralString) -> None:
        """Call files a table; no files are an empty table of those columns."""
        if not paths:
            nothing = ", ".join(f"NULL::BIGINT AS {column}" for column in columns.split(", "))
            self._connection.execute(f"CREATE OR REPLACE VIEW {name} AS SELECT {nothing} WHERE false")
            return
        listed = [pattern(path) for path in paths]
        if self._objects is None and any(isinstance(path, Remote) for path in paths):
            from lineage_platform.files.views import Objects

            self._objects = Objects()
            self._connection.register_filesystem(self._objects)
        self._listed += listed
        with self._reading():
            self._connection.read_parquet(listed).create_view(f"{name}_files")
            self._connection.execute(f"CREATE OR REPLACE VIEW {name} AS SELECT {columns} FROM {name}_files")  # noqa: S608

    def run(self, statement: LiteralString) -> None:
        """Carry out a statement."""
        with self._reading():
            self._connection.execute(statement)

    def number(self, query: LiteralString) -> int:
        """The one number a query gives."""
        with self._reading():
            return int(self._connection.execute(query).fetchall()[0][0])

    def rows(self, query: LiteralString) -> list[dict[str, Any]]:
        """Rows of a query that are few."""
        with self._reading():
            found = self._connection.execute(query)
            names = [column[0] for column in found.description or ()]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def batches(self, query: LiteralString) -> Iterator[pa.RecordBatch]:
        """Rows of a query, streamed."""
        with self._reading():
            yield from self._connection.sql(query).to_arrow_reader(_BATCH_ROWS)

    def close(self) -> None:
        """Free the engine."""
        self._connection.close()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Raises Unavailable where DuckDB says only that a remote file could not be read."""
        try:
            yield
        except (duckdb.Error, OSError) as error:
            fault = self._objects.fault(self._listed) if self._objects is not None else None
            if fault is None:
                raise
            raise fault from error


@contextmanager
def tables() -> Iterator[Tables]:
    """Tables in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="lineage-verify-") as folder:
        opened = Tables(Path(folder))
        try:
            yield opened
        finally:
            opened.close()
