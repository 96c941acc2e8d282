"""Remote files for DuckDB, which asks file systems of fsspec's form.

    connection.register_filesystem(Objects())
    connection.execute("SELECT * FROM read_parquet('s3://bucket/rows.parquet')")

A name is one file and never a pattern, files do not change, and each is opened once: a question costs a file one request
for its length and those for the ranges it needs, where fsspec's wrapper of PyArrow's file systems asks a dozen times and
lists folders.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from fsspec import AbstractFileSystem

from lineage_platform.errors import LineageError
from lineage_platform.files.download import Download
from lineage_platform.files.faults import outage, reaching
from lineage_platform.files.places import Remote, place
from lineage_platform.files.storage import file_system

_OPEN = 4096
_UNCHANGED = datetime(1970, 1, 1, tzinfo=UTC)


class Objects(AbstractFileSystem):  # type: ignore[misc]  # fsspec has no types
    """Files under `s3://`, for reading."""

    protocol = "s3"
    cachable = False  # fsspec's cache of instances: each question has its own

    def __init__(self) -> None:
        super().__init__()
        self._faults: dict[str, LineageError | OSError] = {}
        self._opened = lru_cache(maxsize=_OPEN)(_open)

    def fault(self, paths: Iterable[str]) -> LineageError | OSError | None:
        """Why one of some files could not be read, once: DuckDB says only that Python failed."""
        found = [self._faults.pop(path, None) for path in paths]
        return next((fault for fault in found if fault is not None), None)

    def glob(self, path: str, **_options: Any) -> list[str]:
        """The path itself."""
        return [path]

    def exists(self, _path: str, **_options: Any) -> bool:
        """Whether a file is there shows when it is opened."""
        return True

    def info(self, path: str, **_options: Any) -> dict[str, Any]:
        """Name, size and kind. Raises FileNotFoundError, Unavailable."""
        return {"name": path, "size": self._source(path).size(), "type": "file"}

    def modified(self, _path: str) -> datetime:
        """Never."""
        return _UNCHANGED

    def open(self, path: str, mode: str = "rb", **_options: Any) -> io.RawIOBase:
        """A file of its own position over the one that is open. Raises FileNotFoundError, Unavailable."""
        if mode != "rb":
            raise io.UnsupportedOperation(f"{path}: got mode {mode!r}, expected 'rb'")
        return _Opened(self, path, self._source(path))

    def _source(self, path: str) -> Any:
        with self.noting(path):
            return self._opened(path)

    @contextmanager
    def noting(self, path: str) -> Iterator[None]:
        """Keep what is raised for `fault`."""
        try:
            yield
        except (LineageError, OSError) as error:
            lost = outage(error, place(path))
            self._faults[path] = error if lost is None else lost
            raise


def _open(path: str) -> Any:
    where = place(path)
    assert isinstance(where, Remote)  # noqa: S101 - DuckDB asks for its protocol only
    with reaching(where):
        return file_system().open_input_file(where.address)


class _Opened(Download):
    """A file of DuckDB's, whose faults are kept."""

    def __init__(self, owner: Objects, path: str, source: Any) -> None:
        super().__init__(source)
        self._owner, self._path = owner, path

    def read(self, size: int | None = -1) -> bytes:
        with self._owner.noting(self._path):
            return super().read(size)
