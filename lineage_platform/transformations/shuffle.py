"""The first pass of packing: selected text goes from documents parts to buckets, in bounded memory.

A *bucket* is what the second pass holds at a time: a run of whole shards, or a slice of a large shard by order hash.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lineage_platform.files import place
from lineage_platform.model.tables import SELECTION
from lineage_platform.transformations.hashing import Hashes, Purpose, hash_identities
from lineage_platform.transformations.selected import Pairing, read_selected, sampled, selected_rows
from lineage_platform.transformations.spill import SpillWriter, read_spills

BUCKET_BYTES = 64 * 1024 * 1024
FLUSH_BYTES = 32 * 1024 * 1024
SAMPLE_CHARACTERS = 20_000

ROWS = pa.schema(
    [
        pa.field("shard", pa.int32()),
        pa.field("order", pa.uint64()),
        *(field for field in SELECTION if field.name != "bytes"),
        pa.field("text", pa.large_string()),
    ]
)
"""Rows between the passes; in order by shard, order, and for ties identity, epoch, SHA-256, key."""

SAMPLE = pa.schema([pa.field("identity", pa.binary(16)), pa.field("text", pa.large_string())])


@dataclass(frozen=True)
class Layout:
    """Where documents go: `slices` buckets of one shard, or one bucket of `run` shards; one of the two is 1."""

    shards: int
    seed: int
    slices: int
    run: int

    def place(self, rows: pa.Table) -> tuple[npt.NDArray[np.int32], Hashes]:
        """Shard and order hash of each row (`identity`, `epoch`)."""
        identities = rows.column("identity").combine_chunks()
        epochs = rows.column("epoch").to_numpy()
        shards = hash_identities(identities, Purpose.SHARD, self.seed, epochs) % np.uint64(self.shards)
        return shards.astype(np.int32), hash_identities(identities, Purpose.ORDER, self.seed, epochs)

    def bucket(self, shards: npt.NDArray[np.int32], order: Hashes) -> npt.NDArray[np.int64]:
        """The bucket of each row."""
        part = ((order >> np.uint64(32)) * np.uint64(self.slices)) >> np.uint64(32)
        return (shards.astype(np.int64) * self.slices + part.astype(np.int64)) // self.run

    def buckets(self) -> list[tuple[range, range]]:
        """Tasks of the second pass: (shards, their buckets)."""
        return [
            (
                range(first, min(first + self.run, self.shards)),
                range(
                    first * self.slices // self.run, (first * self.slices + self.slices - 1) // self.run + 1
                ),
            )
            for first in range(0, self.shards, self.run)
        ]


def plan(shards: int, seed: int, text_bytes: int) -> Layout:
    """A layout whose buckets hold about BUCKET_BYTES of text."""
    each = max(1, text_bytes // shards)
    return Layout(shards, seed, max(1, -(-each // BUCKET_BYTES)), min(shards, max(1, BUCKET_BYTES // each)))


@dataclass(frozen=True)
class ShuffleTask:
    """Documents parts to read, in turn, into one spill. `fraction` of the documents are a sample."""

    pairings: tuple[Pairing, ...]
    layout: Layout
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
    """Spill the selected documents of some parts by bucket."""
    samples = [SAMPLE.empty_table()]
    total = 0
    with SpillWriter(place(task.spill), ROWS) as spill:
        pending: list[pa.Table] = []
        size = 0
        for pairing in task.pairings:
            rows = selected_rows(pairing)
            shards, order = task.layout.place(rows)
            rows = rows.append_column("shard", pa.array(shards)).append_column("order", pa.array(order))
            for found in read_selected(pairing.documents, rows):
                samples.append(_sample(found, task))
                pending.append(found)
                size += found.nbytes
                if size >= FLUSH_BYTES:
                    total += _flush(spill, pending, task.layout)
                    pending, size = [], 0
        total += _flush(spill, pending, task.layout)
    return Shuffled(task.spill, total, pa.concat_tables(samples))


def read_bucket(spills: Sequence[str], bucket: int) -> pa.RecordBatch:
    """The rows of one bucket, in order."""
    rows = read_spills(spills, bucket, ROWS).combine_chunks()
    columns = {name: rows.column(name).to_numpy() for name in ("shard", "order", "epoch", "document")}
    order = np.lexsort((columns["order"], columns["shard"]))
    if _tied(columns["shard"][order], columns["order"][order]):
        words = [_words(rows.column(name)) for name in ("identity", "sha256")]
        ties = [columns["document"], *words[1].T[::-1], columns["epoch"], *words[0].T[::-1]]
        order = np.lexsort((*ties, columns["order"], columns["shard"]))
    batches = rows.take(pa.array(order)).combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], ROWS)


def _flush(spill: SpillWriter, pending: list[pa.Table], layout: Layout) -> int:
    if not pending:
        return 0
    rows = pa.concat_tables(pending).select(ROWS.names).combine_chunks().cast(ROWS)
    spill.write(rows, layout.bucket(rows.column("shard").to_numpy(), rows.column("order").to_numpy()))
    return len(rows)


def _sample(rows: pa.Table, task: ShuffleTask) -> pa.Table:
    rows = rows.filter(pa.array(sampled(rows, task.fraction, task.seed))).select(SAMPLE.names)
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
