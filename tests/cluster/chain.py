"""The whole chain of transformations over a small corpus of many files, on any engine; what came out is told by digests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lineage_platform.files import Place, place
from lineage_platform.model.definitions import (
    Corpus,
    DeclaredTerms,
    Deduplication,
    MinHash,
    RecordFields,
    ShardSpec,
    Source,
    TokenizerSpec,
    WeightedSource,
)
from lineage_platform.model.subjects import SubjectKeys
from lineage_platform.model.versions import Result, Snapshot
from lineage_platform.policy.rights import rights_rank
from lineage_platform.policy.signals.rows import signals_of
from lineage_platform.policy.terms import terms_of
from lineage_platform.transformations import layout
from lineage_platform.transformations.annotations import annotate
from lineage_platform.transformations.deduplicated import deduplicate
from lineage_platform.transformations.documents import read_documents
from lineage_platform.transformations.engine import Engine, quiet
from lineage_platform.transformations.reading import observation
from lineage_platform.transformations.selection import select
from lineage_platform.transformations.shards import pack
from lineage_platform.transformations.standards import load_standard
from lineage_platform.transformations.tokenizer import shard_count, train_tokenizer
from tests.assets.worlds import chinese, english

FILES = 4
DOCUMENTS = 24

Digests = dict[str, list[str]]
"""By dataset: the content digest, then the SHA-256 of each part in name order."""


def make(folder: Path) -> Path:
    """Two sources of FILES files; every fourth document is a copy of one of another file."""
    for source, write in (("english", english), ("chinese", chinese)):
        (folder / source).mkdir(parents=True)
        for number in range(FILES):
            with (folder / source / f"{number:02d}.jsonl").open("w", encoding="utf-8") as file:
                for i in range(DOCUMENTS):
                    seed = i if i % 4 == 0 else number * DOCUMENTS + i
                    text = f"{write(seed)}\nWrite to person{seed}@example.org."
                    file.write(json.dumps({"id": f"{number}-{i}", "text": text}, ensure_ascii=False) + "\n")
    return folder


def run(data: Path, work: Place, engine: Engine) -> Digests:
    """All datasets of the chain; a file of a source is a task, and so is a bucket of about 16 kB of text."""
    with pytest.MonkeyPatch.context() as small:
        small.setattr(observation, "BATCH_FILES", 1)
        small.setattr(layout, "BUCKET_BYTES", 16 * 1024)
        return _run(data, work, engine)


def _run(data: Path, work: Place, engine: Engine) -> Digests:
    sources = [_source(data, "english", "CC-BY-4.0"), _source(data, "chinese", "CC-BY-NC-4.0")]
    corpus = _corpus(sources)
    standard = load_standard("code-and-prose@1")
    setting = corpus.deduplication.minhash
    assert setting is not None
    do = {"engine": engine, "progress": quiet}
    results: dict[str, Result] = {}
    documents: dict[str, list[Place]] = {}
    annotations: dict[str, list[Place]] = {}
    ranks: dict[int, int] = {}
    for number, source in enumerate(sources, 1):
        digest, files = observation.observe(source, engine=engine, progress=quiet)
        read = read_documents(
            source,
            Snapshot(source.id, number, digest, files, "2026-01-01T00:00:00Z"),
            terms_of=lambda said, source=source: terms_of(source, *said),
            signals_of=signals_of,
            subject_keys=SubjectKeys((b"k" * 32,)),
            scratch=work / f"documents-{source.id}",
            **do,
        )
        ranks |= {item.number: rights_rank(item) for item in read.terms}
        documents[source.id] = _places(read, "documents")
        settings = ((setting.ngram, setting.bands, setting.rows),)
        scan = annotate(documents[source.id], settings, scratch=work / f"annotations-{source.id}", **do)
        annotations[source.id] = _places(scan, "annotations")
        results |= {f"documents/{source.id}": read, f"annotations/{source.id}": scan}
    parts = [path for paths in annotations.values() for path in paths]
    texts = [path for paths in documents.values() for path in paths]
    found = deduplicate(parts, corpus.deduplication, standard, ranks, scratch=work / "deduplicated", **do)
    chosen = select(
        annotations, _places(found, "decisions"), corpus, standard, scratch=work / "selection", **do
    )
    selection = _places(chosen, "selection")
    trained = train_tokenizer(selection, texts, corpus.tokenizer, 0, scratch=work / "tokenizer", **do)
    count = shard_count(
        chosen.statistics.bytes, trained.statistics.details["bytes_per_token"], corpus.shards.tokens
    )
    [tokenizer] = _places(trained, "tokenizer")
    packed = pack(selection, texts, tokenizer, corpus, count, scratch=work / "shards", **do)
    results |= {"deduplicated": found, "selection": chosen, "tokenizer": trained, "shards": packed}
    return {name: _digests(result) for name, result in results.items()}


def _digests(result: Result) -> list[str]:
    parts = sorted(result.parts, key=lambda part: (part.role, part.name))
    return [result.content_digest, *(part.sha256 for part in parts)]


def _places(result: Result, role: str) -> list[Place]:
    return [place(part.path) for part in result.parts if part.role == role]


def _source(data: Path, name: str, licence: str) -> Source:
    return Source(
        id=name,
        title=name.title(),
        publisher="Tests",
        homepage=None,
        steward="tests@example.org",
        location=str(data / name / "*.jsonl"),
        format="jsonl",
        compression="auto",
        record=RecordFields(id="id"),
        terms=(DeclaredTerms(licence, "not-personal-data", "none"),),
    )


def _corpus(sources: list[Source]) -> Corpus:
    return Corpus(
        id="chain",
        title="Chain",
        purpose="tests",
        steward="tests@example.org",
        sources=tuple(WeightedSource(source.id) for source in sources),
        quality="code-and-prose@1",
        deduplication=Deduplication(minhash=MinHash()),
        tokenizer=TokenizerSpec(vocabulary=500),
        shards=ShardSpec(tokens=6_000, formats=("parquet", "megatron")),
    )
