"""Small worlds of documents, annotations and engines, made straight from the schemas of the model."""

from __future__ import annotations

import hashlib
import pickle
import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from lineage_platform.model.definitions import (
    Corpus,
    Deduplication,
    ShardSpec,
    TokenizerSpec,
    WeightedSource,
)
from lineage_platform.model.keys import document_key, record_identity, terms_number
from lineage_platform.model.tables import DECISIONS, DOCUMENTS, REDACTION_TYPES, annotations_schema
from lineage_platform.model.versions import Result
from lineage_platform.transformations.engine import Engine, Progress, quiet
from lineage_platform.transformations.parts import read_table, write_table

WORDS = (
    "river",
    "carries",
    "more",
    "water",
    "spring",
    "snow",
    "melts",
    "valley",
    "of",
    "a",
    "to",
    "the",
    "and",
)
HAN = "春天来了山上的雪慢慢融化河水上涨田野又变绿图书馆每天早八点开门晚九关周末也不休息"
TRICKY = (
    "<|endoftext|>",
    "a<|endoftext|>b <|endoftext|>",
    " leading and trailing  ",
    "tab\tnew\n\n\nline\r\n",
    "👩‍👩‍👧‍👦 emoji 🏳️‍🌈 and ﷽",
    "e\u0301 é ﬁ Å \u00a0\u2003\u200b\ufeff",
    "\u0001\u0085\u2028\x7f\ufffd\U0010ffff",
    "x = {'a': 1}  # 3.14159 1234567890",
    "don't won't I'll they've",
    "字",
)


def text(seed: int, words: int = 60) -> str:
    """Prose in two languages that differs from seed to seed."""
    chooser = random.Random(seed)
    if seed % 4 == 3:
        return "".join(chooser.choices(HAN, k=words)) + f"。{seed}"
    return " ".join(chooser.choices(WORDS, k=words)) + f" {seed}."


def documents_table(source: str, snapshot: int, texts: Sequence[str], first: int = 0) -> pa.Table:
    """Rows of DOCUMENTS: record n of file `a` is text n; every fifth record declares a licence of its own."""
    numbers = range(first, first + len(texts))
    columns: dict[str, Any] = {
        "document": [document_key(snapshot, n) for n in numbers],
        "identity": [record_identity(source, "a", n) for n in numbers],
        "file": [0] * len(texts),
        "record": list(numbers),
        "record_id": [None] * len(texts),
        "text": list(texts),
        "sha256": [hashlib.sha256(item.encode()).digest() for item in texts],
        "terms": [terms_number(source, "MIT" if n % 5 == 0 else None) for n in numbers],
        "language": [None] * len(texts),
        "subject": [None] * len(texts),
        **{name: [0] * len(texts) for name in REDACTION_TYPES},
    }
    return pa.table(columns, schema=DOCUMENTS)


def write_documents(
    folder: Path, source: str, snapshot: int, texts: Sequence[str], part_rows: int = 50
) -> list[Path]:
    """Documents parts of `part_rows` rows each."""
    table = documents_table(source, snapshot, texts)
    parts = [
        write_table(folder, f"documents-{source}-{start}.parquet", "documents", DOCUMENTS, piece)
        for start in range(0, len(texts), part_rows)
        for piece in [table.slice(start, part_rows)]
    ]
    return [Path(part.path) for part in parts]


def write_annotations(folder: Path, documents: Iterable[Path]) -> list[Path]:
    """Annotations parts of documents parts; the measures are nonsense but for `word_count`, words between spaces."""
    schema = annotations_schema(())
    paths = []
    for path in documents:
        table = read_table(path)
        texts = table.column("text").to_pylist()
        columns: dict[str, Any] = {
            name: table.column(name) for name in ("document", "identity", "sha256", "terms")
        }
        columns["bytes"] = [len(item.encode()) for item in texts]
        columns["language"] = ["en"] * len(texts)
        columns["word_count"] = [len(item.split()) for item in texts]
        for field in schema:
            columns.setdefault(field.name, pa.nulls(len(texts), field.type))
        ordered = pa.table({name: columns[name] for name in schema.names}).cast(schema)
        name = path.name.replace("documents", "annotations")
        paths.append(Path(write_table(folder, name, "annotations", schema, ordered).path))
    return paths


def write_dropped(folder: Path, documents: pa.Table) -> Path:
    """One decisions part of deduplication that drops these documents."""
    rows = len(documents)
    columns: dict[str, Any] = {
        **{name: documents.column(name) for name in ("document", "identity", "terms")},
        "outcome": ["dropped"] * rows,
        "reason": ["exact-duplicate"] * rows,
        "detail": [""] * rows,
        **{name: [None] * rows for name in ("file", "record", "offset")},
    }
    table = pa.table(columns, schema=None).cast(DECISIONS)
    return Path(write_table(folder, "dropped.parquet", "decisions", DECISIONS, table).path)


def corpus(
    weights: dict[str, float] | None = None,
    *,
    shards: ShardSpec | None = None,
    tokenizer: TokenizerSpec | None = None,
    seed: int = 0,
) -> Corpus:
    """A recipe with no quality standard."""
    return Corpus(
        id="corpus",
        title="Corpus",
        purpose="tests",
        steward="data@example.org",
        sources=tuple(WeightedSource(*item) for item in (weights or {"a": 1.0}).items()),
        quality=None,
        deduplication=Deduplication(),
        tokenizer=tokenizer or TokenizerSpec(vocabulary=400),
        shards=shards or ShardSpec(tokens=1000, formats=("parquet", "megatron")),
        seed=seed,
    )


class AwayEngine(Engine):
    """Runs tasks one by one in an order of its own, and ships everything as a cluster would: through pickle."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def map(
        self, function: Callable[[Any], Any], tasks: Sequence[Any], progress: Progress = quiet
    ) -> list[Any]:
        order = np.random.default_rng(self._seed).permutation(len(tasks))
        outcomes: dict[int, Any] = {}
        for position in order.tolist():
            call, task = pickle.loads(pickle.dumps((function, tasks[position])))
            outcomes[position] = pickle.loads(pickle.dumps(call(task)))
            progress(len(outcomes), len(tasks))
        return [outcomes[position] for position in range(len(tasks))]


def files_of(result: Result, role: str) -> list[Path]:
    """Where a result's parts of one role are, in name order."""
    return [Path(part.path) for part in sorted(result.parts, key=lambda part: part.name) if part.role == role]


def rows_of(result: Result, role: str) -> pa.Table:
    """All rows of one role."""
    return pa.concat_tables([read_table(path) for path in files_of(result, role)])
