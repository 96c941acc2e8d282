"""Which member of each cluster survives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lineage_platform.errors import NotFound
from lineage_platform.files import place
from lineage_platform.model.tables import IDENTITY, SHA256
from lineage_platform.transformations.buffers import kernel
from lineage_platform.transformations.clusters import Clusters, labels_of
from lineage_platform.transformations.copies import COPIES
from lineage_platform.transformations.links import Spills, one
from lineage_platform.transformations.spill import SpillWriter
from lineage_platform.transformations.standards import Standard, failing_counts
from lineage_platform.transformations.stretches import Cuts, Stretch

MEMBERS_AT_ONCE = 512 * 1024
"""Linked documents whose survivors are chosen by one task, on average and at most: about 200 MB."""

Numbers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

SIZES = ((2, 2), (3, 5), (6, 10), (11, 100), (101, None))
"""Classes of clusters by size: least and most members."""

_DOCUMENT = ("document", "identity", "sha256", "terms", "bytes")

MEMBERS = pa.schema(
    [
        pa.field("cluster", pa.int64(), nullable=False),  # row number of the lowest member
        pa.field("document", pa.int64(), nullable=False),
        pa.field("identity", IDENTITY, nullable=False),
        pa.field("sha256", SHA256, nullable=False),
        pa.field("terms", pa.int64(), nullable=False),
        pa.field("bytes", pa.int32(), nullable=False),
        pa.field("rank", pa.int64(), nullable=False),  # of its rights, lower is better
        pa.field("failing", pa.int16(), nullable=False),  # rules of the quality standard
    ]
)
"""What the choice needs to know of every linked document."""


@dataclass(frozen=True)
class Look:
    """Read what the choice needs of the linked documents of a stretch, into a spill by bucket of clusters."""

    stretch: Stretch
    clusters: Clusters
    standard: Standard | None
    rights_rank: Mapping[int, int]
    buckets: int
    members: str


@dataclass(frozen=True)
class Choice:
    """Choose the survivors of one bucket of clusters; the copies go into a spill by stretch. `exact` False calls no copy
    exact, because none was found that way."""

    members: Spills
    bucket: int
    exact: bool
    cuts: Cuts
    copies: str


@dataclass(frozen=True)
class Sizes:
    """How large the clusters of one bucket are: clusters by class (SIZES), and the members of the largest."""

    classes: tuple[int, ...]
    largest: int


def member_buckets(members: int) -> int:
    """How many buckets so many linked documents take."""
    return max(1, -(-members // MEMBERS_AT_ONCE))


def look(task: Look) -> None:
    """Raises NotFound for a terms number that has no rank."""
    rows, clusters = labels_of(task.clusters, task.stretch)
    measures = task.standard.columns if task.standard is not None else ()
    with SpillWriter(place(task.members), MEMBERS) as spill:
        if not len(rows):
            return
        rows -= task.stretch.start
        for position, batch in task.stretch.batches([*_DOCUMENT, *measures]):
            low, high = np.searchsorted(rows, [position, position + batch.num_rows])
            linked = batch.take(pa.array(rows[low:high] - position))
            failing = np.zeros(high - low, np.int16)
            if task.standard is not None:
                failing = failing_counts(linked, task.standard)
            rank = _ranks(linked.column("terms").to_numpy(), task.rights_rank)
            arrays = [clusters[low:high], *(linked.column(name) for name in _DOCUMENT), rank, failing]
            groups = (clusters[low:high] % task.buckets).astype(np.uint16 if task.buckets <= 1 << 16 else int)
            spill.write(pa.table(arrays, schema=MEMBERS), groups)


def choose(task: Choice) -> Sizes:
    """Best rights first, then fewest failing rules, then lowest identity."""
    clusters = _Clusters()
    for members in task.members.chunks(one(task.bucket), MEMBERS):
        clusters.add(members)
    with SpillWriter(place(task.copies), COPIES) as spill:
        for members in task.members.chunks(one(task.bucket), MEMBERS):
            copies = clusters.copies_among(members, exact=task.exact)
            spill.write(copies, task.cuts.of_documents(copies.column("document").to_numpy()))
    sizes = clusters.sizes
    classes = tuple(
        int(((sizes >= least) & (sizes <= (most or sizes.max(initial=0)))).sum()) for least, most in SIZES
    )
    return Sizes(classes, int(sizes.max(initial=0)))


class _Clusters:
    """Survivor, lowest identity and size of each cluster, by cluster number."""

    def __init__(self) -> None:
        self.sizes = np.zeros(0, np.int64)
        self._survivors = MEMBERS.empty_table()
        self._lowest = MEMBERS.empty_table()

    def add(self, members: pa.Table) -> None:
        sizes = np.ones(len(members), np.int64)
        rows = pa.concat_tables([self._survivors, members]).combine_chunks()
        survivors, begins, order = _first_of(rows, ("rank", "failing", "identity", "sha256", "document"))
        self.sizes = np.add.reduceat(np.concatenate([self.sizes, sizes])[order], begins)
        self._survivors = rows.take(pa.array(survivors)).combine_chunks()
        rows = pa.concat_tables([self._lowest, members]).combine_chunks()
        lowest, _, _ = _first_of(rows, ("identity",))
        self._lowest = rows.take(pa.array(lowest)).combine_chunks()

    def copies_among(self, members: pa.Table, *, exact: bool) -> pa.Table:
        """Schema COPIES."""
        clusters = self._survivors.column("cluster").to_numpy()
        places = np.searchsorted(clusters, members.column("cluster").to_numpy())
        document = members.column("document").to_numpy()
        copies = np.flatnonzero(document != self._survivors.column("document").to_numpy()[places])
        own, cluster = members.take(pa.array(copies)), pa.array(places[copies])
        survivors = self._survivors.take(cluster)
        same_text = (_words(own.column("sha256")) == _words(survivors.column("sha256"))).all(axis=1)
        return pa.Table.from_arrays(
            [
                *(own.column(name) for name in ("document", "identity", "terms", "bytes")),
                *(survivors.column(name) for name in ("document", "identity", "terms")),
                self._lowest.column("identity").take(cluster),
                pa.array(same_text & exact),
            ],
            schema=COPIES,
        )


def _first_of(members: pa.Table, criteria: tuple[str, ...]) -> tuple[Numbers, Numbers, Numbers]:
    """By ascending cluster the position of the member that has the lowest `criteria`, the first weighing most; and where
    each cluster begins in an order of the members, which is the third."""
    clusters = members.column("cluster").to_numpy()
    order = np.argsort(clusters, kind="stable")
    ordered = clusters[order]
    begins = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    matrix = np.concatenate([_words(members.column(name)) for name in criteria], axis=1)
    return _lowest(np.append(begins, len(order)), order, matrix), begins, order


@kernel
def _lowest(bounds: Numbers, order: Numbers, criteria: Words) -> Numbers:
    """Of each run of `order` the member whose row of `criteria` is the lowest, word by word."""
    best = np.empty(bounds.size - 1, np.int64)
    for cluster in range(bounds.size - 1):
        lowest = order[bounds[cluster]]
        for nth in range(bounds[cluster] + 1, bounds[cluster + 1]):
            member = order[nth]
            for word in range(criteria.shape[1]):
                if criteria[member, word] != criteria[lowest, word]:
                    if criteria[member, word] < criteria[lowest, word]:
                        lowest = member
                    break
        best[cluster] = lowest
    return best


def _words(column: pa.ChunkedArray) -> Words:
    """64-bit words that compare as the values do, shape (rows, words): fixed-size binary as bytes, integers as numbers."""
    array = column.combine_chunks()
    if pa.types.is_integer(array.type):
        return (array.to_numpy().astype(np.int64).view(np.uint64) ^ np.uint64(1 << 63))[:, None]
    words = array.type.byte_width // 8
    data = array.buffers()[1] if len(array) else b""
    values = np.frombuffer(data, ">u8", words * len(array), array.offset * array.type.byte_width)
    return values.astype(np.uint64).reshape(-1, words)


def _ranks(terms: Numbers, rights_rank: Mapping[int, int]) -> Numbers:
    distinct, positions = np.unique(terms, return_inverse=True)
    missing = [int(number) for number in distinct if int(number) not in rights_rank]
    if missing:
        raise NotFound("rights rank of terms", str(missing[0]), (str(number) for number in rights_rank))
    return np.array([rights_rank[int(number)] for number in distinct], np.int64)[positions]
