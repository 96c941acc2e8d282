"""The first row that came with each key: a hash table over flat arrays, for keys of a fixed number of 64-bit words.

seen = FirstSeen(words=1)
again, first = seen.add(keys, rows)    # which of the rows came with a key seen before, and the row that brought it
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lineage_platform.transformations.buffers import kernel

Keys = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]

_GOLDEN = 0x9E3779B97F4A7C15  # 2^64 by the golden ratio: D. E. Knuth, TAOCP volume 3, section 6.4
_NONE = -1


class FirstSeen:
    """Grows with the number of different keys, never with the number of rows: about 16 + 8 bytes by word for each."""

    def __init__(self, words: int) -> None:
        self._keys = np.empty((0, words), np.uint64)
        self._rows = np.empty(0, np.int64)
        self._used = 0

    def add(self, keys: Keys, rows: Numbers) -> tuple[Numbers, Numbers]:
        """Take in `keys`, shape (rows, words), and `rows`, not negative: the rows whose key was known, and its first row."""
        self._make_room(len(rows))
        positions = np.empty(len(rows), np.int64)
        first = np.empty(len(rows), np.int64)
        known = _enter(keys, rows, self._keys, self._rows, positions, first)
        self._used += len(rows) - known
        return rows[positions[:known]], first[:known]

    def _make_room(self, more: int) -> None:
        wanted = 1 << (2 * (self._used + more)).bit_length()
        if wanted <= len(self._rows):
            return
        keys, rows = self._keys, self._rows
        self._keys = np.empty((wanted, keys.shape[1]), np.uint64)
        self._rows = np.full(wanted, _NONE, np.int64)
        full = rows != _NONE
        nothing = np.empty(self._used, np.int64)
        _enter(keys[full], rows[full], self._keys, self._rows, nothing, nothing)


@kernel
def _enter(
    keys: Keys, rows: Numbers, table: Keys, firsts: Numbers, positions: Numbers, first: Numbers
) -> int:
    """Open addressing with linear probing; the table's length is a power of two, at most half of it full."""
    words = keys.shape[1]
    mask = firsts.size - 1
    shift = np.uint64(64)
    while mask >> (np.uint64(64) - shift) != 0:
        shift -= np.uint64(1)
    known = 0
    for i in range(rows.size):
        at = np.int64((keys[i, 0] * np.uint64(_GOLDEN)) >> shift) if mask else 0
        while firsts[at] != _NONE:
            same = True
            for word in range(words):
                if table[at, word] != keys[i, word]:
                    same = False
                    break
            if same:
                break
            at = (at + 1) & mask
        if firsts[at] == _NONE:
            firsts[at] = rows[i]
            for word in range(words):
                table[at, word] = keys[i, word]
        else:
            positions[known] = i
            first[known] = firsts[at]
            known += 1
    return known
