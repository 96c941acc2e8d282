"""Packing: selected documents, in an order of their own, into training files, and the index of where each one is.

A document's shard and its place inside follow from hashes of its identity (`layout`): taking documents out, or adding
some, touches only the shards that hold them, and those alone are packed where there was an earlier version (`reuse`).
Two passes, each in bounded memory: the first (`shuffle`) reads text part by part and spills it by bucket, the second
takes a bucket at a time, puts it in order, tokenises and writes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lineage_platform.errors import InvalidInput, VerificationFailed
from lineage_platform.files import Place, place, read_bytes, release_tree
from lineage_platform.model.definitions import Corpus
from lineage_platform.model.tables import PLACEMENTS_BY_SHARD
from lineage_platform.model.versions import Part, Result, Statistics
from lineage_platform.transformations import digest
from lineage_platform.transformations.encoder import (
    Encoder,
    EncoderName,
    load_encoder,
    lossy_text,
    open_encoder,
)
from lineage_platform.transformations.engine import Engine, Progress, steps
from lineage_platform.transformations.layout import Layout, Run, plan
from lineage_platform.transformations.placements import (
    Placed,
    placement_bounds,
    spill_placements,
    write_placements,
)
from lineage_platform.transformations.reuse import (
    Earlier,
    Kept,
    Unchanged,
    earlier_tokens,
    fingerprint_rows,
    read_shards,
    unchanged,
    write_fingerprints,
)
from lineage_platform.transformations.selected import Survey, pair, survey
from lineage_platform.transformations.shard_files import Counts, ShardFiles, Shared, Written
from lineage_platform.transformations.shuffle import PLACED, ROWS, Shuffled, ShuffleTask, shuffle
from lineage_platform.transformations.spill import remove_spills

CODE_VERSION = "2"

SAMPLE_BYTES = 500_000
"""Text of the corpus on which the two encoders are compared."""

SHUFFLE_TASKS = 512

KEPT_TOGETHER = 16
"""Tasks that share one of the engine where every shard of them is kept."""

_DIGEST_COLUMNS = ("sha256", "terms", "epoch", "shard", "tokens")
_FILES = {"parquet": 1, "megatron": 2}


def pack(
    selection: Sequence[Place],
    documents: Sequence[Place],
    tokenizer: Place,
    corpus: Corpus,
    shard_count: int,
    *,
    runs: Sequence[Run] = (),
    earlier: Earlier | None = None,
    scratch: Place,
    engine: Engine,
    progress: Progress,
) -> Result:
    """Pack a selection into `shard_count` shards, files for every one of them, also for one without a document.

    `runs` are the shards of each source for the layout `by-source`. Of `earlier`, the shards that are the same are not
    read, tokenised and written again: their parts are its files, where they are; the result is what it is without it.
    Roles: `shard` (SHARD), `shard-bin` and `shard-idx` (`megatron`), named `shard-00000.<kind>`; the placement index
    (`placements`); `shard-fingerprints`. Details of `Statistics`: `shards` (shard, documents, tokens, stored_tokens),
    `end_of_document`, `vocabulary`, `encoder`. Counts are rows: a document once an epoch. Raises VerificationFailed
    where `documents` are not those that were selected, InvalidInput for a tokenizer that cannot give text back where
    Megatron files want it.
    """
    work = scratch / "packing"
    size = survey(selection)
    layout = plan(shard_count, corpus.shards.seed, size.bytes, tuple(runs))
    common = _common(tokenizer, corpus)
    same = Unchanged((), {}, (), size.rows, None)
    if earlier is not None:
        files = sum(_FILES[name] for name in corpus.shards.formats)
        same = unchanged(earlier, selection, layout, common, files, work=work, engine=engine)
    shuffles = _shuffles(selection, documents, layout, size, same, work, corpus.seed)
    buckets = layout.buckets()
    total = len(shuffles) + len(buckets) + 1

    shuffled = engine.map(shuffle, shuffles, steps(progress, 0, total))
    found = sum(item.rows for item in shuffled)
    if found != same.rows:
        raise VerificationFailed(
            f"{corpus.id}: got text of {found} selected rows, expected {same.rows};"
            " the selection was made from other documents"
        )
    encoder = _encoder(tokenizer, corpus, shuffled)
    spills = tuple(item.spill for item in shuffled)
    if earlier is not None and same.kept and encoder.name != earlier.encoder:
        remove_spills(
            [*spills, *same.spills]
        )  # the two implementations differ for this corpus: trust no earlier token
        return pack(
            selection,
            documents,
            tokenizer,
            corpus,
            shard_count,
            runs=runs,
            scratch=scratch,
            engine=engine,
            progress=progress,
        )
    tasks = [
        _Task(
            number,
            shards,
            own,
            spills,
            same.spills,
            {shard: same.kept[shard] for shard in shards if shard in same.kept},
            common,
            encoder.name,
            str(tokenizer),
            corpus.shards.formats,
            str(scratch),
        )
        for number, (shards, own) in enumerate(buckets)
    ]
    groups = [_Group(own, same.tokens(_shards_of(own))) for own in _together(tasks)]
    found_in = engine.map(_pack_group, groups, steps(progress, len(shuffles), total))
    packed = [item for outcome in found_in for item in outcome]
    remove_spills([*spills, *same.spills])
    parts = [part for item in packed for part in item.parts]
    bounds = placement_bounds(size.ranges, shard_count)
    index = write_placements([item.placed for item in packed], bounds, scratch, work, engine)
    parts += index.parts
    fingerprints = {shard: value for item in packed for shard, value in item.fingerprints.items()}
    parts.append(write_fingerprints(scratch, fingerprints))
    content = digest.combine(
        {
            "shards": digest.content_digest(item.digest for item in packed),
            "tokenizer": hashlib.sha256(read_bytes(tokenizer)).hexdigest(),
            "formats": ",".join(sorted(corpus.shards.formats)),
            "layout": layout.describe(),
        }
    )
    release_tree(work)
    progress(total, total)
    return Result(content, tuple(parts), _statistics(packed, index.terms, size, encoder))


def _common(tokenizer: Place, corpus: Corpus) -> bytes:
    """What the files of all shards are made from: code, formats, tokenizer."""
    names = (CODE_VERSION, pa.__version__, *sorted(corpus.shards.formats))
    return " ".join(names).encode() + hashlib.sha256(read_bytes(tokenizer)).digest()


def _shuffles(
    selection: Sequence[Place],
    documents: Sequence[Place],
    layout: Layout,
    size: Survey,
    same: Unchanged,
    work: Place,
    seed: int,
) -> list[ShuffleTask]:
    if same.rows == 0:
        return []
    pairings = pair(selection, documents, same.snapshots)
    each = -(-len(pairings) // SHUFFLE_TASKS) or 1
    fraction = SAMPLE_BYTES / max(1, size.bytes)
    chosen = same.chosen(layout.shards)
    return [
        ShuffleTask(
            tuple(pairings[start : start + each]),
            layout,
            chosen,
            str(work / f"text-{start:05d}"),
            fraction,
            seed,
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
    placed: tuple[str, ...]
    kept: Mapping[int, Kept]
    common: bytes
    encoder: EncoderName
    tokenizer: str
    formats: tuple[str, ...]
    scratch: str


@dataclass(frozen=True)
class _Group:
    """Tasks worth one; `earlier` are parts of placements that may hold rows of their shards."""

    tasks: tuple[_Task, ...]
    earlier: tuple[str, ...]


@dataclass(frozen=True)
class _Packed:
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


def _together(tasks: Sequence[_Task]) -> Iterator[tuple[_Task, ...]]:
    """Neighbours share a task of the engine where few of their shards are written."""
    group: list[_Task] = []
    weight = 0.0
    for task in tasks:
        more = max(1 / KEPT_TOGETHER, 1 - len(task.kept) / len(task.shards))
        if group and weight + more > 1:
            yield tuple(group)
            group, weight = [], 0
        group.append(task)
        weight += more
    yield tuple(group)


def _shards_of(tasks: Sequence[_Task]) -> range:
    return range(tasks[0].shards.start, tasks[-1].shards.stop)


def _pack_group(group: _Group) -> list[_Packed]:
    tokens = earlier_tokens(group.earlier, _shards_of(group.tasks))
    return [_pack(task, tokens) for task in group.tasks]


def _pack(task: _Task, tokens: Mapping[int, Counts]) -> _Packed:
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
    work = place(task.scratch) / "packing"
    return _Packed(
        parts,
        spill_placements(work, task.number, pa.concat_tables(placements).combine_chunks()),
        digest.spill_rows(work / f"digest-{task.number:05d}", digests),
        shards,
        fingerprints,
    )


def _pieces(task: _Task, buckets: list[_Bucket]) -> Iterator[_Piece]:
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
