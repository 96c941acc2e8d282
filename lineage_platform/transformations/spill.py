"""Rows on their way from one task to another, by group: the local side of a shuffle, in bounded memory.

A writer appends Arrow record batches, each of one group, to one file, and keeps beside it a directory of where they
are: (group, offset, length) as int64, sorted by group. Groups count from 0; no column is a dictionary. A reader of one group touches only that group's bytes. Spill files live under an attempt's scratch folder, are not
versioned, and go when the transformation that made them is done.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa


class SpillWriter:
    """Writes the rows of one task; use as a context manager. `path` names the spill afterwards."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path = str(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = pa.OSFile(self.path, "wb")
        self._stream = pa.ipc.new_stream(self._file, schema)
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
        for start, end in zip(starts, [*starts[1:], len(ordered)], strict=True):
            for batch in rows.slice(start, end - start).combine_chunks().to_batches():
                offset = self._file.tell()
                self._stream.write_batch(batch)
                self._directory.append((int(ordered[start]), offset, self._file.tell() - offset))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()
        self._file.close()
        directory = np.array(self._directory or [(-1, 0, 0)], np.int64)
        directory[np.argsort(directory[:, 0], kind="stable")].tofile(_directory_of(self.path))


def read_spills(spills: Iterable[str], group: int, schema: pa.Schema) -> pa.Table:
    """All rows of one group, spill by spill in the order given, mapped from the files rather than copied."""
    batches: list[pa.RecordBatch] = []
    for path in spills:
        directory = np.memmap(_directory_of(path), np.int64, "r").reshape(-1, 3)
        first, last = np.searchsorted(directory[:, 0], [group, group + 1])
        if first == last:
            continue
        with pa.memory_map(path) as file:
            for _, offset, length in directory[first:last].tolist():
                file.seek(offset)
                message = pa.ipc.read_message(file.read_buffer(length))
                batches.append(pa.ipc.read_record_batch(message, schema))
    return pa.Table.from_batches(batches, schema)


def remove_spills(spills: Iterable[str]) -> None:
    """Delete spills that nobody reads any more."""
    for path in spills:
        Path(path).unlink()
        Path(_directory_of(path)).unlink()


def _directory_of(path: str) -> str:
    return f"{path}.directory"
