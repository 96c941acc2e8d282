"""Cost and memory by the number of documents: `python -m benchmarks.size [--documents N ...]`.

Every size runs in a process of its own, over documents of one mean length (short ones, so that ten million fit on a
disk), with a tokenizer that is made once for all sizes. The table gives processor microseconds a document by stage, peak
memory (resident, the process or any one child) and bytes on disk; what does not depend on the documents (imports,
kernels read, a tiny corpus) is measured apart and taken off. Making the corpus is no part of it.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.generator import write
from benchmarks.once import measure
from benchmarks.report import markdown, write_report

DATA = Path(__file__).parent / "data" / "size"
SIZES = (100_000, 1_000_000, 10_000_000)
MEAN = 600
TINY = 500
GOAL_RATIO, GOAL_PEAK = 1.2, 3e9

Figures = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure every size and report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.size", description=__doc__)
    parser.add_argument("--documents", type=int, nargs="+", default=SIZES)
    parser.add_argument("--mean", type=int, default=MEAN, help="bytes of text a document, on average")
    parser.add_argument("--folder", type=Path, default=DATA, help="for generated data and results of stages")
    parser.add_argument("--name", default="size", help="of the report")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as kept:
        tokenizer = Path(kept) / "tokenizer.json"
        fixed = _fixed(options.folder, options.mean, tokenizer)
        runs = [_run(options.folder, count, options.mean, tokenizer) for count in sorted(options.documents)]
    shutil.rmtree(options.folder)
    write_report(
        options.name,
        {"mean": options.mean, "fixed": fixed, "runs": runs, "ratio": _ratio(runs, fixed)},
        _page(runs, fixed, options.mean),
    )


def _fixed(folder: Path, mean: int, tokenizer: Path) -> Figures:
    """The figures of a tiny corpus, on the second run; leaves its tokenizer at `tokenizer`."""
    data, work = folder / "tiny", folder / "work"
    write(data, TINY, mean=mean)
    made = measure(data, work)
    [path] = [path for stage, _, path, _ in made["parts"] if stage == "tokenizer"]
    shutil.copy(path, tokenizer)
    return measure(data, work, "--tokenizer", str(tokenizer))


def _run(folder: Path, count: int, mean: int, tokenizer: Path) -> Figures:
    """The figures of one size; data and results are gone afterwards."""
    data, work = folder / f"{count}", folder / "work"
    started = time.perf_counter()
    known = write(data, count, mean=mean)
    made = time.perf_counter() - started
    source = sum(path.stat().st_size for path in data.glob("*/*.jsonl"))
    print(f"{count:,} documents, {source / 1e9:.2f} GB, made in {made:.0f} s", flush=True)
    figures = measure(data, work, "--tokenizer", str(tokenizer))
    shutil.rmtree(data)
    shutil.rmtree(work)
    figures["disk"] = {"source": source}
    for stage, role, _, length in figures.pop("parts"):
        place = f"{stage}: {role}"
        figures["disk"][place] = figures["disk"].get(place, 0) + length
    print(
        f"  {figures['cpu']:.0f} CPU s, {figures['wall']:.0f} s, peak {figures['peak'] / 1e6:,.0f} MB",
        flush=True,
    )
    return {"made": count, "bytes": known.bytes, **figures}


def _costs(run: Figures, fixed: Figures) -> dict[str, float]:
    """Microseconds a document by stage, less what the tiny corpus took; and `all`, with everything around the stages."""
    spent = {stage["name"]: stage["cpu"] for stage in run["stages"]} | {"all": run["cpu"]}
    started = {stage["name"]: stage["cpu"] for stage in fixed["stages"]} | {"all": fixed["cpu"]}
    return {name: (cpu - started[name]) / run["made"] * 1e6 for name, cpu in spent.items()}


def _ratio(runs: Sequence[Figures], fixed: Figures) -> float:
    """Cost of a document at the largest size by that at the smallest."""
    return _costs(runs[-1], fixed)["all"] / _costs(runs[0], fixed)["all"]


def _page(runs: Sequence[Figures], fixed: Figures, mean: int) -> str:
    heads = [f"{run['made']:,}" for run in runs]
    costs = [_costs(run, fixed) for run in runs]
    stages = [(name, *(f"{cost[name]:.1f}" for cost in costs)) for name in costs[0]]
    wall = ("wall seconds", *(f"{run['wall']:.0f}" for run in runs))
    peak = ("peak memory, MB", *(f"{run['peak'] / 1e6:,.0f}" for run in runs))
    places = list(dict.fromkeys(place for run in runs for place in run["disk"]))
    disk = [(place, *(_each(run, place) for run in runs)) for place in places]
    ratio, largest = _ratio(runs, fixed), max(run["peak"] for run in runs)
    return "\n\n".join(
        (
            f"Documents of {mean} bytes of text on average (short, so that the largest size fits on the disk). A fixed "
            f"{fixed['cpu']:.1f} CPU seconds of start are taken off.",
            f"A document costs {ratio:.2f} times as much at {heads[-1]} as at {heads[0]} (goal: at most {GOAL_RATIO}); "
            f"peak memory {largest / 1e6:,.0f} MB (goal: below {GOAL_PEAK / 1e6:,.0f}).",
            markdown([("CPU us a document", *heads), *stages, wall, peak]),
            markdown([("bytes a document on disk", *heads), *disk]),
        )
    )


def _each(run: Mapping[str, Any], place: str) -> str:
    return f"{run['disk'].get(place, 0) / run['made']:.1f}"


if __name__ == "__main__":
    main()
