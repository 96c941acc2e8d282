"""Packing: selected documents, in an order of their own, into training files, and the index of where each one is.

A document's shard and its place inside follow from hashes of its identity (`layout`): taking documents out, or adding
some, touches only the shards that hold them, and those alone are packed where there was an earlier version (`reuse`).
Two passes, each in bounded memory: the first (`shuffle`) reads text part by part and spills it by bucket, the second
takes a bucket at a time, puts it in order, tokenises and writes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import pyarrow as pa

from lineage_platform.errors import InvalidInput, VerificationFailed
from lineage_platform.files import Place, read_bytes, release_tree
from lineage_platform.model.definitions import Corpus
from lineage_platform.model.versions import Result, Statistics
from lineage_platform.transformations import digest
from lineage_platform.transformations.encoder import (
    Encoder,
    load_encoder,
    lossy_text,
)
from lineage_platform.transformations.engine import Engine, Progress, steps
from lineage_platform.transformations.layout import Layout, Run, plan
from lineage_platform.transformations.packing import Group, Packed, Task, pack_group, shards_of, together
from lineage_platform.transformations.placements import (
    placement_bounds,
    write_placements,
)
from lineage_platform.transformations.refill import Refilled, refill
from lineage_platform.transformations.reuse import (
    Earlier,
    Unchanged,
    unchanged,
    write_fingerprints,
)
from lineage_platform.transformations.selected import Survey, pair, survey
from lineage_platform.transformations.shuffle import SAMPLE, ShuffleTask, all_of, shuffle
from lineage_platform.transformations.spill import remove_spills

CODE_VERSION = "2"

SAMPLE_BYTES = 500_000
"""Text of the corpus on which the two encoders are compared."""

SAMPLE_DOCUMENTS = 32
"""Documents of that text at the least, on average, however few are packed."""

SHUFFLE_TASKS = 512

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
    # Begun anew (below) it is another folder: a task of the first try whose node was thought dead may still write there.
    work = scratch / ("packing" if earlier is None else "packing-again")
    size = survey(selection)
    layout = plan(shard_count, corpus.shards.seed, size.bytes, tuple(runs))
    common = _common(tokenizer, corpus)
    same = Unchanged((), {}, (), size.rows)
    again = Refilled((), 0, SAMPLE.empty_table(), all_of(shard_count), None)
    fraction = _fraction(size)
    if earlier is not None:
        files = sum(_FILES[name] for name in corpus.shards.formats)
        same = unchanged(earlier, selection, layout, common, files, work=work, engine=engine)
        fraction = _fraction(size, same.rows)
        again = refill(same, earlier.files, layout, fraction, corpus.seed, work=work, engine=engine)
    shuffles = []
    if again.rows < same.rows:
        shuffles = _shuffles(selection, documents, layout, again, fraction, work, corpus.seed)
    buckets = layout.buckets()
    total = len(shuffles) + len(buckets) + 1

    shuffled = engine.map(shuffle, shuffles, steps(progress, 0, total))
    found = again.rows + sum(item.rows for item in shuffled)
    if found != same.rows:
        raise VerificationFailed(
            f"{corpus.id}: got text of {found} selected rows, expected {same.rows};"
            " the selection was made from other documents"
        )
    encoder = _encoder(
        tokenizer, corpus, pa.concat_tables([again.sample, *(item.sample for item in shuffled)])
    )
    spills = (*again.spills, *(item.spill for item in shuffled))
    if earlier is not None and same.kept and encoder.name != earlier.encoder:
        release_tree(work)  # the two implementations differ for this corpus: trust no earlier token
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
        Task(
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
            str(work),
        )
        for number, (shards, own) in enumerate(buckets)
    ]
    groups = [Group(own, same.tokens(shards_of(own))) for own in together(tasks)]
    found_in = engine.map(pack_group, groups, steps(progress, len(shuffles), total))
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
    made_by = (version(name) for name in ("pyarrow", "gigatoken", "tokenizers"))
    names = (CODE_VERSION, *made_by, *sorted(corpus.shards.formats))
    return " ".join(names).encode() + hashlib.sha256(read_bytes(tokenizer)).digest()


def _shuffles(
    selection: Sequence[Place],
    documents: Sequence[Place],
    layout: Layout,
    again: Refilled,
    fraction: float,
    work: Place,
    seed: int,
) -> list[ShuffleTask]:
    pairings = pair(selection, documents, again.snapshots, again.wanted.documents)
    each = -(-len(pairings) // SHUFFLE_TASKS) or 1
    return [
        ShuffleTask(
            tuple(pairings[start : start + each]),
            layout,
            again.wanted,
            str(work / f"text-{start:05d}"),
            fraction,
            seed,
        )
        for start in range(0, len(pairings), each)
    ]


def _fraction(size: Survey, rows: int | None = None) -> float:
    """The share of documents that are a sample, where so many `rows` (None: all) are packed anew."""
    return max(
        SAMPLE_BYTES / max(1, size.bytes), SAMPLE_DOCUMENTS / max(1, size.rows if rows is None else rows)
    )


def _encoder(tokenizer: Place, corpus: Corpus, sample: pa.Table) -> Encoder:
    texts = sample.sort_by("identity").column("text").to_pylist()
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


def _statistics(packed: Sequence[Packed], terms: pa.Table, size: Survey, encoder: Encoder) -> Statistics:
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
