"""Generated placements of a corpus of any size: sources and terms by Zipf's law, tokens log-normal, shards by a hash.

A document's shard is decided by a permutation of the numbers below a power of two, which scatters as a hash does and can be
inverted: placements come in the order of packing, shard by shard, and any single one can be foretold without the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lineage_platform.model.keys import ORDINAL_BITS
from lineage_platform.model.tables import PLACEMENTS_BY_SHARD

_DRAWS = 65_536
_MEDIAN_TOKENS, _SIGMA = 545.0, 1.1
"""As of web text: mean 1,000 tokens."""

_FACTORS = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)


@dataclass(frozen=True)
class Layout:
    """A corpus of `documents` in `shards`; arrays are by source (rank), `terms` by source and rank inside it."""

    documents: int
    shards: int
    bits: int
    starts: npt.NDArray[np.int64]
    snapshots: npt.NDArray[np.int64]
    terms: npt.NDArray[np.int64]
    tokens: npt.NDArray[np.int32]
    ranks: npt.NDArray[np.int32]

    @property
    def sizes(self) -> npt.NDArray[np.int64]:
        """Documents of each source."""
        return np.diff(self.starts, append=self.documents)

    def first(self, shard: int) -> int:
        """The first position of a shard."""
        return -(-(shard << self.bits) // self.shards)

    def key(self, document: int) -> int:
        """Document key of a document by its number."""
        source = int(np.searchsorted(self.starts, document, side="right")) - 1
        return int(self.snapshots[source]) << ORDINAL_BITS | (document - int(self.starts[source]))

    def shard_of(self, document: int) -> int:
        """Where a document is, foretold."""
        return (inverted(document, self.bits) * self.shards) >> self.bits


def zipf(total: int, count: int) -> npt.NDArray[np.int64]:
    """`total` shared out to `count` in proportion to 1, 1/2, 1/3, ..."""
    weights = 1 / np.arange(1, count + 1)
    sizes = np.floor(weights / weights.sum() * total).astype(np.int64)
    sizes[0] += total - sizes.sum()
    return sizes


def layout(
    documents: int, shards: int, snapshots: npt.NDArray[np.int64], terms: npt.NDArray[np.int64]
) -> Layout:
    """A corpus of sources with these snapshot numbers, by falling size, and terms numbers (a row a source)."""
    sizes = zipf(documents, len(snapshots))
    normal = NormalDist()
    draws = [normal.inv_cdf((draw + 0.5) / _DRAWS) for draw in range(_DRAWS)]
    return Layout(
        documents,
        shards,
        max(1, (documents - 1).bit_length()),
        np.cumsum(sizes) - sizes,
        snapshots,
        terms,
        np.exp(np.log(_MEDIAN_TOKENS) + _SIGMA * np.array(draws)).astype(np.int32),
        np.repeat(np.arange(terms.shape[1], dtype=np.int32), zipf(_DRAWS, terms.shape[1])),
    )


def placements(
    corpus: Layout, first: int, last: int
) -> tuple[pa.Table, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Placements of the shards from `first` to before `last`, with documents and tokens of each."""
    begin, end = corpus.first(first), corpus.first(last)
    room = end - begin
    columns = (
        np.empty(room, np.int32),
        np.empty(room, np.int32),
        np.empty(room, np.int64),
        np.empty(room, np.int64),
        np.empty(room, np.int32),
    )
    counts, tokens = np.zeros(last - first, np.int64), np.zeros(last - first, np.int64)
    rows = _fill(begin, end, first, *_arguments(corpus), *columns, counts, tokens)
    table = pa.table([pa.array(column[:rows]) for column in columns], schema=PLACEMENTS_BY_SHARD)
    return table, counts, tokens


def expected_tokens(corpus: Layout) -> npt.NDArray[np.int64]:
    """Tokens of each source, by walking through its documents rather than through shards."""
    sums = np.zeros(len(corpus.starts), np.int64)
    _sum(corpus.starts, corpus.documents, corpus.tokens, sums)
    return sums


def inverted(value: int, bits: int) -> int:
    """The position that the permutation takes to `value`."""
    mask, half = (1 << bits) - 1, bits // 2 + 1
    for factor in reversed(_FACTORS):
        value ^= value >> half
        value = (value - factor) * pow(factor, -1, 1 << bits) & mask
    return value


def _arguments(corpus: Layout) -> tuple[Any, ...]:
    return (
        corpus.bits,
        corpus.documents,
        corpus.shards,
        corpus.starts,
        corpus.snapshots,
        corpus.terms,
        corpus.tokens,
        corpus.ranks,
    )


@numba.njit(inline="always")
def _mixed(value: np.uint64) -> np.uint64:
    """The finaliser of MurmurHash3."""
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xFF51AFD7ED558CCD)
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xC4CEB9FE1A85EC53)
    return value ^ (value >> np.uint64(33))


@numba.njit(inline="always")
def _permuted(value: np.uint64, mask: np.uint64, half: np.uint64) -> np.uint64:
    value = (value * np.uint64(0x9E3779B97F4A7C15) + np.uint64(0x9E3779B97F4A7C15)) & mask
    value ^= value >> half
    value = (value * np.uint64(0xBF58476D1CE4E5B9) + np.uint64(0xBF58476D1CE4E5B9)) & mask
    value ^= value >> half
    value = (value * np.uint64(0x94D049BB133111EB) + np.uint64(0x94D049BB133111EB)) & mask
    return value ^ (value >> half)


@numba.njit(cache=True, nogil=True)
def _fill(
    begin: int,
    end: int,
    first: int,
    bits: int,
    documents: int,
    shards: int,
    starts: Any,
    snapshots: Any,
    terms: Any,
    draws: Any,
    ranks: Any,
    shard: Any,
    row: Any,
    document: Any,
    number: Any,
    tokens: Any,
    counts: Any,
    sums: Any,
) -> int:
    mask, half = (np.uint64(1) << np.uint64(bits)) - np.uint64(1), np.uint64(bits // 2 + 1)
    rows = 0
    for position in range(begin, end):
        value = _permuted(np.uint64(position), mask, half)
        if value >= np.uint64(documents):
            continue
        which = np.int64(value)
        source = np.searchsorted(starts, which, side="right") - 1
        random = _mixed(value + np.uint64(77))
        here = (position * shards) >> bits
        shard[rows] = here
        row[rows] = counts[here - first]
        document[rows] = (snapshots[source] << 36) | (which - starts[source])
        number[rows] = terms[source, ranks[(random >> np.uint64(16)) & np.uint64(0xFFFF)]]
        tokens[rows] = draws[random & np.uint64(0xFFFF)]
        counts[here - first] += 1
        sums[here - first] += tokens[rows]
        rows += 1
    return rows


@numba.njit(cache=True, nogil=True)
def _sum(starts: Any, documents: int, draws: Any, sums: Any) -> None:
    for source in range(len(starts)):
        end = starts[source + 1] if source + 1 < len(starts) else documents
        total = 0
        for which in range(starts[source], end):
            total += draws[_mixed(np.uint64(which) + np.uint64(77)) & np.uint64(0xFFFF)]
        sums[source] = total
