"""Annotations: what one scan of a source's documents says about each, in narrow columns; no text is written again.

    result = annotate(documents, corpus_settings, scratch=folder, engine=Engine(), progress=quiet)

One task and one part a documents part, with its rows in its order. Later steps (deduplication, quality, selection) read
these columns only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage_platform.files import Place, place, release
from lineage_platform.model.tables import annotations_schema
from lineage_platform.model.versions import Part, Result, Statistics
from lineage_platform.transformations.digest import SpilledRows, content_digest, spill_rows, whole_rows
from lineage_platform.transformations.engine import Engine, Progress
from lineage_platform.transformations.histogram import Histogram, histogram_of, merged
from lineage_platform.transformations.parts import PartWriter, read_batches

CODE_VERSION = "2"
"""To be raised with any change of a measure, of language detection, of band keys, or of the digest."""

_READ = ("document", "identity", "sha256", "terms", "text", "language")
_PERCENTILES = (1, 10, 50, 90, 99)


@dataclass(frozen=True)
class _Task:
    documents: str
    name: str
    minhash: tuple[tuple[int, int, int], ...]
    scratch: str


@dataclass(frozen=True)
class _Outcome:
    part: Part
    digest: SpilledRows
    bytes: Histogram
    words: Histogram
    languages: Mapping[str, int]
    declared: int
    terms: Mapping[int, int]


def annotate(
    documents: Sequence[Place],
    minhash: tuple[tuple[int, int, int], ...],
    *,
    scratch: Place,
    engine: Engine,
    progress: Progress,
) -> Result:
    """Annotate the documents of parts (schema `tables.DOCUMENTS`), role `annotations`, schema
    `tables.annotations_schema(minhash)`.

    The content digest covers every column but the key. `details` of the statistics: `languages` (documents by code, most
    frequent first), `declared_languages`, `bytes` and `words` (percentiles p1 to p99, minimum, maximum, total).
    """
    tasks = [
        _Task(str(path), f"annotations/{number:05d}.parquet", minhash, str(scratch))
        for number, path in enumerate(documents)
    ]
    outcomes = engine.map(_annotate_part, tasks, progress)
    sizes = merged(outcome.bytes for outcome in outcomes)
    words = merged(outcome.words for outcome in outcomes)
    languages = _sum(outcome.languages for outcome in outcomes)
    digest = content_digest(outcome.digest for outcome in outcomes)
    release(place(outcome.digest.path) for outcome in outcomes)
    return Result(
        content_digest=digest,
        parts=tuple(outcome.part for outcome in outcomes),
        statistics=Statistics(
            records_in=sizes.rows,
            kept=sizes.rows,
            edited=0,
            dropped=0,
            by_terms={terms: (count, 0) for terms, count in _sum(o.terms for o in outcomes).items()},
            documents=sizes.rows,
            bytes=sizes.total,
            details={
                "languages": dict(sorted(languages.items(), key=lambda item: (-item[1], item[0]))),
                "declared_languages": sum(outcome.declared for outcome in outcomes),
                "bytes": sizes.distribution(_PERCENTILES),
                "words": words.distribution(_PERCENTILES),
            },
        ),
    )


def _annotate_part(task: _Task) -> _Outcome:
    from lineage_platform.transformations.language import languages
    from lineage_platform.transformations.measures.measure import measure

    schema = annotations_schema(task.minhash)
    digests, sizes, words = [], [], []
    language_counts: Counter[str] = Counter()
    terms_counts: Counter[int] = Counter()
    declared = 0
    with PartWriter(place(task.scratch), task.name, "annotations", schema) as writer:
        for batch in read_batches(task.documents, _READ):
            texts = batch.column("text")
            measures = measure(texts, task.minhash)
            language, score = languages(texts, batch.column("language"), measures.column("han_fraction"))
            columns = {
                **{name: batch.column(name) for name in ("document", "identity", "sha256", "terms")},
                "bytes": pc.binary_length(texts).cast(pa.int32()),
                "language": language.dictionary_encode(),
                "language_score": score,
                **dict(zip(measures.schema.names, measures.columns, strict=True)),
            }
            rows = pa.RecordBatch.from_arrays([columns[name] for name in schema.names], schema=schema)
            writer.write(rows)
            digests.append(whole_rows(rows))
            sizes.append(rows.column("bytes").to_numpy())
            words.append(rows.column("word_count").to_numpy())
            language_counts.update(_counts(language))
            terms_counts.update(_counts(batch.column("terms")))
            declared += score.null_count
    assert writer.part is not None  # noqa: S101 - set by a clean exit
    return _Outcome(
        writer.part,
        spill_rows(place(task.scratch) / f"{task.name}.digest", digests),
        histogram_of(np.concatenate(sizes or [np.zeros(0, np.int32)])),
        histogram_of(np.concatenate(words or [np.zeros(0, np.int32)])),
        language_counts,
        declared,
        terms_counts,
    )


def _counts(column: pa.Array) -> dict[Any, int]:
    return {item["values"]: item["counts"] for item in pc.value_counts(column).to_pylist()}


def _sum(counts: Iterable[Mapping[Any, int]]) -> Counter[Any]:
    total: Counter[Any] = Counter()
    for count in counts:
        total.update(count)
    return total
