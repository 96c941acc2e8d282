"""The overlay, applied to every answer: terms that replace those of what they cover, whatever the files say.

Every row of the overlay comes down to ranges of document keys, but for those that replace the terms of a terms number: they count
where no range but a source's does (`foremost`). Where several rows cover a document, a withdrawal goes before what only restates; then
the most specific counts (document, subject, key range, terms number, source), and of two equally specific ones the later recorded.
What is left are disjoint intervals, which a query joins to its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from lineage_platform.catalog.rows import OverlayRow, SnapshotRow
from lineage_platform.model.ranges import disjoint


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
    subjects = [subject for row in rows for subject in row.hashes]
    if subjects:
        for subject, document in documents_of(subjects):
            documents.setdefault(subject, []).append(document)
    ranges: list[_Range] = []
    for row in rows:
        order = (row.withdrawal is None, -_specificity(row), -row.recorded_at.timestamp(), -row.id)
        ranges.extend((first, last, order) for first, last in _reach(row, snapshots_of, documents))
    return [Interval(first, last, -order[3]) for first, last, order in disjoint(ranges)]


_Order = tuple[bool, int, float, int]
"""Lowest counts: what only restates after withdrawals, less specific later, earlier recorded later; the last part is the
overlay row, negative."""

_Range = tuple[int, int, _Order]
"""(first key, last key, order)"""


def foremost(number: OverlayRow | None, other: OverlayRow | None) -> OverlayRow | None:
    """Which counts of a row about a terms number and another one over the same documents: a withdrawal before what only
    restates; else the terms number before a source, and what is more specific before the terms number."""
    if number is None or other is None:
        return number or other
    if (number.withdrawal is None) != (other.withdrawal is None):
        return other if number.withdrawal is None else number
    return number if other.source is not None else other


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
        return [(document, document) for subject in row.hashes for document in documents.get(subject, [])]
    if row.key_from is not None and row.key_to is not None:
        return [(row.key_from, row.key_to)]
    if row.source is None:
        return []
    return [snapshot.keys for snapshot in snapshots_of(row.source)]
