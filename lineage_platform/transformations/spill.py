"""Rows on their way from one task to another, by group: our side of a shuffle, in bounded memory.

A writer appends Arrow record batches, each of one group, to one file, and keeps beside it a directory of where they
are: (group, offset, length) as int64, sorted by group. Groups count from 0; no column is a dictionary. A reader of one group touches only that group's bytes. Spill files live under an attempt's scratch folder, are not
versioned, and go when the transformation that made them is done, on object storage when its attempt is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lineage_platform.files import (
    Place,
    create,
    open_input,
    place,
    reaching,
    read_bytes,
    read_ranges,
    release,
)

_DIRECTORIES = 1024
"""Directories of remote spills that a process keeps, so that not every group asks for them again."""

_CONNECTIONS = 16

_Wanted = tuple[Place, list[tuple[int, int]]]
"""A spill and the ranges of it that are wanted: (offset, length)."""


class SpillWriter:
    """Writes the rows of one task; use as a context manager. `path` names the spill afterwards."""

    def __init__(self, where: Place, schema: pa.Schema, compression: Literal["zstd"] | None = None) -> None:
        self.path = str(where)
        self._where = where
        self._file = create(where)
        self._stream = pa.ipc.new_stream(
            self._file, schema, options=pa.ipc.IpcWriteOptions(compression=compression)
        )
        self._stream.write_batch(
            pa.RecordBatch.from_pylist([], schema)
        )  # the schema message goes out with it
        self._directory: list[tuple[int, int, int]] = []

    def write(self, rows: pa.Table, groups: npt.NDArray[np.integer]) -> None:
        """Append rows, each under its group; rows of one group keep their order."""
        if len(groups) == 0:
            return
        order = np.argsort(groups, kind="stable")
        ordered = groups[order]
        if not np.array_equal(order, np.arange(len(order))):
            rows = rows.take(pa.array(order))
        starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        self.write_runs(rows, ordered[starts], np.append(starts, len(ordered)))

    def write_runs(
        self, rows: pa.Table, groups: npt.NDArray[np.integer], bounds: npt.NDArray[np.integer]
    ) -> None:
        """Append rows that lie group by group: `groups[i]` has rows `bounds[i]` to `bounds[i + 1]`, if any."""
        with reaching(self._where):
            for group, start, end in zip(
                groups.tolist(), bounds[:-1].tolist(), bounds[1:].tolist(), strict=True
            ):
                for batch in rows.slice(start, end - start).combine_chunks().to_batches():
                    offset = self._file.tell()
                    self._stream.write_batch(batch)
                    self._directory.append((group, offset, self._file.tell() - offset))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with reaching(self._where):
            self._stream.close()
            if kind is not None:
                self._file.abandon()
                return
            self._file.close()
            directory = np.array(self._directory or [(-1, 0, 0)], np.int64)
            with create(_directory_of(self.path)) as file:
                file.write(np.ascontiguousarray(directory[np.argsort(directory[:, 0], kind="stable")]))


def read_spills(spills: Iterable[str], group: int, schema: pa.Schema) -> pa.Table:
    """All rows of one group, spill by spill in the order given; local ones are mapped from the files, not copied."""
    return _read(_find_all(spills, range(group, group + 1)), schema)


def spill_chunks(
    spills: Iterable[str], groups: range, schema: pa.Schema, chunk_bytes: int
) -> Iterator[pa.Table]:
    """Rows of consecutive groups, spill by spill in the order given, by group within a spill: about `chunk_bytes` at a
    time, and no more than what was written at once beyond that."""
    wanted: list[_Wanted] = []
    size = 0
    for where, ranges in _find_all(spills, groups):
        taken: list[tuple[int, int]] = []
        for at, length in ranges:
            taken.append((at, length))
            size += length
            if size >= chunk_bytes:
                yield _read([*wanted, (where, taken)], schema)
                wanted, taken, size = [], [], 0
        if taken:
            wanted.append((where, taken))
    if wanted:
        yield _read(wanted, schema)


def _find_all(spills: Iterable[str], groups: range) -> list[_Wanted]:
    """Where some groups are in each of some spills; the directories of remote ones are asked for at the same time."""
    paths = list(spills)
    if len(paths) < 2 or isinstance(place(paths[0]), Path):
        return [_find(path, groups) for path in paths]
    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        return list(pool.map(lambda path: _find(path, groups), paths))


def _find(path: str, groups: range) -> _Wanted:
    """Where in a spill the rows of some groups are."""
    directory = _read_directory(path)
    first, last = np.searchsorted(directory[:, 0], [groups.start, groups.stop])
    return place(path), [(at, length) for _, at, length in directory[first:last].tolist()]


def _read(wanted: Sequence[_Wanted], schema: pa.Schema) -> pa.Table:
    batches = [
        pa.ipc.read_record_batch(pa.ipc.read_message(data), schema)
        for found in read_ranges([item for item in wanted if item[1]])
        for data in found
    ]
    return pa.Table.from_batches(batches, schema)


def remove_spills(spills: Iterable[str]) -> None:
    """Spills that nobody reads any more."""
    for path in spills:
        release([place(path), _directory_of(path)])


def _directory_of(path: str) -> Place:
    return place(f"{path}.directory")


def _read_directory(path: str) -> npt.NDArray[np.int64]:
    where = _directory_of(path)
    if isinstance(where, Path):
        with open_input(where) as file:
            return np.frombuffer(file.read_buffer(), np.int64).reshape(-1, 3)
    return _read_remote_directory(path)


@lru_cache(maxsize=_DIRECTORIES)
def _read_remote_directory(path: str) -> npt.NDArray[np.int64]:
    return np.frombuffer(read_bytes(_directory_of(path)), np.int64).reshape(-1, 3)
