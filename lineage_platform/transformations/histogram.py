"""Exact counts of values: what percentiles of any number of documents need, in the memory of the different values.

    sizes = merged(histogram_of(part) for part in parts)
    sizes.distribution((1, 50, 99))    # {"minimum": 3, "p1": 5, ..., "maximum": 90, "total": 4711}

A histogram of documents' sizes has as many entries as there are different sizes: it is bounded by the largest document.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]

_PENDING = 1024 * 1024


@dataclass(frozen=True)
class Histogram:
    """Different values, ascending, and how often each occurs."""

    values: Numbers
    counts: Numbers

    @property
    def rows(self) -> int:
        """How many values were counted."""
        return int(self.counts.sum())

    @property
    def total(self) -> int:
        """Their sum."""
        return int((self.values * self.counts).sum())

    def distribution(self, percentiles: Sequence[int]) -> dict[str, int]:
        """Minimum, percentiles (the lowest value that so many per cent do not exceed; NumPy's `inverted_cdf`), maximum and
        total; empty where nothing was counted."""
        rows = self.rows
        if not rows:
            return {}
        ends = np.cumsum(self.counts)
        places = [max(0, math.ceil(rows * (p / 100) - 1)) for p in percentiles]
        found = self.values[np.searchsorted(ends, places, side="right")].tolist()
        return {
            "minimum": int(self.values[0]),
            **{f"p{p}": value for p, value in zip(percentiles, found, strict=True)},
            "maximum": int(self.values[-1]),
            "total": self.total,
        }


def histogram_of(values: npt.NDArray[np.integer]) -> Histogram:
    """The histogram of some values."""
    distinct, counts = np.unique(values, return_counts=True)
    return Histogram(distinct.astype(np.int64), counts.astype(np.int64))


def merged(histograms: Iterable[Histogram]) -> Histogram:
    """The histogram of all values together."""
    pending: list[Histogram] = []
    entries = 0
    for histogram in histograms:
        pending.append(histogram)
        entries += len(histogram.values)
        if entries >= 2 * max(_PENDING, len(pending[0].values)):
            pending = [_sum(pending)]
            entries = len(pending[0].values)
    return _sum(pending)


def _sum(histograms: Sequence[Histogram]) -> Histogram:
    if not histograms:
        return Histogram(np.zeros(0, np.int64), np.zeros(0, np.int64))
    values, places = np.unique(np.concatenate([item.values for item in histograms]), return_inverse=True)
    counts = np.zeros(len(values), np.int64)
    np.add.at(counts, places, np.concatenate([item.counts for item in histograms]))
    return Histogram(values, counts)
