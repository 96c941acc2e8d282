"""The chain once, in a process of its own: `python -m benchmarks.once DATA WORK REPORT [--tokenizer FILE] ...`.

Writes what it measured as JSON to REPORT and leaves the results below WORK. `measure` starts such a process and gives the figures:
CPU seconds of the whole process (`cpu`), until everything was imported (`imports`), wall seconds, peak memory,
stages, and what came out.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.report import cpu_seconds, peak_memory

MODULES = (
    "daft",
    "lineage_platform.policy.terms",
    "lineage_platform.transformations.annotations",
    "lineage_platform.transformations.deduplicated",
    "lineage_platform.transformations.documents",
    "lineage_platform.transformations.language",
    "lineage_platform.transformations.measures.measure",
    "lineage_platform.transformations.selection",
    "lineage_platform.transformations.shards",
    "lineage_platform.transformations.standards.judging",
    "lineage_platform.transformations.tokenizer",
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the chain and write the figures."""
    started = time.perf_counter()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.once", description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("report", type=Path)
    parser.add_argument("--tokenizer", type=Path)
    parser.add_argument("--quality", default="code-and-prose@1")
    parser.add_argument("--formats", nargs="+", choices=("parquet", "megatron"), default=("parquet",))
    parser.add_argument("--without-lineage", action="store_true")
    parser.add_argument("--meter", action="store_true", help="time what only lineage needs")
    options = parser.parse_args(arguments)
    for module in MODULES:
        importlib.import_module(module)
    imports = cpu_seconds()
    from benchmarks.stages import Chain
    from benchmarks.without import without_lineage

    chain = Chain(
        options.data,
        options.work,
        formats=tuple(options.formats),
        tokenizer=options.tokenizer,
        quality=options.quality,
    )
    metered: dict[str, float] = {}
    with without_lineage() if options.without_lineage else nullcontext():
        if options.meter:
            metered = _metered(chain)
        else:
            chain.run()
    shards = chain.results["shards"].statistics
    figures = {
        "without_lineage": options.without_lineage,
        "metered": metered,
        "imports": imports,
        "cpu": cpu_seconds(),
        "wall": time.perf_counter() - started,
        "peak": peak_memory(),
        "stages": [asdict(stage) for stage in chain.by_stage()],
        "documents": sum(stage.documents for stage in chain.stages if stage.name == "documents"),
        "kept": shards.documents,
        "tokens": shards.tokens,
        "encoder": shards.details["encoder"],
        "by_reason": {
            name: dict(result.statistics.by_reason)
            for name, result in chain.results.items()
            if result.statistics.by_reason
        },
        "vocabulary": shards.details["vocabulary"],
        "end_of_document": shards.details["end_of_document"],
        "parts": [
            [name.partition("/")[0], part.role, part.path, part.bytes]
            for name, result in chain.results.items()
            for part in result.parts
        ],
    }
    options.report.write_text(json.dumps(figures), encoding="utf-8")


def measure(
    data: Path, work: Path, *options: str, environment: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Run the chain over `data` in a new process; raises CalledProcessError where it fails."""
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        command = [sys.executable, "-m", "benchmarks.once", str(data), str(work), report.name, *options]
        subprocess.run(command, check=True, env={**os.environ, **(environment or {})})
        figures: dict[str, Any] = json.loads(Path(report.name).read_text(encoding="utf-8"))
    return figures


def start_up(tiny: Path, work: Path, *options: str, cold: bool) -> dict[str, float]:
    """CPU seconds that do not depend on the documents: imports; first use (kernels read from the disk's cache, a tiny corpus);
    and, apart, where `cold`, compiling the kernels into an empty cache, as after an installation."""
    measure(tiny, work, *options)
    warm = measure(tiny, work, *options)
    seconds = {"imports": warm["imports"], "first use": warm["cpu"] - warm["imports"]}
    if cold:
        with tempfile.TemporaryDirectory() as empty:
            compiling = measure(tiny, work, *options, environment={"NUMBA_CACHE_DIR": empty})
        seconds["compiling kernels, once"] = compiling["cpu"] - warm["cpu"]
    return seconds


def clean(work: Path) -> None:
    """Remove what a run left."""
    shutil.rmtree(work, ignore_errors=True)


def _metered(chain: Any) -> dict[str, float]:
    """Run with a meter on lineage's functions; SHA-256 of the files written, and of sources as they are read after they
    were observed, is reckoned from their bytes."""
    from benchmarks.lineage import lineage_meter

    meter = lineage_meter()
    with meter.on():
        chain.run()
    block, hashed = b"block of bytes, " * (1 << 16), hashlib.sha256()
    start = time.thread_time()
    for _ in range(64):
        hashed.update(block)
    speed = 64 * len(block) / (time.thread_time() - start)
    written = sum(part.bytes for result in chain.results.values() for part in result.parts)
    read = sum(path.stat().st_size for path in chain.data.rglob("*.jsonl"))
    return {
        **meter.seconds,
        "digests of files written": written / speed,
        "digests of sources read": read / speed,
    }


if __name__ == "__main__":
    main()
