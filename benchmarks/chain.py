"""The whole chain of transformations on made-up documents: `python -m benchmarks.chain [--documents N]`.

CPU seconds by stage, documents per CPU second, peak memory, bytes a placement. Start-up is shown apart: imports, the first use
of everything, and compiling the kernels where they are not yet on disk. Catalog, events and Dagster are not in it.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import once
from benchmarks.generator import Known, write
from benchmarks.real import write_real
from benchmarks.report import RESULTS, markdown, write_report

DATA = Path(__file__).parent / "data"
TINY = 60
PLACEMENTS = ("placements-by-shard", "placements-by-document")


def figures_of(run: Mapping[str, Any], start: Mapping[str, float], known: Known) -> dict[str, Any]:
    """Everything that was measured, as JSON values."""
    cpu = sum(stage["cpu"] for stage in run["stages"])
    training = next(stage["cpu"] for stage in run["stages"] if stage["name"] == "tokenizer")
    sizes = {role: sum(size for _, found, _, size in run["parts"] if found == role) for role in PLACEMENTS}
    return {
        "documents": known.documents,
        "bytes": known.bytes,
        "known": {"exact": known.exact, "near": known.near, "broken": known.broken, **known.by_quality},
        "found": run["by_reason"],
        "kept": run["kept"],
        "tokens": run["tokens"],
        "encoder": run["encoder"],
        "start_up_cpu_seconds": {name: round(seconds, 2) for name, seconds in start.items()},
        "stages": [
            {**stage, "microseconds_per_document": round(stage["cpu"] / known.documents * 1e6, 1)}
            for stage in run["stages"]
        ],
        "cpu_seconds": round(cpu, 2),
        "documents_per_cpu_second": round(known.documents / cpu),
        "documents_per_cpu_second_with_a_tokenizer_given": round(known.documents / (cpu - training)),
        "peak_memory_mb": round(run["peak"] / 1e6),
        "bytes_per_placement": {role: round(size / max(1, run["kept"]), 2) for role, size in sizes.items()},
    }


def table_of(figures: Mapping[str, Any]) -> str:
    """The figures to read."""
    documents = figures["documents"]
    stages = [("stage", "CPU s", "wall s", "us/document", "documents in", "peak MB")]
    stages += [
        (
            stage["name"],
            f"{stage['cpu']:.2f}",
            f"{stage['wall']:.2f}",
            f"{stage['microseconds_per_document']:.1f}",
            f"{stage['documents']:,}",
            f"{stage['peak']:,}",
        )
        for stage in figures["stages"]
    ]
    stages.append(("all", f"{figures['cpu_seconds']:.2f}", "", "", "", f"{figures['peak_memory_mb']:,}"))
    start = [("start-up", "CPU s"), *((n, f"{s:.2f}") for n, s in figures["start_up_cpu_seconds"].items())]
    lines = [
        f"{documents:,} documents of {figures['bytes'] / documents:,.0f} bytes; {figures['kept']:,} kept, "
        f"{figures['tokens']:,} tokens by {figures['encoder']}",
        markdown(stages),
        markdown(start),
        f"Documents per CPU second: {figures['documents_per_cpu_second']:,}; with a tokenizer given "
        f"{figures['documents_per_cpu_second_with_a_tokenizer_given']:,}.",
        f"Bytes a placement: {figures['bytes_per_placement']}.",
        f"Known: {figures['known']}.",
        f"Found: {figures['found']}.",
    ]
    return "\n\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chain", description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--formats", nargs="+", choices=("parquet", "megatron"), default=("parquet",))
    parser.add_argument("--quality", default="code-and-prose@1")
    parser.add_argument("--tokenizer", type=Path, help="a tokenizer.json; else one is trained")
    parser.add_argument("--folder", type=Path, help="real documents: JSON Lines with `text`")
    parser.add_argument("--cold", action="store_true", help="compile the kernels anew too: minutes")
    parser.add_argument("--data", type=Path, default=DATA, help="for corpora and results of stages")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the figures go")
    options = parser.parse_args(arguments)
    tiny, work = options.data / "tiny", options.data / "work"
    data = options.data / f"{'real-' if options.folder else ''}{options.documents}"
    write(tiny, TINY)
    if options.folder:
        known = write_real(options.folder, data, options.documents)
    else:
        known = write(data, options.documents)
    settings = ["--quality", options.quality, "--formats", *options.formats]
    if options.tokenizer:
        settings += ["--tokenizer", str(options.tokenizer)]
    start = once.start_up(tiny, work, *settings, cold=options.cold)
    figures = figures_of(once.measure(data, work, *settings), start, known)
    figures["formats"], figures["quality"] = list(options.formats), options.quality
    once.clean(work)
    name = f"chain-{data.name}-{'-'.join(options.formats)}"
    write_report(name, figures, table_of(figures), folder=options.results)


if __name__ == "__main__":
    main()
