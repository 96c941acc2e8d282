"""The hash that decides what is sampled, which shard a document falls into, and where in it: 64 bits of an identity.

Not a digest: it is fast and well spread, and whoever chooses the identities can steer it. Every decision has a purpose
of its own, so that being sampled says nothing about the shard. Results are for ever: a changed value would move
documents between shards, so the test vectors in tests/transformations/test_hashing.py never change.

h = 0; for each 64-bit word w of (purpose, seed, identity's first and second half little-endian, epoch):
h = mix((h xor w) + 0x9E3779B97F4A7C15), where mix is the finaliser of SplitMix64: Steele, Lea, Flood, "Fast splittable
pseudorandom number generators", OOPSLA 2014, with Stafford's variant 13 constants. All arithmetic is modulo 2^64.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lineage_platform.model.keys import IDENTITY_BYTES

Hashes = npt.NDArray[np.uint64]

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


class Purpose(IntEnum):
    """What a hash decides; the numbers are part of the definition."""

    WEIGHT = 1
    SHARD = 2
    ORDER = 3
    SAMPLE = 4


def hash_identities(
    identities: pa.Array, purpose: Purpose, seed: int, epoch: int | npt.NDArray[np.integer] = 0
) -> Hashes:
    """One uint64 for each 16-byte identity; `seed` counts modulo 2^64, `epoch` is one number or one a row."""
    rows = len(identities)
    data = identities.buffers()[1] if rows else b""
    words = np.frombuffer(data, "<u8", 2 * rows, identities.offset * IDENTITY_BYTES if rows else 0).reshape(
        -1, 2
    )
    prefix = _absorb(_absorb(np.zeros(1, np.uint64), int(purpose)), seed % 2**64)
    hashes = _absorb(_absorb(prefix, words[:, 0]), words[:, 1])
    return _absorb(hashes, np.asarray(epoch).astype(np.uint64))


def below(hashes: Hashes, fraction: float) -> npt.NDArray[np.bool_]:
    """Which rows fall into `fraction` of the hash space; a greater fraction only adds rows."""
    if fraction >= 1:
        return np.ones(len(hashes), np.bool_)
    return hashes < np.uint64(max(0, int(fraction * 2.0**64)))


def _absorb(hashes: Hashes, words: int | npt.NDArray[np.uint64]) -> Hashes:
    mixed = (hashes ^ np.asarray(words, np.uint64)) + _GAMMA
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND
    return mixed ^ (mixed >> np.uint64(31))
