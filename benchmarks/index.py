"""Lineage of a large corpus, made with the product's own writers and asked through its own answers; no text.

    python -m benchmarks.index --documents 1000000 10000000

A thousand sources with fifty terms each, shards of ten thousand documents: snapshots, documents, annotations and all steps of
one corpus version are recorded in an embedded PostgreSQL, the placements spilled, gathered and sorted as `pack` does it. Then
random questions of each kind, one after the other in one process, the first apart; and `lineage trace` as a command.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import log2
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.placed import Layout, expected_tokens, layout
from benchmarks.recorded import CORPUS, record_corpus, record_sources
from benchmarks.report import cpu_seconds, peak_memory, write_report
from lineage_platform.catalog.embedded import status, stop
from lineage_platform.model.versions import Version
from lineage_platform.settings import Settings, read_settings
from lineage_platform.wiring import open_recorder, open_workspace

SOURCES, TERMS = 1000, 50
SHARD_DOCUMENTS = 10_000
PURPOSE: Any = {"use": "commercial-pretraining", "jurisdictions": ["EU", "CN"]}
ORDERS = ("placements-by-shard", "placements-by-document")
SUMMARIES = ("shards-by-snapshot", "terms-by-snapshot")


@dataclass
class Clock:
    """Seconds of one stage, and processor seconds of this process and its ended children."""

    wall: float = 0.0
    cpu: float = 0.0


@contextmanager
def timed(clocks: dict[str, Clock], name: str) -> Iterator[None]:
    """Adds what runs inside to a stage."""
    wall, cpu = time.perf_counter(), cpu_seconds()
    yield
    clock = clocks.setdefault(name, Clock())
    clock.wall += time.perf_counter() - wall
    clock.cpu += cpu_seconds() - cpu
    print(f"{name}: {clock.wall:,.1f} s, {clock.cpu:,.1f} CPU s", flush=True)


def measure(sizes: list[int], settings: Settings, questions: int) -> list[dict[str, Any]]:
    """Build and ask a corpus of each size in one home, whose sources are recorded once."""
    clocks: dict[str, Clock] = {}
    recorder = open_recorder(settings)
    with timed(clocks, "record sources"):
        numbers, terms, versions = record_sources(recorder, SOURCES, TERMS)
    recorder.close()
    snapshots, named = np.array(numbers), np.array(terms)
    results = []
    for documents in sizes:
        print(f"{documents:,} documents in {settings.home}", flush=True)
        corpus = layout(documents, max(10, documents // SHARD_DOCUMENTS), snapshots, named)
        results.append(measure_size(settings, corpus, versions, questions, dict(clocks)))
    return results


def measure_size(
    settings: Settings,
    corpus: Layout,
    versions: Sequence[tuple[Version, Version]],
    questions: int,
    clocks: dict[str, Clock],
) -> dict[str, Any]:
    """Build and ask one corpus version, which is the current one afterwards."""
    documents, shards = corpus.documents, corpus.shards
    recorder = open_recorder(settings)
    made = record_corpus(recorder, corpus, versions, lambda name: timed(clocks, name))
    sizes = {role: sum(file.bytes for file in made.files_of(role)) for role in (*ORDERS, *SUMMARIES)}
    files = {role: len(made.files_of(role)) for role in (*ORDERS, *SUMMARIES)}
    recorder.close()
    memory = peak_memory()
    print({role: round(size / documents, 2) for role, size in sizes.items()}, files, flush=True)
    with open_workspace(settings=settings) as workspace:
        asked = ask(workspace, corpus, questions)
        check(workspace, corpus)
    return {
        "documents": documents,
        "shards": shards,
        "build": {name: vars(clock) for name, clock in clocks.items()},
        "peak_memory": memory,
        "bytes": sizes,
        "files": files,
        "bytes_per_document": {role: sizes[role] / documents for role in sizes},
        "bound_bytes": {
            "placements-by-shard": log2(documents) / 8,
            "placements-by-document": log2(shards) / 8,
        },
        "questions": asked,
        "command": command(settings.environment(), shards),
        "load": os.getloadavg()[0],
    }


def ask(workspace: Any, corpus: Layout, count: int) -> dict[str, dict[str, float]]:
    """Milliseconds of each kind of question; of `cpu` those of this process, without PostgreSQL's.

    As a service would, the process asks once for the whole corpus, which brings all terms into memory, takes what it keeps
    from then on out of the garbage collector's sight, and has it look less often.
    """
    chooser = random.Random(1)
    kinds: dict[str, tuple[int, Callable[[], object]]] = {
        "shard trace": (count, lambda: workspace.trace(str(chooser.randrange(corpus.shards)), CORPUS)),
        "document impact": (
            count,
            lambda: workspace.impact(document=str(corpus.key(chooser.randrange(corpus.documents)))),
        ),
        "source impact": (
            count,
            lambda: workspace.impact(source=f"source-{chooser.randrange(SOURCES):04d}"),
        ),
        "explain a source": (
            count,
            lambda: workspace.explain(f"source-{chooser.randrange(SOURCES):04d}", **PURPOSE),
        ),
        "explain a shard": (
            max(5, count // 10),
            lambda: workspace.explain(str(chooser.randrange(corpus.shards)), CORPUS, **PURPOSE),
        ),
        "roll-up": (max(5, count // 10), lambda: workspace.trace_corpus(CORPUS)),
    }
    answers = {}
    workspace.trace_corpus(CORPUS)
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 10, 10)
    for name, (times, question) in kinds.items():
        took, worked = [], []
        for _ in range(times + 1):
            start, begun = time.perf_counter(), time.process_time()
            question()
            took.append((time.perf_counter() - start) * 1000)
            worked.append((time.process_time() - begun) * 1000)
        answers[name] = {
            "asked": times,
            "first": took[0],
            "p50": statistics.median(took[1:]),
            "p95": _p95(took[1:]),
            "max": max(took[1:]),
            "cpu first": worked[0],
            "cpu p50": statistics.median(worked[1:]),
            "cpu p95": _p95(worked[1:]),
        }
        print(name, {key: round(value, 1) for key, value in answers[name].items()}, flush=True)
    return answers


def _p95(values: Sequence[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.95))]


def check(workspace: Any, corpus: Layout) -> None:
    """Answers against what the generator foretells without them: sums of sources, shards of documents."""
    chooser = random.Random(2)
    tokens = expected_tokens(corpus)
    for _ in range(20):
        source = chooser.randrange(SOURCES)
        [found] = workspace.impact(source=f"source-{source:04d}").corpora
        expected = (int(corpus.sizes[source]), int(tokens[source]))
        if (found.documents, found.tokens) != expected:
            raise SystemExit(f"source-{source:04d}: got {found.documents, found.tokens}, expected {expected}")
    for _ in range(100):
        document = chooser.randrange(corpus.documents)
        [found] = workspace.impact(document=str(corpus.key(document))).corpora
        name = f"shard-{corpus.shard_of(document):05d}"
        if [shard.shard for shard in found.shards] != [name]:
            raise SystemExit(f"document {document}: got {found.shards}, expected {name}")
    whole = workspace.trace_corpus(CORPUS)
    if (whole.documents, whole.tokens) != (corpus.documents, int(tokens.sum())):
        raise SystemExit(f"corpus: got {whole.documents, whole.tokens}, expected {tokens.sum()} tokens")


def command(environment: dict[str, str], shards: int) -> dict[str, float]:
    """Seconds of `lineage trace` with its interpreter, the first time and the least of three more, and of processor."""
    took, worked = [], []
    for number in range(4):
        start, begun = time.perf_counter(), cpu_seconds()
        subprocess.run(
            [Path(sys.executable).with_name("lineage"), "trace", str(shards // (number + 2)), "--json"],
            env={**os.environ, **environment},
            stdout=subprocess.DEVNULL,
            check=True,
        )
        took.append(time.perf_counter() - start)
        worked.append(cpu_seconds() - begun)
    print(
        "lineage trace",
        [(round(wall, 2), round(cpu, 2)) for wall, cpu in zip(took, worked, strict=True)],
        flush=True,
    )
    return {"first": took[0], "least": min(took[1:]), "cpu": min(worked[1:])}


def remove(folder: Path, settings: Settings) -> None:
    """Stop the database and delete what was built; root's database is outside of `folder`."""
    data = status(settings).data
    stop(settings)
    if data is not None:
        shutil.rmtree(data.parent, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def table(results: list[dict[str, Any]]) -> list[list[str]]:
    """A row a measure, a column a size."""
    rows = [["", *(f"{result['documents']:,}" for result in results)]]

    def row(name: str, *keys: str, form: str = ",.1f", unit: float = 1) -> None:
        cells = []
        for result in results:
            value: Any = result
            for key in keys:
                value = value[key]
            cells.append(format(value if unit == 1 else value / unit, form))
        rows.append([name, *cells])

    row("shards", "shards", form=",")
    for kind in results[0]["questions"]:
        for key in ("p50", "p95", "max", "first", "cpu p50", "cpu p95", "cpu first"):
            row(f"{kind}, {key}, ms", "questions", kind, key)
    row("`lineage trace`, s", "command", "least", form=".2f")
    row("`lineage trace`, CPU s", "command", "cpu", form=".2f")
    for role in ORDERS:
        row(f"{role}, bytes a document", "bytes_per_document", role, form=".2f")
        row("its bound for the address", "bound_bytes", role, form=".2f")
    for role in SUMMARIES:
        row(f"{role}, MB", "bytes", role, unit=1e6)
    for role in (*ORDERS, *SUMMARIES):
        row(f"{role}, files", "files", role, form=",")
    for stage in results[0]["build"]:
        row(f"{stage}, CPU s", "build", stage, "cpu")
    row("peak memory, MB", "peak_memory", form=",.0f", unit=1e6)
    row("load", "load")
    return rows


def main() -> None:
    """Measure the sizes asked for and write the report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--folder", type=Path, help="where to build; default: a temporary folder")
    parser.add_argument("--keep", action="store_true", help="leave what was built")
    parser.add_argument("--name", default="index", help="of the report")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="lineage-index-", dir=options.folder))
    os.environ["LINEAGE_HOME"] = str(folder / "home")
    settings = read_settings(folder)
    try:
        results = measure(options.documents, settings, options.questions)
    finally:
        if not options.keep:
            remove(folder, settings)
    write_report(options.name, {"sizes": results}, table(results))


if __name__ == "__main__":
    main()
