"""Arrow string columns as flat NumPy buffers and back, for kernels that work on bytes instead of Python objects.

values, offsets = utf8_buffers(column)      # row i is values[offsets[i]:offsets[i + 1]]
column = large_string(values, offsets)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int64]

_Function = TypeVar("_Function", bound=Callable[..., Any])


def kernel(function: _Function) -> _Function:
    """Compile a function over flat buffers with numba, without the GIL, kept on disk between runs where that is possible.

    Everything a kernel calls belongs in the kernel's own file: the disk cache does not see changes elsewhere.
    """
    try:
        return cast("_Function", numba.njit(nogil=True, cache=True)(function))
    except RuntimeError:  # neither the package's folder nor the user's cache folder can be written
        return cast("_Function", numba.njit(nogil=True)(function))


def utf8_buffers(column: pa.Array) -> tuple[Bytes, Offsets]:
    """Bytes (uint8) and offsets (int64, rows + 1) of a string or large_string array; null rows are empty.

    Zero copy for a large_string array without nulls. Offsets need not begin at 0 nor end at the last byte. Both arrays
    are read-only, always, so that a kernel is compiled once.
    """
    if column.type != pa.large_string():
        column = column.cast(pa.large_string())
    if column.null_count:
        column = pc.fill_null(column, "")
    _, offsets, values = column.buffers()
    rows = len(column)
    if offsets is None or offsets.size == 0:
        offsets = pa.py_buffer(bytes(8 * (rows + 1)))
    data = np.frombuffer(values or b"", np.uint8)
    bounds = np.frombuffer(offsets, np.int64)[column.offset : column.offset + rows + 1]
    data.flags.writeable = bounds.flags.writeable = False
    return data, bounds


def large_string(values: Bytes, offsets: Offsets) -> pa.LargeStringArray:
    """A large_string array over the given buffers, zero copy; the bytes must be valid UTF-8 in every row."""
    return pa.LargeStringArray.from_buffers(
        len(offsets) - 1, pa.py_buffer(np.ascontiguousarray(offsets)), pa.py_buffer(values)
    )


def lengths(offsets: Offsets) -> Offsets:
    """Bytes of every row."""
    return np.diff(offsets)


def replace_rows(column: pa.Array, rows: Offsets, replacements: pa.Array) -> pa.LargeStringArray:
    """`column` with `replacements[i]` in place of row `rows[i]`; `rows` ascends and has no duplicates."""
    values, offsets = utf8_buffers(column)
    new_values, new_offsets = utf8_buffers(replacements)
    sizes = lengths(offsets)
    sizes[rows] = lengths(new_offsets)
    out_offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
    out = np.empty(out_offsets[-1], np.uint8)
    _splice(values, offsets, rows, new_values, new_offsets, out)
    return large_string(out, out_offsets)


@kernel
def _copy(source: Bytes, first: int, end: int, out: Bytes, write: int) -> int:
    """Copy source[first:end] to out[write:]; returns where it ends there."""
    read, written = source[first:end], out[write : write + end - first]
    for i in range(len(read)):
        written[i] = read[i]
    return write + len(read)


@kernel
def _splice(
    values: Bytes,
    offsets: Offsets,
    rows: Offsets,
    new_values: Bytes,
    new_offsets: Offsets,
    out: Bytes,
) -> None:
    row = 0
    write = 0
    for i in range(len(rows)):
        write = _copy(values, offsets[row], offsets[rows[i]], out, write)
        write = _copy(new_values, new_offsets[i], new_offsets[i + 1], out, write)
        row = rows[i] + 1
    _copy(values, offsets[row], offsets[len(offsets) - 1], out, write)


@kernel
def substitute(
    values: Bytes, offsets: Offsets, spans: Offsets, pieces: Bytes, piece_offsets: Offsets, out: Bytes
) -> None:
    """Write the rows that have spans to `out`, one after the other, with a piece in place of each span.

    `spans` has the shape (spans, 4): row, first byte, end, and which piece; in order, without overlap.
    """
    write = 0
    for i in range(len(spans)):
        row, first, end, piece = spans[i, 0], spans[i, 1], spans[i, 2], spans[i, 3]
        read = spans[i - 1, 2] if i > 0 and spans[i - 1, 0] == row else offsets[row]
        write = _copy(values, read, first, out, write)
        write = _copy(pieces, piece_offsets[piece], piece_offsets[piece + 1], out, write)
        if i + 1 == len(spans) or spans[i + 1, 0] != row:
            write = _copy(values, end, offsets[row + 1], out, write)
