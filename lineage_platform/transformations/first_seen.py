"""The first row that came with each key, among keys of a fixed number of 64-bit words of which most come once.

    seen = FirstSeen(words=1, keys=1_000_000)
    for keys, _ in batches:
        seen.note(keys)
    for keys, rows in batches:
        again, first = seen.add(keys, rows)  # which of the rows came with a key seen before, and the row that brought it

Two bits of a Bloom filter of one hash function (B. H. Bloom, CACM 13(7), 1970) tell keys that came once from those that
may have come again, in memory that fits a processor's cache; only these enter the hash table.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lineage_platform.transformations.buffers import kernel

Words = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]

_BITS_A_KEY = 8
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2^64 by the golden ratio: D. E. Knuth, TAOCP volume 3, section 6.4
_NONE = -1


class FirstSeen:
    """For about `keys` keys: more are as well told apart, only slower. Grows with the number of keys that come again."""

    def __init__(self, words: int, keys: int) -> None:
        self._bits = max(6, (_BITS_A_KEY * keys - 1).bit_length())
        self._once = np.zeros(1 << (self._bits - 6), np.uint64)
        self._again = np.zeros_like(self._once)
        self._keys = np.empty((0, words), np.uint64)
        self._rows = np.empty(0, np.int64)
        self._used = 0

    def note(self, keys: Words) -> None:
        """Take notice of `keys`, shape (rows, words), all of them before any is added."""
        _note(keys, self._bits, self._once, self._again)

    def add(self, keys: Words, rows: Numbers) -> tuple[Numbers, Numbers]:
        """Take in `keys` and their `rows`, not negative: the rows whose key was known, and the first row of each."""
        places = np.empty(len(rows) + 1, np.int64)
        places = places[: _repeated(keys, self._bits, self._again, places)]
        self._make_room(len(places))
        later, first = np.empty(len(places), np.int64), np.empty(len(places), np.int64)
        known = _enter(keys, rows, places, self._keys, self._rows, later, first)
        self._used += len(places) - known
        return later[:known], first[:known]

    def _make_room(self, more: int) -> None:
        wanted = 1 << (2 * (self._used + more)).bit_length()
        if wanted <= len(self._rows):
            return
        keys, rows = self._keys, self._rows
        keys.flags.writeable = rows.flags.writeable = (
            False  # as others come, so that the kernel is compiled once
        )
        self._keys = np.empty((wanted, keys.shape[1]), np.uint64)
        self._rows = np.full(wanted, _NONE, np.int64)
        full = np.flatnonzero(rows != _NONE)
        _enter(keys, rows, full, self._keys, self._rows, full, full)


@kernel
def _note(keys: Words, bits: int, once: Words, again: Words) -> None:
    shift = np.uint64(64 - bits)
    for i in range(keys.shape[0]):
        place = (keys[i, 0] * _GOLDEN) >> shift
        word, bit = place >> np.uint64(6), np.uint64(1) << (place & np.uint64(63))
        if once[word] & bit:
            again[word] |= bit
        else:
            once[word] |= bit


@kernel
def _repeated(keys: Words, bits: int, again: Words, places: Numbers) -> int:
    """Put the places of keys that may have come again into `places`; how many."""
    shift = np.uint64(64 - bits)
    count = 0
    for i in range(keys.shape[0]):
        place = (keys[i, 0] * _GOLDEN) >> shift
        places[count] = i
        count += int((again[place >> np.uint64(6)] >> (place & np.uint64(63))) & np.uint64(1))
    return count


@kernel
def _enter(
    keys: Words, rows: Numbers, places: Numbers, table: Words, firsts: Numbers, later: Numbers, first: Numbers
) -> int:
    """Enter the keys at `places`: open addressing with linear probing, in a table whose length is a power of two, and
    which is never more than half full. How many were known: their rows are `later`, the rows that came before `first`."""
    mask = firsts.size - 1
    shift = np.uint64(64)
    while mask >> (np.uint64(64) - shift) != 0:
        shift -= np.uint64(1)
    known = 0
    for i in places:
        at = np.int64((keys[i, 0] * _GOLDEN) >> shift) if mask else 0
        while firsts[at] != _NONE:
            same = True
            for word in range(keys.shape[1]):
                if table[at, word] != keys[i, word]:
                    same = False
                    break
            if same:
                break
            at = (at + 1) & mask
        if firsts[at] == _NONE:
            firsts[at] = rows[i]
            for word in range(keys.shape[1]):
                table[at, word] = keys[i, word]
        else:
            later[known] = rows[i]
            first[known] = firsts[at]
            known += 1
    return known
