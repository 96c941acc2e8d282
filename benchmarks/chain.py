"""The whole chain of transformations on made-up documents: `python -m benchmarks.chain [--documents N]`.

Prints CPU seconds by stage, documents per CPU second, peak memory, bytes a placement, and what the lineage itself costs,
and writes the same as JSON. Start-up (imports, kernels compiled, on a tiny corpus) is measured apart. The
lineage's share comes from a second run, in which its functions are timed. Catalog, events and Dagster are not in it.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import json
import os
import platform
import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

from benchmarks.generator import LANGUAGES, Known, write
from benchmarks.meter import Meter
from lineage_platform.model.definitions import (
    Corpus,
    DeclaredTerms,
    Deduplication,
    MinHash,
    RecordFields,
    ShardFormat,
    ShardSpec,
    Source,
    TokenizerSpec,
    WeightedSource,
)
from lineage_platform.model.versions import Result, Snapshot

HERE = Path(__file__).parent
TERMS = {
    "english": DeclaredTerms("CC-BY-4.0", "consent", "personal"),
    "german": DeclaredTerms("CC-BY-SA-4.0", "consent", "pseudonymous"),
    "chinese": DeclaredTerms("CC-BY-NC-4.0", "legitimate-interest", "none"),
    "code": DeclaredTerms("Apache-2.0", "not-personal-data", "none"),
}
PACKAGES = ("daft", "gigatoken", "numba", "numpy", "pyarrow", "tokenizers")


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
    """One run of the chain over generated data, with what came out of it."""

    def __init__(
        self, data: Path, work: Path, formats: tuple[ShardFormat, ...], tokenizer: Path | None
    ) -> None:
        self.stages: list[Stage] = []
        self.data, self.work = data, work
        self.sources = [_source(data, language) for language in LANGUAGES if (data / language).exists()]
        self.corpus = Corpus(
            id="bench",
            title="Bench",
            purpose="measuring",
            steward="bench@example.org",
            sources=tuple(WeightedSource(source.id) for source in self.sources),
            quality="code-and-prose@1",
            deduplication=Deduplication(minhash=MinHash()),
            tokenizer=TokenizerSpec(path=str(tokenizer)) if tokenizer else TokenizerSpec(vocabulary=16_000),
            shards=ShardSpec(formats=formats),
        )
        self.results: dict[str, Result] = {}

    def run(self) -> None:
        """Read, annotate, deduplicate, select, make the tokenizer, pack."""
        from lineage_platform.policy.rights import rights_rank
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
            observed = partial(observe, source, **run)
            digest, files = self._stage("observe", observed)
            snapshot = Snapshot(source.id, number, digest, files, "2026-01-01T00:00:00Z")
            terms = partial(terms_of, source)
            scratch = self.work / "documents" / source.id
            reading = partial(
                read_documents, source, snapshot, terms_of=terms, subject_key=b"k" * 32, scratch=scratch
            )
            read = self._result(f"documents/{source.id}", "documents", partial(reading, **run))
            ranks |= {item.number: rights_rank(item) for item in read.terms}
            documents[source.id] = _paths(read, "documents")
            scratch = self.work / "annotations" / source.id
            setting = ((minhash.ngram, minhash.bands, minhash.rows),)
            scan = partial(annotate, documents[source.id], setting, scratch=scratch, **run)
            annotations[source.id] = _paths(
                self._result(f"annotations/{source.id}", "annotations", scan), "annotations"
            )
        parts = [path for paths in annotations.values() for path in paths]
        texts = [path for paths in documents.values() for path in paths]
        scratch = self.work / "deduplicated"
        find = partial(deduplicate, parts, corpus.deduplication, standard, ranks, scratch=scratch, **run)
        dropped = _paths(self._result("deduplicated", "deduplicated", find), "decisions")
        choose = partial(
            select, annotations, dropped, corpus, standard, scratch=self.work / "selection", **run
        )
        selected = self._result("selection", "selection", choose)
        chosen = _paths(selected, "selection")
        train = partial(
            train_tokenizer, chosen, texts, corpus.tokenizer, 0, scratch=self.work / "tokenizer", **run
        )
        tokenizer = self._result("tokenizer", "tokenizer", train)
        count = shard_count(
            selected.statistics.bytes, tokenizer.statistics.details["bytes_per_token"], corpus.shards.tokens
        )
        [path] = _paths(tokenizer, "tokenizer")
        write_shards = partial(pack, chosen, texts, path, corpus, count, scratch=self.work / "shards", **run)
        self._result("shards", "shards", write_shards)

    def _result(self, dataset: str, stage: str, call: Callable[[], Result]) -> Result:
        result: Result = self._stage(stage, call)
        self.results[dataset] = result
        return result

    def _stage(self, name: str, call: Callable[[], Any]) -> Any:
        cpu, wall = _cpu(), time.perf_counter()
        result = call()
        documents = result.statistics.records_in if isinstance(result, Result) else 0
        spent = _cpu() - cpu
        self.stages.append(Stage(name, spent, time.perf_counter() - wall, documents, round(_peak() / 1e6)))
        return result

    def by_stage(self) -> list[Stage]:
        """Stages of the same name added up."""
        names = list(dict.fromkeys(stage.name for stage in self.stages))
        same = {name: [stage for stage in self.stages if stage.name == name] for name in names}
        return [
            Stage(
                name,
                sum(stage.cpu for stage in stages),
                sum(stage.wall for stage in stages),
                sum(stage.documents for stage in stages),
                max(stage.peak for stage in stages),
            )
            for name, stages in same.items()
        ]


def lineage_meter() -> Meter:
    """A meter on everything that only lineage needs: identities and keys, terms, decisions, placements, digests."""
    from lineage_platform.model import keys
    from lineage_platform.policy import terms
    from lineage_platform.transformations import digest, placements
    from lineage_platform.transformations.parts import PartWriter

    meter = Meter()
    for kind, functions in {
        "identities and keys": (keys.record_identity, keys.document_key),
        "terms": (keys.terms_number, terms.terms_of),
        "content digests": (digest.digest_rows, digest.spill_rows, digest.content_digest, digest.combine),
        "placements": (
            placements.spill_placements,
            placements.write_placements,
            vars(placements)["_write_by_shard"],
            vars(placements)["_write_by_document"],
        ),
    }.items():
        for function in functions:
            meter.wrap(kind, cast("Callable[..., Any]", function))
    roles = {"decisions": "decisions", "derivations": "decisions"}
    for method in ("__init__", "write", "__exit__"):
        meter.wrap_method(lambda writer: roles.get(vars(writer).get("_role", "")), PartWriter, method)
    return meter


def report(
    chain: Chain, lineage: Meter, metered: Chain, start: float, peak: int, known: Known
) -> dict[str, Any]:
    """Everything that was measured, as JSON values."""
    stages = chain.by_stage()
    cpu = sum(stage.cpu for stage in stages)
    shards = chain.results["shards"]
    placed = shards.statistics.documents
    seconds: dict[str, float] = dict(lineage.seconds)
    parts = [part for result in metered.results.values() for part in result.parts]
    seconds["file digests"] = sum(part.bytes for part in parts) / _hash_speed()
    training = next(stage.cpu for stage in stages if stage.name == "tokenizer")
    return {
        "machine": {"processor": _processor(), "cores": os.cpu_count(), "system": platform.platform()},
        "versions": {
            "python": platform.python_version(),
            **{p: importlib.metadata.version(p) for p in PACKAGES},
        },
        "commit": _commit(),
        "known": asdict(known),
        "found": {
            name: dict(result.statistics.by_reason)
            for name, result in chain.results.items()
            if result.statistics.by_reason
        },
        "formats": list(chain.corpus.shards.formats),
        "encoder": shards.statistics.details["encoder"],
        "start_up_cpu_seconds": round(start, 2),
        "stages": [
            {**asdict(stage), "microseconds_per_document": round(stage.cpu / known.documents * 1e6, 1)}
            for stage in stages
        ],
        "cpu_seconds": round(cpu, 2),
        "documents_per_cpu_second": round(known.documents / cpu),
        "documents_per_cpu_second_with_a_tokenizer_given": round(known.documents / (cpu - training)),
        "peak_memory_mb": round(peak / 1e6),
        "bytes_per_placement": {
            role: round(sum(part.bytes for part in shards.parts if part.role == role) / max(1, placed), 2)
            for role in ("placements-by-shard", "placements-by-document")
        },
        "lineage_cpu_seconds": {kind: round(value, 3) for kind, value in sorted(seconds.items())},
        "lineage_share": round(sum(seconds.values()) / sum(stage.cpu for stage in metered.stages), 4),
    }


def show(figures: dict[str, Any]) -> None:
    """Print the figures as a table."""
    known = figures["known"]
    mean = known["bytes"] / known["documents"]
    print(
        f"{known['documents']:,} documents of {mean:,.0f} bytes; {figures['machine']['processor']}, {figures['commit']}"
    )
    print(f"{'stage':14}{'CPU s':>9}{'wall s':>9}{'us/document':>13}{'documents in':>14}{'peak MB':>9}")
    for stage in figures["stages"]:
        print(
            f"{stage['name']:14}{stage['cpu']:9.2f}{stage['wall']:9.2f}{stage['microseconds_per_document']:13.1f}"
            f"{stage['documents']:14,}{stage['peak']:9,}"
        )
    print(f"{'all':14}{figures['cpu_seconds']:9.2f}")
    for name in (
        "start_up_cpu_seconds",
        "documents_per_cpu_second",
        "documents_per_cpu_second_with_a_tokenizer_given",
        "peak_memory_mb",
        "bytes_per_placement",
        "lineage_cpu_seconds",
        "lineage_share",
        "encoder",
        "found",
    ):
        print(f"{name.replace('_', ' ')}: {figures[name]}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chain", description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--formats", nargs="+", choices=("parquet", "megatron"), default=("parquet",))
    parser.add_argument("--tokenizer", type=Path, help="a tokenizer.json; else one is trained")
    parser.add_argument(
        "--folder", type=Path, default=HERE / "data", help="for generated data and results of stages"
    )
    parser.add_argument("--results", type=Path, default=HERE / "results", help="where the figures go")
    options = parser.parse_args(arguments)
    tiny, data = options.folder / "tiny", options.folder / f"{options.documents}"
    write(tiny, 60)
    known = write(data, options.documents)

    make = partial(
        Chain, work=options.folder / "work", formats=tuple(options.formats), tokenizer=options.tokenizer
    )
    before = _cpu()
    make(tiny).run()
    start = _cpu() - before
    chain = make(data)
    chain.run()
    peak = _peak()
    lineage = lineage_meter()
    metered = make(data)
    with lineage.on():
        metered.run()
    figures = report(chain, lineage, metered, start, peak, known)
    shutil.rmtree(options.folder / "work", ignore_errors=True)
    show(figures)
    options.results.mkdir(parents=True, exist_ok=True)
    target = options.results / f"chain-{options.documents}-{'-'.join(options.formats)}.json"
    target.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"written to {target}")


def _source(data: Path, language: str) -> Source:
    return Source(
        id=language,
        title=language.title(),
        publisher="Bench",
        homepage=None,
        steward="bench@example.org",
        location=str(data / language / "*.jsonl"),
        format="jsonl",
        compression="auto",
        record=RecordFields(id="id", licence="license"),
        terms=TERMS[language],
    )


def _paths(result: Result, role: str) -> list[Path]:
    return [Path(part.path) for part in result.parts if part.role == role]


def _cpu() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _peak() -> int:
    """Bytes of resident memory at the most, of this process so far."""
    unit = 1 if platform.system() == "Darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _hash_speed() -> float:
    """Bytes of SHA-256 per CPU second."""
    block = bytes(64 << 20)
    start = time.thread_time()
    hashlib.sha256(block).digest()
    return len(block) / (time.thread_time() - start)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")),
        platform.machine(),
    )


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "no commit"


if __name__ == "__main__":
    main()
