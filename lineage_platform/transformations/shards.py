"""Packing: selected documents, in an order of their own, into training files, and the index of where each one is.

A document's shard is a hash of (identity, epoch, seed) modulo the shard count, its place inside by a second hash: taking
documents out, or adding some, touches only the shards that hold them. Two passes, each in bounded memory: the first
(`shuffle`) reads text part by part and spills it by bucket, the second takes a bucket at a time, puts it in order,
tokenises and writes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa

from lineage_platform.errors import InvalidInput, VerificationFailed
from lineage_platform.files import Place, place, read_bytes, release_tree
from lineage_platform.model.definitions import Corpus
from lineage_platform.model.tables import PLACEMENTS_BY_SHARD, SHARD
from lineage_platform.model.versions import Part, Result, Statistics
from lineage_platform.transformations import digest
from lineage_platform.transformations.encoder import (
    Encoder,
    EncoderName,
    Offsets,
    Tokens,
    load_encoder,
    lossy_text,
    open_encoder,
)
from lineage_platform.transformations.engine import Engine, Progress, steps
from lineage_platform.transformations.megatron import MegatronWriter
from lineage_platform.transformations.parts import PartWriter
from lineage_platform.transformations.placements import (
    Placed,
    placement_bounds,
    spill_placements,
    write_placements,
)
from lineage_platform.transformations.selected import Survey, pair, survey
from lineage_platform.transformations.shuffle import (
    Layout,
    Shuffled,
    ShuffleTask,
    plan,
    read_bucket,
    shuffle,
)
from lineage_platform.transformations.spill import remove_spills

CODE_VERSION = "1"

SAMPLE_BYTES = 500_000
"""Text of the corpus on which the two encoders are compared."""

SHUFFLE_TASKS = 512

_DIGEST_COLUMNS = ("sha256", "terms", "epoch", "shard", "tokens")


def pack(
    selection: Sequence[Place],
    documents: Sequence[Place],
    tokenizer: Place,
    corpus: Corpus,
    shard_count: int,
    *,
    scratch: Place,
    engine: Engine,
    progress: Progress,
) -> Result:
    """Pack a selection into `shard_count` shards, files for every one of them, also for one without a document.

    Roles: `shard` (SHARD), `shard-bin` and `shard-idx` (`megatron`), named `shard-00000.<kind>`; the placement index
    (`placements`). Details of `Statistics`: `shards` (shard, documents, tokens, stored_tokens), `end_of_document`,
    `vocabulary`, `encoder`. Counts are rows: a document once an epoch. Raises VerificationFailed where `documents` are
    not those that were selected, InvalidInput for a tokenizer that cannot give text back where Megatron files want it.
    """
    work = scratch / "packing"
    size = survey(selection)
    layout = plan(shard_count, corpus.shards.seed, size.bytes)
    shuffles = _shuffles(selection, documents, layout, size, work, corpus.seed)
    buckets = layout.buckets()
    total = len(shuffles) + len(buckets) + 1

    shuffled = engine.map(shuffle, shuffles, steps(progress, 0, total))
    found = sum(item.rows for item in shuffled)
    if found != size.rows:
        raise VerificationFailed(
            f"{corpus.id}: got text of {found} selected rows, expected {size.rows};"
            " the selection was made from other documents"
        )
    encoder = _encoder(tokenizer, corpus, shuffled)
    spills = tuple(item.spill for item in shuffled)
    tasks = [
        _Task(
            number,
            shards,
            own,
            spills,
            encoder.name,
            str(tokenizer),
            corpus.shards.formats,
            str(scratch),
        )
        for number, (shards, own) in enumerate(buckets)
    ]
    packed = engine.map(_pack, tasks, steps(progress, len(shuffles), total))
    remove_spills(spills)
    parts = [part for item in packed for part in item.parts]
    bounds = placement_bounds(size.ranges, shard_count)
    index = write_placements([item.placed for item in packed], bounds, scratch, work, engine)
    parts += index.parts
    content = digest.combine(
        {
            "shards": digest.content_digest(item.digest for item in packed),
            "tokenizer": hashlib.sha256(read_bytes(tokenizer)).hexdigest(),
            "formats": ",".join(sorted(corpus.shards.formats)),
            "layout": f"{shard_count} shards, seed {corpus.shards.seed}",
        }
    )
    release_tree(work)
    progress(total, total)
    return Result(content, tuple(parts), _statistics(packed, index.terms, size, encoder))


def _shuffles(
    selection: Sequence[Place],
    documents: Sequence[Place],
    layout: Layout,
    size: Survey,
    work: Place,
    seed: int,
) -> list[ShuffleTask]:
    pairings = pair(selection, documents)
    each = -(-len(pairings) // SHUFFLE_TASKS) or 1
    fraction = SAMPLE_BYTES / max(1, size.bytes)
    return [
        ShuffleTask(
            tuple(pairings[start : start + each]), layout, str(work / f"text-{start:05d}"), fraction, seed
        )
        for start in range(0, len(pairings), each)
    ]


def _encoder(tokenizer: Place, corpus: Corpus, shuffled: Sequence[Shuffled]) -> Encoder:
    samples = pa.concat_tables([item.sample for item in shuffled]) if shuffled else None
    texts = [] if samples is None else samples.sort_by("identity").column("text").to_pylist()
    encoder = load_encoder(tokenizer, texts)
    if "megatron" in corpus.shards.formats:
        lost = lossy_text(encoder, texts)
        if lost is not None:
            raise InvalidInput(
                f"{tokenizer}: got other text back from its tokens for the text of SHA-256 "
                f"{hashlib.sha256(lost.encode()).hexdigest()}, expected the same text, which shards of the format "
                "megatron promise; use a byte-level tokenizer, or parquet alone"
            )
    return encoder


@dataclass(frozen=True)
class _Task:
    number: int
    shards: range
    buckets: range
    spills: tuple[str, ...]
    encoder: EncoderName
    tokenizer: str
    formats: tuple[str, ...]
    scratch: str


@dataclass(frozen=True)
class _Packed:
    parts: list[Part]
    placed: Placed
    digest: digest.SpilledRows
    shards: list[dict[str, int]]


class _ShardFiles:
    """The files of one shard in every format asked for; use as a context manager, then read `parts`."""

    def __init__(self, task: _Task, shard: int, encoder: Encoder) -> None:
        self.parts: list[Part] = []
        name, scratch = f"shard-{shard:05d}", place(task.scratch)
        self._stack = ExitStack()
        self._parquet: PartWriter | None = None
        self._megatron: MegatronWriter | None = None
        if "parquet" in task.formats:
            self._parquet = self._stack.enter_context(PartWriter(scratch, f"{name}.parquet", "shard", SHARD))
        if "megatron" in task.formats:
            self._megatron = self._stack.enter_context(
                MegatronWriter(scratch, name, encoder.vocabulary, encoder.end_of_document)
            )

    def write(self, rows: pa.RecordBatch, tokens: Tokens, offsets: Offsets) -> None:
        """Append documents in order."""
        if self._parquet is not None:
            self._parquet.write(rows.select(SHARD.names))
        if self._megatron is not None:
            self._megatron.write(tokens, offsets)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)
        if self._parquet is not None and self._parquet.part is not None:
            self.parts.append(self._parquet.part)
        if self._megatron is not None:
            self.parts += self._megatron.parts


def _pack(task: _Task) -> _Packed:
    encoder = open_encoder(place(task.tokenizer), task.encoder)
    end = int(encoder.end_of_document is not None)
    parts: list[Part] = []
    placements: list[pa.Table] = [PLACEMENTS_BY_SHARD.empty_table()]
    digests: list[digest.Rows] = []
    shards: list[dict[str, int]] = []
    for shard, pieces in groupby(_pieces(task), key=lambda piece: piece[0]):
        documents = total = 0
        with _ShardFiles(task, shard, encoder) as files:
            for _, rows in pieces:
                tokens, offsets = encoder.encode(rows.column("text"))
                files.write(rows, tokens, offsets)
                counts = pa.array(np.diff(offsets).astype(np.int32))
                rows = rows.append_column("tokens", counts)
                numbers = np.arange(documents, documents + rows.num_rows, dtype=np.int32)
                placed = pa.table(rows).append_column("row", pa.array(numbers))
                placements.append(placed.select(PLACEMENTS_BY_SHARD.names).cast(PLACEMENTS_BY_SHARD))
                digests.append(digest.digest_rows(rows, _DIGEST_COLUMNS))
                documents += rows.num_rows
                total += int(offsets[-1])
        parts += files.parts
        shards.append(
            {
                "shard": shard,
                "documents": documents,
                "tokens": total,
                "stored_tokens": total + end * documents,
            }
        )
    work = place(task.scratch) / "packing"
    return _Packed(
        parts,
        spill_placements(work, task.number, pa.concat_tables(placements).combine_chunks()),
        digest.spill_rows(work / f"digest-{task.number:05d}", digests),
        shards,
    )


def _pieces(task: _Task) -> Iterator[tuple[int, pa.RecordBatch]]:
    """(shard, its rows in order) for each shard of each bucket, also where a shard has none."""
    for bucket in task.buckets:
        rows = read_bucket(task.spills, bucket)
        numbers = np.array(task.shards)
        shards = rows.column("shard").to_numpy()
        first, last = np.searchsorted(shards, numbers), np.searchsorted(shards, numbers, side="right")
        for shard, start, end in zip(task.shards, first.tolist(), last.tolist(), strict=True):
            yield shard, rows.slice(start, end - start)


def _statistics(packed: Sequence[_Packed], terms: pa.Table, size: Survey, encoder: Encoder) -> Statistics:
    shards = [shard for item in packed for shard in item.shards]
    sums = terms.group_by("terms").aggregate([("documents", "sum"), ("tokens", "sum")]).sort_by("terms")
    details: dict[str, Any] = {
        "shards": shards,
        "end_of_document": encoder.end_of_document,
        "vocabulary": encoder.vocabulary,
        "encoder": encoder.name,
    }
    return Statistics(
        records_in=size.rows,
        kept=size.rows,
        edited=0,
        dropped=0,
        by_terms={row["terms"]: (row["documents_sum"], row["tokens_sum"]) for row in sums.to_pylist()},
        documents=size.rows,
        tokens=sum(shard["tokens"] for shard in shards),
        bytes=size.bytes,
        details=details,
    )
