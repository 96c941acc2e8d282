"""Stretches: the annotated documents of a corpus in key order, cut into runs of about as many rows each.

A stretch is whole row groups of annotation parts, so it is bounded whatever the parts are. Rows count from 0 over all
stretches; steps that look at documents one by one, or write by document key, have one task a stretch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lineage_platform.errors import InvalidInput
from lineage_platform.files import Place
from lineage_platform.transformations.parts import KeyRange, read_batches

STRETCH_ROWS = 512 * 1024
LOT_PARTS = 16

_BATCH_ROWS = 64 * 1024


@dataclass(frozen=True)
class Piece:
    """Row groups of one annotations part, in order."""

    annotations: str
    groups: tuple[int, ...]


@dataclass(frozen=True)
class Stretch:
    """Rows `start` to `start + rows`; no document key of them is below `low`, or below that of an earlier stretch."""

    number: int
    start: int
    rows: int
    low: int
    pieces: tuple[Piece, ...]

    def batches(self, columns: Sequence[str]) -> Iterator[tuple[int, pa.RecordBatch]]:
        """All rows, up to twice _BATCH_ROWS at a time, each batch with the position of its first row in the stretch."""
        position = rows = 0
        small: list[pa.RecordBatch] = []
        for piece in self.pieces:
            for batch in read_batches(piece.annotations, columns, _BATCH_ROWS, piece.groups):
                small.append(batch)
                rows += batch.num_rows
                if rows >= _BATCH_ROWS:
                    yield position, _joined(small)
                    position, rows, small = position + rows, 0, []
        if small:
            yield position, _joined(small)


@dataclass(frozen=True)
class Cuts:
    """Where stretches begin, by row number and by document key."""

    rows: npt.NDArray[np.int64]
    keys: npt.NDArray[np.int64]

    def of_rows(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.integer]:
        """The stretch of each row."""
        return _narrow(np.searchsorted(self.rows, rows, side="right") - 1, len(self.rows))

    def of_documents(self, keys: npt.NDArray[np.int64]) -> npt.NDArray[np.integer]:
        """The stretch of each document."""
        return _narrow(np.searchsorted(self.keys, keys, side="right") - 1, len(self.keys))


def cut(parts: Sequence[tuple[str, Sequence[KeyRange]]]) -> list[Stretch]:
    """Stretches of annotation parts given in any order, each with the key range of every row group; at least one.

    Raises InvalidInput where the keys of two parts overlap.
    """
    groups = sorted(
        (keys.low, keys.high, path, number, keys.rows)
        for path, ranges in parts
        for number, keys in enumerate(ranges)
        if keys.rows
    )
    stretches: list[Stretch] = []
    pieces: dict[str, list[int]] = {}
    start = rows = low = 0
    above = -1
    for first, last, path, number, count in groups:
        if first <= above:
            raise InvalidInput(
                f"{path}: got document keys that another part holds too, expected each part once"
            )
        above = last
        if rows and rows + count > STRETCH_ROWS:
            stretches.append(_stretch(len(stretches), start, rows, low, pieces))
            start, rows, pieces = start + rows, 0, {}
        if not rows:
            low = first
        rows += count
        pieces.setdefault(path, []).append(number)
    return [*stretches, _stretch(len(stretches), start, rows, low, pieces)]


def lots(paths: Sequence[Place]) -> list[tuple[str, ...]]:
    """Parts of which one task looks at narrow columns or footers: a task costs as much as several of those."""
    return [tuple(map(str, paths[start : start + LOT_PARTS])) for start in range(0, len(paths), LOT_PARTS)]


def cuts_of(stretches: Sequence[Stretch]) -> Cuts:
    """Where the stretches begin."""
    return Cuts(
        np.array([stretch.start for stretch in stretches], np.int64),
        np.array([stretch.low for stretch in stretches], np.int64),
    )


def _stretch(number: int, start: int, rows: int, low: int, pieces: dict[str, list[int]]) -> Stretch:
    listed = tuple(Piece(path, tuple(groups)) for path, groups in pieces.items())
    return Stretch(number, start, rows, low, listed)


def _joined(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    """One batch; parts of small sources are many."""
    if len(batches) == 1:
        return batches[0]
    [joined] = pa.Table.from_batches(batches).combine_chunks().to_batches()
    return joined


def _narrow(numbers: npt.NDArray[np.integer], count: int) -> npt.NDArray[np.integer]:
    """In 16 bits where they do, because those are sorted several times faster."""
    return numbers.astype(np.uint16 if count <= 1 << 16 else np.int64)
