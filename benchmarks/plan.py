"""What so many tokens would take, from what was measured: `python -m benchmarks.plan [--tokens N]`.

The model of cost: a stage takes `a` microseconds of processor time a document and `b` a kilobyte of its text, and writes
files in the same way. Two reports of `benchmarks.size` with documents of different length (`--short`, `--long`) give both
constants, each from its largest run; `benchmarks.index` gives the bytes of a placement at its largest size. The plan is
these lines drawn out: it assumes what was measured, a cost a document that does not grow with their number, and says
nothing of a network that is slower than the machines are.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.report import RESULTS, markdown, write_report
from lineage_platform.transformations.layout import BUCKET_BYTES
from lineage_platform.transformations.parts import ROW_GROUP_BYTES

STAGES = ("observe", "documents", "annotations", "deduplicated", "selection", "shards")
LINEAGE = ("placements-by-shard", "placements-by-document")
Figures = Mapping[str, Any]


@dataclass(frozen=True)
class Line:
    """`a` for each document, `b` for each kilobyte of its text."""

    a: float
    b: float

    def at(self, size: float) -> float:
        """The value for a document of `size` bytes."""
        return self.a + self.b * size / 1000


def line(short: tuple[float, float], long: tuple[float, float]) -> Line:
    """Through two points (bytes of text a document, value a document); never below zero at no text."""
    slope = (long[1] - short[1]) / (long[0] - short[0])
    at_zero = short[1] - slope * short[0]
    return Line(at_zero, slope * 1000) if at_zero > 0 else Line(0.0, long[1] / long[0] * 1000)


def largest(report: Figures) -> Figures:
    """The largest run of a report of sizes."""
    return max(report["runs"], key=lambda run: run["made"])


def costs(report: Figures) -> dict[str, float]:
    """Microseconds a document by stage in its largest run, less what the tiny corpus took."""
    run = largest(report)
    fixed = {stage["name"]: stage["cpu"] for stage in report["fixed"]["stages"]}
    spent = {stage["name"]: stage["cpu"] - fixed[stage["name"]] for stage in run["stages"]}
    return {name: max(0.0, spent[name]) / run["made"] * 1e6 for name in STAGES}


def places(report: Figures) -> dict[str, float]:
    """Bytes a document on disk by stage and role in its largest run."""
    run = largest(report)
    return {place: size / run["made"] for place, size in run["disk"].items()}


def lines(short: Figures, long: Figures, values: Any) -> dict[str, Line]:
    """The model of every stage, or of every kind of file."""
    sizes = [largest(report)["bytes"] / largest(report)["made"] for report in (short, long)]
    low, high = values(short), values(long)
    return {name: line((sizes[0], low.get(name, 0.0)), (sizes[1], high[name])) for name in high}


def plan(tokens: float, mean: float, cores: int, model: dict[str, Line], disk: dict[str, Line], long: Figures,
         placement: Mapping[str, float]) -> dict[str, Any]:  # fmt: skip
    """Sizes and hours for so many tokens in documents of `mean` bytes, on `cores` cores."""
    run = largest(long)
    documents = tokens / (run["tokens"] / run["made"]) * (run["bytes"] / run["made"]) / mean
    cpu = {name: cost.at(mean) * documents / 1e6 for name, cost in model.items()}
    text = documents * mean
    return {
        "tokens": tokens,
        "documents": documents,
        "text_bytes": text,
        "cpu_hours": {name: seconds / 3600 for name, seconds in cpu.items()},
        "hours": sum(cpu.values()) / 3600 / cores,
        "files_bytes": {name: size.at(mean) * documents for name, size in disk.items()},
        "placements_bytes": {role: placement[role] * documents for role in LINEAGE},
        "documents_parts": math.ceil(text / ROW_GROUP_BYTES),
        "packing_buckets": math.ceil(text / BUCKET_BYTES),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw the lines out and report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.plan", description=__doc__)
    parser.add_argument("--tokens", type=float, default=1e13)
    parser.add_argument("--mean", type=float, default=5000, help="bytes of text a document")
    parser.add_argument("--cores", type=int, default=2048, help="for the hours")
    parser.add_argument("--short", type=Path, default=RESULTS / "size.json")
    parser.add_argument("--long", type=Path, default=RESULTS / "size-5kB.json")
    parser.add_argument("--index", type=Path, default=RESULTS / "index.json")
    options = parser.parse_args(arguments)
    short, long, index = (
        json.loads(path.read_text()) for path in (options.short, options.long, options.index)
    )
    model, disk = lines(short, long, costs), lines(short, long, places)
    placement = max(index["sizes"], key=lambda size: size["documents"])["bytes_per_document"]
    figures = plan(options.tokens, options.mean, options.cores, model, disk, long, placement)
    write_report("plan", figures, page(figures, model, disk, options.mean, options.cores))


def page(figures: Figures, model: dict[str, Line], disk: dict[str, Line], mean: float, cores: int) -> str:
    """The constants and the plan, to read."""
    constants = [
        ("stage", "us a document", "us a kB of text", f"us at {mean:,.0f} B", "CPU hours"),
        *(
            (name, f"{cost.a:.1f}", f"{cost.b:.2f}", f"{cost.at(mean):.1f}", f"{figures['cpu_hours'][name]:,.0f}")
            for name, cost in model.items()
        ),
        ("all", "", "", f"{sum(cost.at(mean) for cost in model.values()):.1f}",
         f"{sum(figures['cpu_hours'].values()):,.0f}"),
    ]  # fmt: skip
    files = [
        ("files", "B a document", "B a kB of text", "TB"),
        *(
            (name, f"{size.a:.1f}", f"{size.b:.1f}", f"{figures['files_bytes'][name] / 1e12:,.2f}")
            for name, size in disk.items()
        ),
    ]
    index = ", ".join(f"{role} {size / 1e9:,.0f} GB" for role, size in figures["placements_bytes"].items())
    return "\n\n".join(
        (
            f"{figures['tokens']:.0e} tokens: {figures['documents']:.2e} documents of {mean:,.0f} bytes, "
            f"{figures['text_bytes'] / 1e12:,.1f} TB of text.",
            markdown(constants),
            f"On {cores:,} cores {figures['hours']:.2f} hours of processor time, if nothing else holds them up.",
            markdown(files),
            f"Placements at the bytes a document of the largest index measured: {index}. "
            f"{figures['documents_parts']:,} row groups of documents, {figures['packing_buckets']:,} buckets of packing.",
        )
    )


if __name__ == "__main__":
    main()
