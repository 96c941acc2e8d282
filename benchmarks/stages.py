"""The chain of transformations over a folder of JSON Lines, stage by stage, with what each cost."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.corpus import recipe, sources
from benchmarks.report import cpu_seconds, peak_memory
from lineage_platform.model.definitions import ShardFormat
from lineage_platform.model.subjects import SubjectKeys
from lineage_platform.model.versions import Result, Snapshot

STAGES = ("observe", "documents", "annotations", "deduplicated", "selection", "tokenizer", "shards")


@dataclass(frozen=True)
class Stage:
    """One stage: CPU seconds (all threads, and children), wall seconds, documents that came in, and the most memory that
    the process had used by its end (MB)."""

    name: str
    cpu: float
    wall: float
    documents: int
    peak: int


class Chain:
    """One run of the chain over the sources below `data`; results stay below `work` until the next run."""

    def __init__(
        self,
        data: Path,
        work: Path,
        *,
        formats: tuple[ShardFormat, ...] = ("parquet",),
        tokenizer: Path | None = None,
        quality: str = "code-and-prose@1",
    ) -> None:
        self.stages: list[Stage] = []
        self.results: dict[str, Result] = {}
        self.data, self.work = data, work
        self.sources = sources(data)
        self.corpus = recipe([source.id for source in self.sources], quality, formats, tokenizer)

    def run(self) -> None:
        """Read, annotate, deduplicate, select, make the tokenizer, pack."""
        from lineage_platform.policy.rights import rights_rank
        from lineage_platform.policy.signals.rows import signals_of
        from lineage_platform.policy.terms import terms_of
        from lineage_platform.transformations.annotations import annotate
        from lineage_platform.transformations.deduplicated import deduplicate
        from lineage_platform.transformations.documents import read_documents
        from lineage_platform.transformations.engine import Engine, quiet
        from lineage_platform.transformations.reading.observation import observe
        from lineage_platform.transformations.selection import select
        from lineage_platform.transformations.shards import pack
        from lineage_platform.transformations.standards import load_standard
        from lineage_platform.transformations.tokenizer import shard_count, train_tokenizer

        shutil.rmtree(self.work, ignore_errors=True)
        engine, corpus = Engine(), self.corpus
        run: dict[str, Any] = {"engine": engine, "progress": quiet}
        standard = load_standard(str(corpus.quality))
        minhash = corpus.deduplication.minhash
        assert minhash is not None
        documents: dict[str, list[Path]] = {}
        annotations: dict[str, list[Path]] = {}
        ranks: dict[int, int] = {}
        for number, source in enumerate(self.sources, 1):
            digest, files = self._stage("observe", partial(observe, source, **run))
            snapshot = Snapshot(source.id, number, digest, files, "2026-01-01T00:00:00Z")
            scratch = self.work / "documents" / source.id
            reading = partial(
                read_documents,
                source,
                snapshot,
                terms_of=lambda said, source=source: terms_of(source, *said),
                signals_of=signals_of,
                subject_keys=SubjectKeys((b"k" * 32,)),
                scratch=scratch,
            )
            read = self._result(f"documents/{source.id}", "documents", partial(reading, **run))
            ranks |= {item.number: rights_rank(item) for item in read.terms}
            documents[source.id] = paths(read, "documents")
            scratch = self.work / "annotations" / source.id
            setting = ((minhash.ngram, minhash.bands, minhash.rows),)
            scan = partial(annotate, documents[source.id], setting, scratch=scratch, **run)
            annotations[source.id] = paths(
                self._result(f"annotations/{source.id}", "annotations", scan), "annotations"
            )
        parts = [path for found in annotations.values() for path in found]
        texts = [path for found in documents.values() for path in found]
        scratch = self.work / "deduplicated"
        find = partial(deduplicate, parts, corpus.deduplication, standard, ranks, scratch=scratch, **run)
        dropped = paths(self._result("deduplicated", "deduplicated", find), "decisions")
        scratch = self.work / "selection"
        choose = partial(select, annotations, dropped, corpus, standard, scratch=scratch, **run)
        selected = self._result("selection", "selection", choose)
        chosen = paths(selected, "selection")
        scratch = self.work / "tokenizer"
        train = partial(train_tokenizer, chosen, texts, corpus.tokenizer, 0, scratch=scratch, **run)
        tokenizer = self._result("tokenizer", "tokenizer", train)
        count = shard_count(
            selected.statistics.bytes, tokenizer.statistics.details["bytes_per_token"], corpus.shards.tokens
        )
        [path] = paths(tokenizer, "tokenizer")
        write = partial(pack, chosen, texts, path, corpus, count, scratch=self.work / "shards", **run)
        self._result("shards", "shards", write)

    def _result(self, dataset: str, stage: str, call: Callable[[], Result]) -> Result:
        result: Result = self._stage(stage, call)
        self.results[dataset] = result
        return result

    def _stage(self, name: str, call: Callable[[], Any]) -> Any:
        cpu, wall = cpu_seconds(), time.perf_counter()
        result = call()
        documents = result.statistics.records_in if isinstance(result, Result) else 0
        spent, took = cpu_seconds() - cpu, time.perf_counter() - wall
        self.stages.append(Stage(name, spent, took, documents, round(peak_memory() / 1e6)))
        return result

    def by_stage(self) -> list[Stage]:
        """Stages of the same name added up."""
        same = {name: [stage for stage in self.stages if stage.name == name] for name in STAGES}
        return [
            Stage(
                name,
                sum(stage.cpu for stage in found),
                sum(stage.wall for stage in found),
                sum(stage.documents for stage in found),
                max(stage.peak for stage in found),
            )
            for name, found in same.items()
            if found
        ]


def paths(result: Result, role: str) -> list[Path]:
    """Files of one role."""
    return [Path(part.path) for part in result.parts if part.role == role]
