"""Clusters of linked documents: connected components, in memory bounded by a span of rows however many links there are.

Large-star and small-star steps take turns until nothing changes (R. Kiveris, S. Lattanzi, V. Mirrokni, V. Rastogi,
S. Vassilvitskii, "Connected components in MapReduce and beyond", SoCC 2014): each step is one task a span of stretches,
and replaces links by others that connect the same documents, closer to the lowest of them. What is linked inside a span
is solved at once by union-find, so that a corpus of one span takes one step. A document with any number of links costs a
chunk of them at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lineage_platform.files import Place, place
from lineage_platform.transformations.buffers import kernel
from lineage_platform.transformations.engine import Engine
from lineage_platform.transformations.links import LINK, Spills, one
from lineage_platform.transformations.spill import SpillWriter
from lineage_platform.transformations.stretches import Cuts, Stretch

Numbers = npt.NDArray[np.int64]

SPAN_ROWS = 8 * 1024 * 1024
"""Rows that one task of a star step covers: 17 bytes each, linked or not."""

_ENDS = pa.schema([pa.field("row", pa.int64()), pa.field("other", pa.int64())])
"""A link as seen from one of its ends."""

_FAR = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Clusters:
    """Clusters, as stars around their lowest members, in spills by stretch; `copies` members are not the lowest."""

    stars: Spills
    copies: int


@dataclass(frozen=True)
class _Step:
    """One star step of one span: links come from `spills`, go to `result`."""

    start: int
    rows: int
    stretches: range
    spills: tuple[Spills, ...]
    cuts: Cuts
    result: str


@dataclass(frozen=True)
class _Stepped:
    """What a star step did: links that it put down; links that led out of the span; links that are others than before."""

    links: int
    outside: int
    changed: int


def find_clusters(
    links: Sequence[Spills], stretches: Sequence[Stretch], cuts: Cuts, *, scratch: Place, engine: Engine
) -> Clusters:
    """The clusters of all links (spills of LINK, by stretch of `later`), which are removed; for `labels_of`."""

    def run(step: Callable[[_Step], _Stepped], spills: Sequence[Spills]) -> tuple[Spills, list[_Stepped]]:
        result = Spills(str(scratch / f"stars-{next(numbers)}"), len(spans))
        tasks = [
            _Step(start, rows, span, tuple(spills), cuts, str(result.path(number)))
            for number, (start, rows, span) in enumerate(spans)
        ]
        return result, engine.map(step, tasks)

    spans = _spans(stretches)
    numbers = count()
    while True:
        stars, small = run(_small_star, links)
        clusters = Clusters(stars, sum(done.links for done in small))
        for item in links:
            item.remove()
        if not any(done.outside for done in small):
            return clusters
        joined, large = run(_large_star, [stars])
        if not any(done.changed for done in (*small, *large)):
            joined.remove()
            return clusters
        stars.remove()
        links = [joined]


def labels_of(clusters: Clusters, stretch: Stretch) -> tuple[Numbers, Numbers]:
    """The linked documents of a stretch, ascending, and the lowest member of the cluster of each; by row number."""
    labels = np.full(stretch.rows, _FAR)
    for table in clusters.stars.chunks(one(stretch.number), _ENDS):
        row, other = (column.to_numpy() for column in table.columns)
        np.minimum.at(labels, row - stretch.start, np.minimum(row, other))
    linked = np.flatnonzero(labels != _FAR)
    return linked + stretch.start, labels[linked]


def _spans(stretches: Sequence[Stretch]) -> list[tuple[int, int, range]]:
    """Runs of stretches of about SPAN_ROWS rows: first row, rows, numbers of the stretches."""
    spans: list[tuple[int, int, range]] = []
    first = rows = 0
    for stretch in stretches:
        if rows and rows + stretch.rows > SPAN_ROWS:
            spans.append((stretches[first].start, rows, range(first, stretch.number)))
            first, rows = stretch.number, 0
        rows += stretch.rows
    return [*spans, (stretches[first].start, rows, range(first, len(stretches)))]


def _small_star(task: _Step) -> _Stepped:
    """Connect every document of the span, and what its part of the cluster is linked to below the span, with the lowest
    of those; each new link is put down at both ends."""
    parent = np.arange(task.rows)
    linked = np.zeros(task.rows, np.bool_)
    for later, first in _chunks(task, LINK):
        inside = first >= 0
        linked[later] = True
        linked[first[inside]] = True
        _join(later[inside], first[inside], parent)
    _flatten(parent)
    lowest = parent + task.start
    links = outside = changed = 0
    for later, first in _chunks(task, LINK):
        out = first < 0
        np.minimum.at(lowest, parent[later[out]], first[out] + task.start)
        outside += int(out.sum())
    with SpillWriter(place(task.result), _ENDS) as spill:
        rows = np.flatnonzero(linked)
        links += _connect(spill, rows + task.start, lowest[parent[rows]], task.cuts)
        if outside:
            for later, first in _chunks(task, LINK):
                out = first < 0
                changed += _connect(spill, first[out] + task.start, lowest[parent[later[out]]], task.cuts)
    return _Stepped(links + changed, outside, changed)


def _large_star(task: _Step) -> _Stepped:
    """Connect the greater ones that a document is linked to with the lowest that it is linked to, or itself."""
    lowest = np.arange(task.rows) + task.start
    links = changed = 0
    for row, other in _chunks(task, _ENDS):
        np.minimum.at(lowest, row, other + task.start)
    with SpillWriter(place(task.result), LINK) as spill:
        for row, other in _chunks(task, _ENDS):
            above = other > row
            later, first = other[above] + task.start, lowest[row[above]]
            links += len(later)
            changed += int((first != row[above] + task.start).sum())
            spill.write(pa.table([later, first], schema=LINK), task.cuts.of_rows(later))
    return _Stepped(links, 0, changed)


def _chunks(task: _Step, schema: pa.Schema) -> Iterator[tuple[Numbers, Numbers]]:
    """Links of the span, rows counted from its start."""
    for spills in task.spills:
        for table in spills.chunks(task.stretches, schema):
            row, other = (column.to_numpy() - task.start for column in table.columns)
            yield row, other


def _connect(spill: SpillWriter, rows: Numbers, lowest: Numbers, cuts: Cuts) -> int:
    """Link rows to the lowest, but for the lowest themselves; how many links."""
    apart = rows != lowest
    for ends in ((rows[apart], lowest[apart]), (lowest[apart], rows[apart])):
        spill.write(pa.table(ends, schema=_ENDS), cuts.of_rows(ends[0]))
    return int(apart.sum())


@kernel
def _join(later: Numbers, first: Numbers, parent: Numbers) -> None:
    """Union by lowest root, with path halving: R. E. Tarjan, J. van Leeuwen, "Worst-case analysis of set union
    algorithms", 1984. `parent` begins as 0, 1, 2, ..."""
    for i in range(later.size):
        a, b = later[i], first[i]
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = parent[a]
        while parent[b] != b:
            parent[b] = parent[parent[b]]
            b = parent[b]
        parent[max(a, b)] = min(a, b)


@kernel
def _flatten(parent: Numbers) -> None:
    """Every parent becomes the root; a parent is never greater than its child, so its own root is settled."""
    for i in range(parent.size):
        parent[i] = parent[parent[i]]
