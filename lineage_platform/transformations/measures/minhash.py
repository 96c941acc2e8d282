"""MinHash band keys: two texts that share one are candidates for near duplicates.

    A. Z. Broder, "On the resemblance and containment of documents", SEQUENCES 1997;
    J. Leskovec, A. Rajaraman, J. Ullman, "Mining of Massive Datasets", sections 3.3 and 3.4.

A text's *shingles* are the n-grams of its words in normal form (see `words`), or all its words if it has fewer than n. The
signature has b bands of r rows; a row is the minimum, over the shingles, of one hash function of a fixed family. Two texts
whose sets of shingles have Jaccard similarity s agree in a whole band, and so share its key, with probability s^r; they share
at least one of b keys with probability 1 - (1 - s^r)^b. A key includes its band's number: keys of different bands never meet.

The family: a shingle is hashed once to 64 bits, halves x and y; function i is (a_i x + b_i y + c_i) mod 2^32, with odd
a_i and b_i, drawn by SplitMix64 from a fixed seed.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lineage_platform.transformations.buffers import kernel
from lineage_platform.transformations.measures.layout import Words
from lineage_platform.transformations.measures.mixing import SEQUENCE, mix

_SEED = 0x6C696E65616765
_GAMMA = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1
_BLOCK = 1024  # shingles whose halves stay in the first-level cache

Functions = npt.NDArray[np.uint32]
"""Shape (3, b r): the coefficients a, b and c of each hash function."""

Minima = npt.NDArray[np.uint32]


def _split_mix(state: int) -> int:
    value = state & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def hash_functions(count: int) -> Functions:
    """The first `count` hash functions of the family."""
    numbers = [_split_mix(_SEED + (i + 1) * _GAMMA) for i in range(2 * count)]
    functions = np.empty((3, count), np.uint32)
    functions[0] = [(number >> 32) | 1 for number in numbers[::2]]
    functions[1] = [(number & 0xFFFFFFFF) | 1 for number in numbers[::2]]
    functions[2] = [number >> 32 for number in numbers[1::2]]
    return functions


@kernel
def _lower(minima: Minima, functions: Functions, x: Minima, y: Minima, count: int) -> None:
    """Lower each minimum to the least value of its function over shingles of halves x[:count] and y[:count].

    Function by function, so that the loop over the shingles is one of vector instructions.
    """
    for i in range(minima.size):
        a, b, c = functions[0, i], functions[1, i], functions[2, i]
        least = minima[i]
        for j in range(count):
            least = min(least, np.uint32(np.uint32(a * x[j]) + np.uint32(b * y[j]) + c))
        minima[i] = least


@kernel
def band_keys(
    words: Words,
    texts: int,
    ngram: int,
    bands: int,
    functions: Functions,
    normal: npt.NDArray[np.uint64],
    minima: Minima,
    keys: npt.NDArray[np.uint64],
) -> npt.NDArray[np.bool_]:
    """Band keys of `texts` texts, into `keys` of shape (texts, bands).

    Returns which texts have keys: one none of whose words has a normal form has none, its row is left as it was.
    `normal` (uint64, words of the longest text) and `minima` (uint32, rows of all bands) are scratch.
    """
    rows = minima.size // bands
    keyed = np.zeros(texts, np.bool_)
    shingle = np.empty(_BLOCK, np.uint64)
    x, y = np.empty(_BLOCK, np.uint32), np.empty(_BLOCK, np.uint32)
    for text in range(texts):
        count = 0
        for i in range(words.first[text], words.first[text + 1]):
            normal[count] = words.normal[i]
            count += words.normal[i] != 0
        if count == 0:
            continue
        length = min(ngram, count)
        minima[:] = np.uint32(0xFFFFFFFF)
        shingles = count - length + 1
        for first in range(0, shingles, _BLOCK):
            block = min(_BLOCK, shingles - first)
            shingle[:block] = SEQUENCE
            for i in range(first, first + length):
                for j in range(block):
                    shingle[j] = (shingle[j] ^ normal[i + j]) * SEQUENCE
            for j in range(block):
                value = mix(shingle[j])
                x[j], y[j] = np.uint32(value >> np.uint64(32)), np.uint32(value)
            _lower(minima, functions, x, y, block)
        for band in range(bands):
            key = np.uint64(band) + SEQUENCE
            for row in range(band * rows, (band + 1) * rows):
                key = mix((key ^ np.uint64(minima[row])) * SEQUENCE)
            keys[text, band] = key
        keyed[text] = True
    return keyed
