"""The second pass of packing: one bucket after the other in order, tokenised, written, its documents placed.

Shards that are kept from an earlier version are not read: their files are shared, and their tokens are as they were
placed there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lineage_platform.files import place
from lineage_platform.model.tables import PLACEMENTS_BY_SHARD
from lineage_platform.model.versions import Part
from lineage_platform.transformations import digest
from lineage_platform.transformations.encoder import EncoderName, open_encoder
from lineage_platform.transformations.placements import Placed, spill_placements
from lineage_platform.transformations.reuse import Kept, earlier_tokens, fingerprint_rows, read_shards
from lineage_platform.transformations.shard_files import Counts, ShardFiles, Shared, Written
from lineage_platform.transformations.shuffle import PLACED, ROWS

KEPT_TOGETHER = 16
"""Tasks that share one of the engine where every shard of them is kept."""

_DIGEST_COLUMNS = ("sha256", "terms", "epoch", "shard", "tokens")


@dataclass(frozen=True)
class Task:
    """Some shards to pack: `spills` hold the text of those to write, `placed` rows of those that are `kept`."""

    number: int
    shards: range
    buckets: range
    spills: tuple[str, ...]
    placed: tuple[str, ...]
    kept: Mapping[int, Kept]
    common: bytes
    encoder: EncoderName
    tokenizer: str
    formats: tuple[str, ...]
    scratch: str
    work: str


@dataclass(frozen=True)
class Group:
    """Tasks worth one; `earlier` are parts of placements that may hold rows of their shards."""

    tasks: tuple[Task, ...]
    earlier: tuple[str, ...]


@dataclass(frozen=True)
class Packed:
    """Files of some shards, their counts and fingerprints; placements and digest rows as spills."""

    parts: list[Part]
    placed: Placed
    digest: digest.SpilledRows
    shards: list[dict[str, int]]
    fingerprints: dict[int, bytes]


@dataclass(frozen=True)
class _Bucket:
    """Rows of a bucket without text, and what is found out about each: its tokens, its number in its shard."""

    rows: pa.RecordBatch
    tokens: npt.NDArray[np.int32]
    numbers: npt.NDArray[np.int32]


@dataclass(frozen=True)
class _Piece:
    """Rows of one shard in one bucket, from `start` on; with text where its files are to be written."""

    shard: int
    rows: pa.RecordBatch
    fingerprint: digest.Rows
    bucket: _Bucket
    start: int


def together(tasks: Sequence[Task]) -> Iterator[tuple[Task, ...]]:
    """Neighbours share a task of the engine where few of their shards are written."""
    group: list[Task] = []
    weight = 0.0
    for task in tasks:
        more = max(1 / KEPT_TOGETHER, 1 - len(task.kept) / len(task.shards))
        if group and weight + more > 1:
            yield tuple(group)
            group, weight = [], 0
        group.append(task)
        weight += more
    yield tuple(group)


def shards_of(tasks: Sequence[Task]) -> range:
    """The shards of neighbouring tasks."""
    return range(tasks[0].shards.start, tasks[-1].shards.stop)


def pack_group(group: Group) -> list[Packed]:
    """Pack the tasks of a group, one after the other."""
    tokens = earlier_tokens(group.earlier, shards_of(group.tasks))
    return [_pack(task, tokens) for task in group.tasks]


def _pack(task: Task, tokens: Mapping[int, Counts]) -> Packed:
    encoder = open_encoder(place(task.tokenizer), task.encoder)
    end = int(encoder.end_of_document is not None)
    parts: list[Part] = []
    shards: list[dict[str, int]] = []
    fingerprints: dict[int, bytes] = {}
    buckets: list[_Bucket] = []
    for shard, pieces in groupby(_pieces(task, buckets), key=lambda piece: piece.shard):
        documents = total = 0
        kept = task.kept.get(shard)
        fingerprint = hashlib.sha256(task.common)
        files: ShardFiles = (
            Written(place(task.scratch), shard, task.formats, encoder)
            if kept is None
            else Shared(shard, kept.parts, tokens.get(shard, np.empty(0, np.int32)))
        )
        with files:
            for piece in pieces:
                if kept is None:
                    fingerprint.update(piece.fingerprint.data)
                counts = files.add(piece.rows)
                own = slice(piece.start, piece.start + piece.rows.num_rows)
                piece.bucket.tokens[own] = counts
                piece.bucket.numbers[own] = np.arange(documents, documents + piece.rows.num_rows)
                documents += piece.rows.num_rows
                total += int(counts.sum(dtype=np.int64))
        parts += files.parts
        fingerprints[shard] = fingerprint.digest() if kept is None else kept.fingerprint
        shards.append(
            {
                "shard": shard,
                "documents": documents,
                "tokens": total,
                "stored_tokens": total + end * documents,
            }
        )
    placements: list[pa.Table] = [PLACEMENTS_BY_SHARD.empty_table()]
    digests: list[digest.Rows] = []
    for bucket in buckets:
        rows = bucket.rows.append_column("tokens", pa.array(bucket.tokens))
        digests.append(digest.digest_rows(rows, _DIGEST_COLUMNS))
        placed = pa.table(rows).append_column("row", pa.array(bucket.numbers))
        placements.append(placed.select(PLACEMENTS_BY_SHARD.names).cast(PLACEMENTS_BY_SHARD))
    work = place(task.work)
    return Packed(
        parts,
        spill_placements(work, task.number, pa.concat_tables(placements).combine_chunks()),
        digest.spill_rows(work / f"digest-{task.number:05d}", digests),
        shards,
        fingerprints,
    )


def _pieces(task: Task, buckets: list[_Bucket]) -> Iterator[_Piece]:
    """Bucket by bucket the rows of every shard, also where it has none; puts the buckets into `buckets`."""
    for number in task.buckets:
        texts = read_shards(task.spills, number, task.shards, ROWS)
        placed = texts if not task.kept else read_shards(task.placed, number, task.shards, PLACED)
        rows = placed.rows.select(PLACED.names)
        bucket = _Bucket(rows, np.zeros(rows.num_rows, np.int32), np.zeros(rows.num_rows, np.int32))
        buckets.append(bucket)
        matrix = fingerprint_rows(texts.rows)
        for nth, shard in enumerate(task.shards):
            found = placed if shard in task.kept else texts
            first, last = found.bounds[nth : nth + 2]
            own = texts.bounds[nth : nth + 2]
            yield _Piece(
                shard,
                found.rows.slice(first, last - first),
                matrix[own[0] : own[1]],
                bucket,
                placed.bounds[nth],
            )
