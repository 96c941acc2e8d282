"""The overlay, applied to every answer: terms that replace those of what they cover, whatever the files say.

Every row of the overlay comes down to ranges of document keys. Where several rows cover a document, the most specific
one counts (document, subject, key range, source), and of two equally specific ones the later recorded. What is left are
disjoint intervals, which a query joins to its rows.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from lineage_platform.catalog.rows import OverlayRow, SnapshotRow


@dataclass(frozen=True)
class Interval:
    """Document keys `first` to `last`, both inclusive, whose terms the overlay row `overlay` replaces."""

    first: int
    last: int
    overlay: int


def cover(
    rows: Sequence[OverlayRow],
    snapshots_of: Callable[[str], Iterable[SnapshotRow]],
    documents_of: Callable[[Sequence[bytes]], Iterable[tuple[bytes, int]]],
) -> list[Interval]:
    """The disjoint intervals that `rows` cover, in key order.

    `snapshots_of` gives the snapshots of a source, `documents_of` pairs of (subject, document key) of data subjects.
    """
    documents: dict[bytes, list[int]] = {}
    subjects = [row.subject for row in rows if row.subject is not None]
    if subjects:
        for subject, document in documents_of(subjects):
            documents.setdefault(subject, []).append(document)
    ranges: list[_Range] = []
    for row in rows:
        rank = (_specificity(row), row.recorded_at, row.id)
        ranges.extend(_Range(first, last, rank) for first, last in _reach(row, snapshots_of, documents))
    return _disjoint(ranges)


_Rank = tuple[int, datetime, int]


@dataclass(frozen=True)
class _Range:
    first: int
    last: int
    rank: _Rank


def _specificity(row: OverlayRow) -> int:
    if row.document is not None:
        return 3
    if row.subject is not None:
        return 2
    return 1 if row.key_from is not None else 0


def _reach(
    row: OverlayRow,
    snapshots_of: Callable[[str], Iterable[SnapshotRow]],
    documents: dict[bytes, list[int]],
) -> Iterable[tuple[int, int]]:
    if row.document is not None:
        return [(row.document, row.document)]
    if row.subject is not None:
        return [(document, document) for document in documents.get(row.subject, [])]
    if row.key_from is not None and row.key_to is not None:
        return [(row.key_from, row.key_to)]
    return [snapshot.keys for snapshot in snapshots_of(row.source or "")]


def _disjoint(ranges: Sequence[_Range]) -> list[Interval]:
    """Sweep over the bounds; between two of them the range of the highest rank counts."""
    starts = sorted(ranges, key=lambda item: item.first)
    bounds = sorted({item.first for item in ranges} | {item.last + 1 for item in ranges})
    active: list[tuple[tuple[int, float, int], _Range]] = []
    result: list[Interval] = []
    position = 0
    for here, following in itertools.pairwise(bounds):
        while position < len(starts) and starts[position].first <= here:
            entering = starts[position]
            specificity, recorded, number = entering.rank
            heapq.heappush(active, ((-specificity, -recorded.timestamp(), -number), entering))
            position += 1
        while active and active[0][1].last < here:
            heapq.heappop(active)
        if not active:
            continue
        overlay = active[0][1].rank[2]
        if result and result[-1].overlay == overlay and result[-1].last + 1 == here:
            result[-1] = Interval(result[-1].first, following - 1, overlay)
        else:
            result.append(Interval(here, following - 1, overlay))
    return result
