"""Links between documents that share a key, found bucket by bucket.

A key is a text's SHA-256, or one of its MinHash band keys. Every stretch sends its keys to the buckets they hash to; a
bucket links every document to the first one that has the same key, and puts the links down by stretch. No step holds
more than a bucket, whatever the number of links; and of documents that share one key only a chunk.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lineage_platform.files import Place, place, release_tree
from lineage_platform.transformations.buffers import kernel
from lineage_platform.transformations.engine import Engine, Progress
from lineage_platform.transformations.first_seen import FirstSeen
from lineage_platform.transformations.refused import Refused
from lineage_platform.transformations.spill import SpillWriter, spill_chunks
from lineage_platform.transformations.stretches import Cuts, Stretch

BUCKET_KEYS = 2 * 1024 * 1024
"""Keys in a bucket, on average and at most: 32 MB in spills."""

CHUNK_BYTES = 16 * 1024 * 1024
"""What a task takes from spills at a time."""

Numbers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]

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
        return spill_chunks(paths, groups, schema, CHUNK_BYTES)

    def remove(self) -> None:
        """Nobody reads them any more."""
        release_tree(place(self.folder))


def one(group: int) -> range:
    """A single group."""
    return range(group, group + 1)


@dataclass(frozen=True)
class _Scatter:
    """Send the keys of a stretch to their buckets; documents that `without` has as `later`, or that are `refused`, send
    none."""

    stretch: Stretch
    column: str
    keys: pa.DataType
    without: Spills | None
    refused: Refused
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
    refused: Sequence[Refused],
    *,
    scratch: Place,
    engine: Engine,
    progress: tuple[Progress, Progress],
) -> Spills:
    """Links (LINK, by stretch of `later`) of all documents that share a key of a fixed-size binary column; null rows
    have none.

    `keys` is the type of one key: the column's own, or `pa.uint64()` for a column that holds several. Documents that
    are `later` in the links `without`, or `refused` (by stretch), are left out. `progress` counts stretches, then buckets.
    """
    spills = Spills(str(scratch / f"keys-{column}"), len(stretches))
    scatter = [
        _Scatter(stretch, column, keys, without, own, buckets, str(spills.path(stretch.number)))
        for stretch, own in zip(stretches, refused, strict=True)
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
        known = ["document"] if len(task.refused) else []
        for position, batch in task.stretch.batches([task.column, *known]):
            column = batch.column(0)
            sent = present[position : position + len(column)]
            if known:
                sent = sent & (task.refused.places(batch.column(1).to_numpy()) < 0)
            sent = sent & column.is_valid().to_numpy(zero_copy_only=False)
            words, wide = _words(column), task.keys.bit_width // 64
            total = int(sent.sum()) * (words.shape[1] // wide)
            keys, documents = np.empty((total, wide), np.uint64), np.empty(total, np.int64)
            bounds = _partition(words, sent, task.stretch.start + position, task.buckets, keys, documents)
            data = pa.Array.from_buffers(task.keys, total, [None, pa.py_buffer(keys)])
            table = pa.table([data, pa.array(documents)], schema=schema)
            spill.write_runs(table, np.arange(task.buckets), bounds)


def _gather(task: _Gather) -> None:
    schema = _schema(task.keys)
    seen = FirstSeen(task.keys.bit_width // 64, BUCKET_KEYS)
    for table in task.spills.chunks(one(task.bucket), schema):
        for batch in table.to_batches():
            seen.note(_words(batch.column("key")))
    with SpillWriter(place(task.links), LINK) as spill:
        for table in task.spills.chunks(one(task.bucket), schema):
            found = [
                seen.add(_words(batch.column("key")), batch.column("document").to_numpy())
                for batch in table.to_batches()
            ]
            later, first = (np.concatenate(ends) for ends in zip(*found, strict=True))
            spill.write(pa.table([later, first], schema=LINK), task.cuts.of_rows(later))


@kernel
def _partition(
    words: Words, sent: Mask, start: int, buckets: int, keys: Words, documents: Numbers
) -> Numbers:
    """Put the keys of the rows that are `sent`, of as many words each as `keys` has, and their row numbers from `start`
    on, bucket by bucket into `keys` and `documents`; where each bucket begins, and the last one ends."""
    wide = keys.shape[1]
    bounds = np.zeros(buckets + 1, np.int64)
    for row in range(words.shape[0]):
        if sent[row]:
            for word in range(0, words.shape[1], wide):
                bounds[
                    (((words[row, word] >> np.uint64(32)) * np.uint64(buckets)) >> np.uint64(32))
                    + np.uint64(1)
                ] += 1
    for bucket in range(buckets):
        bounds[bucket + 1] += bounds[bucket]
    ends = bounds[:-1].copy()
    for row in range(words.shape[0]):
        if sent[row]:
            for word in range(0, words.shape[1], wide):
                bucket = ((words[row, word] >> np.uint64(32)) * np.uint64(buckets)) >> np.uint64(32)
                at = ends[bucket]
                ends[bucket] = at + 1
                for part in range(wide):
                    keys[at, part] = words[row, word + part]
                documents[at] = start + row
    return bounds


def _words(column: pa.Array) -> Words:
    """The 64-bit words of a fixed-width column, little-endian, shape (rows, words); read-only, always, so that a kernel
    is compiled once."""
    words = column.type.bit_width // 64
    data = column.buffers()[1] if len(column) else b""
    values = np.frombuffer(data, "<u8", words * len(column), column.offset * words * 8)
    values.flags.writeable = False
    return values.reshape(-1, words)
