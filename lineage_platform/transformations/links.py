"""Links between documents that share a key, found bucket by bucket.

A key is a text's SHA-256, or one of its MinHash band keys. Every part sends its keys to the buckets they hash to; a bucket
links every document to the first one it meets with the same key. No step holds more than a bucket, or the links.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lineage_platform.files import Place, place, release_tree
from lineage_platform.transformations.engine import Engine, Progress, steps
from lineage_platform.transformations.parts import read_batches
from lineage_platform.transformations.spill import SpillWriter, read_spills

BUCKET_KEYS = 1024 * 1024
"""Keys in a bucket, on average and at most: about 70 MB while they are linked."""

Numbers = npt.NDArray[np.int64]

_BATCH_ROWS = 32 * 1024


@dataclass(frozen=True)
class Links:
    """Pairs of documents that share a key, by row number over all annotation parts; `later` is never the first of a key."""

    later: Numbers
    first: Numbers

    def __add__(self, other: Links) -> Links:
        return Links(np.concatenate([self.later, other.later]), np.concatenate([self.first, other.first]))


NO_LINKS = Links(np.zeros(0, np.int64), np.zeros(0, np.int64))


@dataclass(frozen=True)
class _Scatter:
    """Send the keys of one part, whose rows count from `start`, to their buckets; rows of `without` send none."""

    annotations: str
    start: int
    column: str
    keys: pa.DataType
    without: Numbers
    buckets: int
    spill: str


@dataclass(frozen=True)
class _Gather:
    """Link what came to one bucket."""

    spills: tuple[str, ...]
    bucket: int
    keys: pa.DataType


def bucket_count(keys: int) -> int:
    """How many buckets so many keys take."""
    return max(1, -(-keys // BUCKET_KEYS))


def find_links(
    annotations: Sequence[Place],
    starts: Sequence[int],
    column: str,
    keys: pa.DataType,
    buckets: int,
    without: Numbers,
    *,
    scratch: Place,
    engine: Engine,
    progress: Progress,
) -> Links:
    """Links of all documents that share a key of a fixed-size binary column; null rows have none.

    `keys` is the type of one key: the column's own, or `pa.uint64()` for a column that holds several. `starts[i]` is the
    row number of part i's first row. `without` (ascending row numbers) leaves documents out. Progress counts parts, then
    buckets.
    """
    folder = scratch / f"links-{column}"
    total = len(annotations) + buckets
    scatter = []
    for number, (path, start) in enumerate(zip(annotations, starts, strict=True)):
        end = starts[number + 1] if number + 1 < len(starts) else None
        low, high = np.searchsorted(without, [start, np.iinfo(np.int64).max if end is None else end])
        left_out = without[low:high]
        spill = str(folder / f"{number:05d}.arrow")
        scatter.append(_Scatter(str(path), start, column, keys, left_out, buckets, spill))
    engine.map(_scatter, scatter, steps(progress, 0, total))
    spills = tuple(task.spill for task in scatter)
    gather = [_Gather(spills, bucket, keys) for bucket in range(buckets)]
    links = engine.map(_gather, gather, steps(progress, len(scatter), total))
    release_tree(folder)
    return sum(links, NO_LINKS)


def _schema(keys: pa.DataType) -> pa.Schema:
    return pa.schema([pa.field("key", keys), pa.field("document", pa.int64())])


def _scatter(task: _Scatter) -> None:
    schema = _schema(task.keys)
    start = task.start
    with SpillWriter(place(task.spill), schema) as spill:
        for batch in read_batches(task.annotations, [task.column], _BATCH_ROWS):
            column = batch.column(0)
            rows = np.arange(start, start + len(column))
            start += len(column)
            present = column.is_valid().to_numpy(zero_copy_only=False) & ~np.isin(rows, task.without)
            kept = column.filter(pa.array(present))
            if len(kept) == 0:
                continue
            words = np.frombuffer(kept.buffers()[1], "<u8").reshape(-1, kept.type.byte_width // 8)
            words = words[kept.offset : kept.offset + len(kept)]
            documents = rows[present]
            key: pa.Array = kept
            buckets = words[:, 0] % np.uint64(task.buckets)
            if task.keys == pa.uint64():
                documents = np.repeat(documents, words.shape[1])
                key = pa.array(words.ravel())
                buckets = words.ravel() % np.uint64(task.buckets)
            table = pa.table([key, pa.array(documents)], schema=schema)
            spill.write(table, buckets.astype(np.int64))


def _gather(task: _Gather) -> Links:
    table = read_spills(task.spills, task.bucket, _schema(task.keys))
    codes = pc.dictionary_encode(table.column("key").combine_chunks()).indices.to_numpy()
    return _link(codes, table.column("document").to_numpy())


def _link(codes: npt.NDArray[np.int32], documents: Numbers) -> Links:
    """Link every document to the first of its code, where codes number distinct keys in order of appearance."""
    if len(codes) == 0:
        return NO_LINKS
    new = np.ones(len(codes), np.bool_)
    new[1:] = codes[1:] > np.maximum.accumulate(codes)[:-1]
    firsts = documents[new]
    return Links(documents[~new], firsts[codes[~new]])
