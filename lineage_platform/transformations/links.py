"""Links between documents that share a key, found bucket by bucket.

A key is a text's SHA-256, or one of its MinHash band keys. Every stretch sends its keys to the buckets they hash to; a
bucket links every document to the first one that has the same key, and puts the links down by stretch. No step holds
more than a bucket, whatever the number of links; and where many documents share one key, only a chunk of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lineage_platform.files import Place, place, release_tree
from lineage_platform.transformations.engine import Engine, Progress
from lineage_platform.transformations.first_seen import FirstSeen
from lineage_platform.transformations.spill import SpillWriter, spill_chunks
from lineage_platform.transformations.stretches import Cuts, Stretch

BUCKET_KEYS = 2 * 1024 * 1024
"""Keys in a bucket, on average and at most: about 150 MB while they are linked."""

CHUNK_BYTES = 16 * 1024 * 1024
"""What a task takes from spills, or puts into one, at a time."""

Numbers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

LINK = pa.schema([pa.field("later", pa.int64()), pa.field("first", pa.int64())])
"""Two documents by row number; `later` is the greater one."""


@dataclass(frozen=True)
class Spills:
    """Spills of one step, `<folder>/00000` and on."""

    folder: str
    count: int

    def path(self, number: int) -> Place:
        """Where one of them is."""
        return place(self.folder) / f"{number:05d}"

    def chunks(self, groups: range, schema: pa.Schema) -> Iterator[pa.Table]:
        """The rows of consecutive groups, spill by spill, about CHUNK_BYTES at a time."""
        paths = (str(self.path(number)) for number in range(self.count))
        for table in spill_chunks(paths, groups, schema, CHUNK_BYTES):
            yield table.combine_chunks()

    def remove(self) -> None:
        """Nobody reads them any more."""
        release_tree(place(self.folder))


def one(group: int) -> range:
    """A single group."""
    return range(group, group + 1)


@dataclass(frozen=True)
class _Scatter:
    """Send the keys of a stretch to their buckets; documents that `without` has as `later` send none."""

    stretch: Stretch
    column: str
    keys: pa.DataType
    without: Spills | None
    buckets: int
    spill: str


@dataclass(frozen=True)
class _Gather:
    """Link what came to one bucket."""

    keys: pa.DataType
    spills: Spills
    bucket: int
    cuts: Cuts
    links: str


def bucket_count(keys: int) -> int:
    """How many buckets so many keys take."""
    return max(1, -(-keys // BUCKET_KEYS))


def find_links(
    stretches: Sequence[Stretch],
    cuts: Cuts,
    column: str,
    keys: pa.DataType,
    buckets: int,
    without: Spills | None,
    *,
    scratch: Place,
    engine: Engine,
    progress: tuple[Progress, Progress],
) -> Spills:
    """Links (LINK, by stretch of `later`) of all documents that share a key of a fixed-size binary column; null rows
    have none.

    `keys` is the type of one key: the column's own, or `pa.uint64()` for a column that holds several. Documents that
    are `later` in the links `without` are left out. `progress` counts stretches, then buckets.
    """
    spills = Spills(str(scratch / f"keys-{column}"), len(stretches))
    scatter = [
        _Scatter(stretch, column, keys, without, buckets, str(spills.path(stretch.number)))
        for stretch in stretches
    ]
    engine.map(_scatter, scatter, progress[0])
    links = Spills(str(scratch / f"links-{column}"), buckets)
    gather = [_Gather(keys, spills, bucket, cuts, str(links.path(bucket))) for bucket in range(buckets)]
    engine.map(_gather, gather, progress[1])
    spills.remove()
    return links


def _schema(keys: pa.DataType) -> pa.Schema:
    return pa.schema([pa.field("key", keys), pa.field("document", pa.int64())])


def _scatter(task: _Scatter) -> None:
    present = np.ones(task.stretch.rows, np.bool_)
    if task.without is not None:
        for links in task.without.chunks(one(task.stretch.number), LINK):
            present[links.column("later").to_numpy() - task.stretch.start] = False
    schema = _schema(task.keys)
    with SpillWriter(place(task.spill), schema) as spill:
        pending: list[pa.Table] = []
        size = 0
        for position, batch in task.stretch.batches([task.column]):
            column = batch.column(0)
            sent = present[position : position + len(column)]
            sent = sent & column.is_valid().to_numpy(zero_copy_only=False)
            documents = np.flatnonzero(sent) + (task.stretch.start + position)
            pending.append(_keys(column.filter(pa.array(sent)), documents, schema))
            size += pending[-1].nbytes
            if size >= CHUNK_BYTES:
                _send(spill, pending, task.buckets)
                pending, size = [], 0
        if size:
            _send(spill, pending, task.buckets)


def _keys(column: pa.Array, documents: Numbers, schema: pa.Schema) -> pa.Table:
    key: pa.Array = column
    if schema.field("key").type != column.type:
        words = _words(column)
        documents = np.repeat(documents, words.shape[1])
        key = pa.array(words.ravel())
    return pa.table([key, pa.array(documents)], schema=schema)


def _send(spill: SpillWriter, pending: Sequence[pa.Table], buckets: int) -> None:
    table = pa.concat_tables(pending).combine_chunks()
    leading = _words(table.column("key").chunk(0))[:, 0] >> np.uint64(32)
    numbers = (leading * np.uint64(buckets)) >> np.uint64(32)
    spill.write(table, numbers.astype(np.uint16 if buckets <= 1 << 16 else np.int64))


def _gather(task: _Gather) -> None:
    seen = None
    with SpillWriter(place(task.links), LINK) as spill:
        for table in task.spills.chunks(one(task.bucket), _schema(task.keys)):
            words = _words(table.column("key").chunk(0))
            seen = seen or FirstSeen(words.shape[1])
            later, first = seen.add(words, table.column("document").to_numpy())
            spill.write(pa.table([later, first], schema=LINK), task.cuts.of_rows(later))


def _words(column: pa.Array) -> Words:
    """The 64-bit words of a fixed-width column without nulls, little-endian, shape (rows, words)."""
    words = column.type.bit_width // 64
    data = column.buffers()[1] if len(column) else b""
    return np.frombuffer(data, "<u8", words * len(column), column.offset * words * 8).reshape(-1, words)
