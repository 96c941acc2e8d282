"""The first pass of packing: selected text goes from documents parts to buckets, in bounded memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lineage_platform.files import place
from lineage_platform.model.tables import SELECTION
from lineage_platform.transformations.hashing import Hashes
from lineage_platform.transformations.layout import Layout
from lineage_platform.transformations.selected import Pairing, read_selected, sampled, selected_rows
from lineage_platform.transformations.spill import SpillWriter, read_spills

FLUSH_BYTES = 32 * 1024 * 1024
SAMPLE_CHARACTERS = 20_000

PLACED = pa.schema(
    [
        pa.field("shard", pa.int32()),
        pa.field("order", pa.uint64()),
        *(field for field in SELECTION if field.name != "bytes"),
    ]
)
"""Selected rows and where they belong; in order by shard, order, and for ties identity, epoch, SHA-256, key."""

ROWS = PLACED.append(pa.field("text", pa.large_string()))
"""The same with their text."""

SAMPLE = pa.schema([pa.field("identity", pa.binary(16)), pa.field("text", pa.large_string())])

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Wanted:
    """Selected rows whose text is to be read: all of the shards `chosen` (a mask by shard), and single ones of others by
    document key and epoch, sorted."""

    chosen: Mask
    documents: npt.NDArray[np.int64]
    epochs: npt.NDArray[np.int16]

    def among(self, rows: pa.Table) -> Mask:
        """Which rows (of PLACED) these are."""
        wanted: Mask = self.chosen[rows.column("shard").to_numpy()]
        if not len(self.documents):
            return wanted
        keys, epochs = (rows.column(name).to_numpy() for name in ("document", "epoch"))
        first, last = (np.searchsorted(self.documents, keys, side=side) for side in ("left", "right"))
        for row in np.flatnonzero(first < last):
            wanted[row] |= epochs[row] in self.epochs[first[row] : last[row]]
        return wanted


def all_of(shards: int) -> Wanted:
    """Everything that so many shards have."""
    return Wanted(np.ones(shards, np.bool_), np.empty(0, np.int64), np.empty(0, np.int16))


@dataclass(frozen=True)
class ShuffleTask:
    """Documents parts to read, in turn, into one spill. `fraction` of the documents are a sample."""

    pairings: tuple[Pairing, ...]
    layout: Layout
    wanted: Wanted
    spill: str
    fraction: float
    seed: int


@dataclass(frozen=True)
class Shuffled:
    """One spill, its rows, and the sample (SAMPLE: identity and the beginning of the text)."""

    spill: str
    rows: int
    sample: pa.Table


def shuffle(task: ShuffleTask) -> Shuffled:
    """Spill the selected documents of some parts by bucket; row groups without a wanted one are not read."""
    samples = [SAMPLE.empty_table()]
    total = 0
    with SpillWriter(place(task.spill), ROWS) as spill:
        pending: list[pa.Table] = []
        size = 0
        for pairing in task.pairings:
            rows = placed_rows(selected_rows(pairing), task.layout)
            if not task.wanted.chosen.all():
                rows = rows.filter(pa.array(task.wanted.among(rows)))
            for found in read_selected(pairing.documents, rows):
                samples.append(sample_of(found, task.fraction, task.seed))
                pending.append(found)
                size += found.nbytes
                if size >= FLUSH_BYTES:
                    total += _flush(spill, pending, task.layout)
                    pending, size = [], 0
        total += _flush(spill, pending, task.layout)
    return Shuffled(task.spill, total, pa.concat_tables(samples))


def placed_rows(rows: pa.Table, layout: Layout) -> pa.Table:
    """Selected rows with the columns of PLACED, and what else they have."""
    shards, order = layout.place(rows)
    return rows.append_column("shard", pa.array(shards)).append_column("order", pa.array(order))


def read_bucket(spills: Sequence[str], bucket: int, schema: pa.Schema = ROWS) -> pa.RecordBatch:
    """The rows of one bucket, in order; `schema` is ROWS or PLACED, as they were spilled."""
    rows = read_spills(spills, bucket, schema).combine_chunks()
    columns = {name: rows.column(name).to_numpy() for name in ("shard", "order", "epoch", "document")}
    order = np.lexsort((columns["order"], columns["shard"]))
    if _tied(columns["shard"][order], columns["order"][order]):
        words = [_words(rows.column(name)) for name in ("identity", "sha256")]
        ties = [columns["document"], *words[1].T[::-1], columns["epoch"], *words[0].T[::-1]]
        order = np.lexsort((*ties, columns["order"], columns["shard"]))
    batches = rows.take(pa.array(order)).combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema)


def _flush(spill: SpillWriter, pending: list[pa.Table], layout: Layout) -> int:
    if not pending:
        return 0
    rows = pa.concat_tables(pending).select(ROWS.names).combine_chunks().cast(ROWS)
    spill.write(rows, layout.bucket(rows.column("shard").to_numpy(), rows.column("order").to_numpy()))
    return len(rows)


def sample_of(rows: pa.Table, fraction: float, seed: int) -> pa.Table:
    """The sample (SAMPLE) of rows with text."""
    rows = rows.filter(pa.array(sampled(rows, fraction, seed))).select(SAMPLE.names)
    texts = pc.utf8_slice_codeunits(rows.column("text"), 0, SAMPLE_CHARACTERS)
    return rows.set_column(1, SAMPLE.field("text"), texts).cast(SAMPLE)


def _tied(shards: npt.NDArray[np.int32], order: Hashes) -> bool:
    return bool(((shards[1:] == shards[:-1]) & (order[1:] == order[:-1])).any())


def _words(column: pa.ChunkedArray) -> npt.NDArray[np.uint64]:
    """Fixed-size binary as (rows, words) of big-endian uint64, so that the order of words is the order of bytes."""
    width = column.type.byte_width
    array = column.combine_chunks()
    data = np.frombuffer(array.buffers()[1], np.uint8)[array.offset * width :][: len(array) * width]
    return data.reshape(len(array), width).view(">u8").astype(np.uint64)
