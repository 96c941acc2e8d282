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

    Zero copy for a large_string array without nulls. Offsets need not begin at 0 nor end at the last byte.
    """
    if column.type != pa.large_string():
        column = column.cast(pa.large_string())
    if column.null_count:
        column = pc.fill_null(column, "")
    _, offsets, values = column.buffers()
    rows = len(column)
    if offsets is None or offsets.size == 0:
        return np.zeros(0, np.uint8), np.zeros(rows + 1, np.int64)
    data = np.zeros(0, np.uint8) if values is None else np.frombuffer(values, np.uint8)
    return data, np.frombuffer(offsets, np.int64)[column.offset : column.offset + rows + 1]


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
    _splice(values, offsets, rows, new_values, new_offsets, out, out_offsets)
    return large_string(out, out_offsets)


@kernel
def _splice(
    values: Bytes,
    offsets: Offsets,
    rows: Offsets,
    new_values: Bytes,
    new_offsets: Offsets,
    out: Bytes,
    out_offsets: Offsets,
) -> None:
    row = 0
    for i in range(len(rows)):
        replaced = rows[i]
        if replaced > row:
            out[out_offsets[row] : out_offsets[replaced]] = values[offsets[row] : offsets[replaced]]
        out[out_offsets[replaced] : out_offsets[replaced + 1]] = new_values[
            new_offsets[i] : new_offsets[i + 1]
        ]
        row = replaced + 1
    last = len(offsets) - 1
    out[out_offsets[row] : out_offsets[last]] = values[offsets[row] : offsets[last]]
