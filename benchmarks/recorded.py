"""What a corpus of many sources leaves in catalog and store, recorded step by step as the assets do it, without text."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.placed import Layout, placements
from lineage_platform.files import Place
from lineage_platform.model.definitions import DeclaredTerms, RecordFields, Source
from lineage_platform.model.keys import document_key, record_identity
from lineage_platform.model.tables import DOCUMENTS, REDACTION_TYPES, SHARD
from lineage_platform.model.versions import (
    CheckResult,
    Part,
    Result,
    Snapshot,
    SnapshotFile,
    Statistics,
    Transformation,
    Version,
)
from lineage_platform.policy.terms import terms_of
from lineage_platform.recording import Recorder
from lineage_platform.transformations.engine import Engine
from lineage_platform.transformations.parts import KeyRange, write_table
from lineage_platform.transformations.placements import (
    Placed,
    placement_bounds,
    spill_placements,
    write_placements,
)

CORPUS = "index"
TASK_ROWS = 512 * 1024
LICENCES = [
    "CC-BY-4.0",
    "CC0-1.0",
    "MIT",
    "Apache-2.0",
    "CC-BY-SA-4.0",
    "BSD-3-Clause",
    "CC-BY-NC-4.0",
    "ODC-By-1.0",
    "GPL-3.0-only",
    "ODbL-1.0",
    "BSD-2-Clause",
    "MPL-2.0",
    "CC-BY-3.0",
    "LGPL-3.0-only",
    "CC-BY-SA-3.0",
    "ISC",
    "Unlicense",
    "PDDL-1.0",
    "EUPL-1.2",
    "Zlib",
]

_CHECK = CheckResult("documents are unique", True, "error", "no key twice", "0", "document")


def source(number: int) -> Source:
    """One of the sources."""
    return Source(
        id=f"source-{number:04d}",
        title=f"Source {number}",
        publisher="Somebody",
        homepage=None,
        steward="data@example.org",
        location=f"/data/source-{number:04d}/*.jsonl",
        format="jsonl",
        compression="none",
        record=RecordFields(),
        terms=(DeclaredTerms(LICENCES[number % len(LICENCES)], "public-interest", "none"),),
    )


def record_sources(
    recorder: Recorder, count: int, terms: int
) -> tuple[list[int], list[list[int]], list[tuple[Version, Version]]]:
    """Snapshot numbers, terms numbers, and the versions of documents and annotations of each source."""
    numbers, named, versions = [], [], []
    for position in range(count):
        made = source(position)
        digest = hashlib.sha256(made.id.encode()).hexdigest()
        files = [SnapshotFile("part-0.jsonl", 1 << 30, digest, 0)]
        snapshot = recorder.observe(made, digest, files, None, terms_of(made, None))
        declared = [
            None,
            *(f"{LICENCES[n % len(LICENCES)]}{' or later' * (n // len(LICENCES))}" for n in range(terms - 1)),
        ]
        statements = tuple(piece for text in declared for piece in terms_of(made, text))
        documents = _record_documents(recorder, made, snapshot, statements)
        step = Transformation("annotate", "1", {"minhash": [[5, 14, 8]], "seed": 0})
        with recorder.attempt(f"annotations/{made.id}", step, [documents]) as attempt:
            annotations = attempt.commit(Result(digest, (), documents.statistics), [_CHECK])
        numbers.append(snapshot.number)
        named.append([item.number for item in statements])
        versions.append((documents, annotations))
    return numbers, named, versions


def _record_documents(
    recorder: Recorder, made: Source, snapshot: Snapshot, statements: Sequence[Any]
) -> Version:
    step = Transformation("read-documents", "1", {"source": made.id, "redact": list(REDACTION_TYPES)})
    with recorder.attempt(f"documents/{made.id}", step, [snapshot], owner=made.steward) as attempt:
        row = {
            "document": document_key(snapshot.number, 0),
            "identity": record_identity(made.id, "part-0.jsonl", 0),
            "file": 0,
            "record": 0,
            "text": "",
            "sha256": hashlib.sha256().digest(),
            "terms": statements[0].number,
            **dict.fromkeys(REDACTION_TYPES, 0),
        }
        table = pa.Table.from_pylist([row], DOCUMENTS)
        part = write_table(attempt.scratch, "documents/00000.parquet", "documents", DOCUMENTS, table)
        counts = {item.number: (1, 0) for item in statements}
        result = Result(
            snapshot.digest,
            (part,),
            Statistics(len(counts), len(counts), 0, 0, by_terms=counts, documents=len(counts)),
            tuple(statements),
        )
        return attempt.commit(result, [_CHECK])


@dataclass(frozen=True)
class _Task:
    number: int
    first: int
    last: int
    corpus: Layout
    work: str


def _place(task: _Task) -> tuple[Placed, list[tuple[int, int]]]:
    rows, documents, tokens = placements(task.corpus, task.first, task.last)
    placed = spill_placements(Path(task.work), task.number, rows)
    return placed, list(zip(documents.tolist(), tokens.tolist(), strict=True))


def record_corpus(
    recorder: Recorder,
    corpus: Layout,
    versions: Sequence[tuple[Version, Version]],
    timed: Callable[[str], AbstractContextManager[None]],
) -> Version:
    """The steps of one corpus up to its shards, with the whole index."""
    documents = [pair[0] for pair in versions]
    annotations = [pair[1] for pair in versions]
    nothing = Statistics(corpus.documents, corpus.documents, 0, 0, documents=corpus.documents)

    def step(name: str, inputs: Sequence[Version]) -> Version:
        made = Transformation(name, "1", {"documents": corpus.documents})
        with recorder.attempt(f"{CORPUS}/{name}", made, inputs) as attempt:
            content = hashlib.sha256(f"{name} {corpus.documents}".encode()).hexdigest()
            return attempt.commit(Result(content, (), nothing))

    deduplicated = step("deduplicated", annotations)
    selection = step("selection", [*annotations, deduplicated])
    tokenizer = step("tokenizer", [selection, *documents])
    engine = Engine()
    pack = Transformation("pack", "1", {"shard_count": corpus.shards})
    with recorder.attempt(f"{CORPUS}/shards", pack, [selection, tokenizer, *documents]) as attempt:
        work = attempt.scratch / "packing"
        each = max(1, TASK_ROWS * corpus.shards // corpus.documents)
        cuts = [*range(0, corpus.shards, each), corpus.shards]
        tasks = [
            _Task(number, first, last, corpus, str(work))
            for number, (first, last) in enumerate(pairwise(cuts))
        ]
        with timed("generate, spill"):
            placed = engine.map(_place, tasks)
        bounds = placement_bounds(_ranges(corpus), corpus.shards)
        with timed("write index"):
            index = write_placements([item for item, _ in placed], bounds, attempt.scratch, work, engine)
        sums = index.terms.group_by("terms").aggregate([("documents", "sum"), ("tokens", "sum")])
        counts = [pair for _, pairs in placed for pair in pairs]
        shards = [
            {"shard": number, "documents": rows, "tokens": tokens, "stored_tokens": tokens + rows}
            for number, (rows, tokens) in enumerate(counts)
        ]
        result = Result(
            hashlib.sha256(str(corpus.documents).encode()).hexdigest(),
            (*_shard_files(attempt.scratch, corpus.shards), *index.parts),
            Statistics(
                records_in=corpus.documents,
                kept=corpus.documents,
                edited=0,
                dropped=0,
                by_terms={
                    row["terms"]: (row["documents_sum"], row["tokens_sum"]) for row in sums.to_pylist()
                },
                documents=corpus.documents,
                tokens=sum(shard["tokens"] for shard in shards),
                details={"shards": shards, "end_of_document": 0, "vocabulary": 32000, "encoder": "none"},
            ),
        )
        with timed("commit"):
            return attempt.commit(result)


def _ranges(corpus: Layout) -> list[KeyRange]:
    """Key ranges as the row groups of a selection have them."""
    ranges = []
    for number, size in zip(corpus.snapshots.tolist(), corpus.sizes.tolist(), strict=True):
        for start in range(0, size, 64 * 1024):
            rows = min(64 * 1024, size - start)
            ranges.append(KeyRange(document_key(number, start), document_key(number, start + rows - 1), rows))
    return ranges


def _shard_files(scratch: Place, shards: int) -> list[Part]:
    """A file for each shard, so that the catalog has them; all are the same empty one."""
    part = write_table(scratch, "empty.parquet", "shard", SHARD, SHARD.empty_table())
    return [
        Part(f"shard-{number:05d}.parquet", "shard", part.path, part.sha256, part.bytes, 0)
        for number in range(shards)
    ]
