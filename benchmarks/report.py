"""What a benchmark measured, written down: figures with machine, versions and commit as JSON, and a table to read.

    table = [("stage", "CPU s"), ("annotations", "1.20")]
    write_report("chain", {"stages": ...}, table)     # results/chain.json and results/chain.md, printed too

Processor seconds count all threads of this process and its ended children.
"""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RESULTS = HERE / "results"
PACKAGES = ("daft", "duckdb", "gigatoken", "numba", "numpy", "pyarrow", "ray", "tokenizers")


def write_report(
    name: str,
    figures: Mapping[str, Any],
    table: Sequence[Sequence[str]] | str,
    *,
    folder: Path = RESULTS,
) -> Path:
    """Write `folder`/<name>.json (figures, machine, versions, commit) and <name>.md (the table, rendered), and print it.

    A table is rows of cells, the first of them the header, or Markdown as it is. Gives the path of the JSON file.
    """
    about = {"machine": machine(), "versions": versions(), "commit": commit()}
    folder.mkdir(parents=True, exist_ok=True)
    text = table if isinstance(table, str) else markdown(table)
    written = folder / f"{name}.json"
    with written.open("w", encoding="utf-8") as file:
        json.dump({**about, **figures}, file, indent=2, ensure_ascii=False)
        file.write("\n")
    page = f"# {name}\n\n{_about(about)}\n\n{text.strip()}\n"
    written.with_suffix(".md").write_text(page, encoding="utf-8")
    print(f"{page}\nwritten to {written}", flush=True)
    return written


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, its columns as wide as their widest cell, all but the first to the right."""
    widths = [max(3, *(len(row[column]) for row in rows)) for column in range(len(rows[0]))]

    def line(cells: Sequence[str]) -> str:
        first, *others = zip(cells, widths, strict=True)
        return f"| {' | '.join([first[0].ljust(first[1]), *(c.rjust(w) for c, w in others)])} |"

    rule = line(["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])])
    return "\n".join([line(rows[0]), rule, *(line(row) for row in rows[1:])])


def cpu_seconds() -> float:
    """Processor seconds of this process, all its threads, and its children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def peak_memory() -> int:
    """Bytes of resident memory at the most so far: of this process, or of one ended child where that had more."""
    unit = 1 if sys.platform == "darwin" else 1024
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit
    # what getrusage says of oneself may be the peak of the process that started this one
    own = _field(Path("/proc/self/status"), "VmHWM").partition(" ")[0]
    return max(
        children, int(own) * 1024 if own else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    )


def machine() -> dict[str, Any]:
    """Processor, cores, memory, system, and how loaded it was (mean of the last 15 minutes)."""
    return {
        "processor": _field(Path("/proc/cpuinfo"), "model name") or platform.processor(),
        "cores": os.cpu_count(),
        "memory": _field(Path("/proc/meminfo"), "MemTotal"),
        "system": platform.platform(),
        "load": round(os.getloadavg()[2], 1),
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
    }


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that decide the speed, where they are installed."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def commit() -> str:
    """The commit of this tree, `-dirty` where files other than results differ from it."""
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ":/", ":!results")
    return (_git("rev-parse", "--short", "HEAD") or "no commit") + ("-dirty" if changed else "")


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=HERE, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _field(path: Path, name: str) -> str:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")


def _about(about: Mapping[str, Any]) -> str:
    computer, packages = about["machine"], ", ".join(f"{k} {v}" for k, v in about["versions"].items())
    return (
        f"{computer['processor']}, {computer['cores']} cores, {computer['memory']} of memory, "
        f"load {computer['load']}; {computer['system']}; {computer['date']}\n\n"
        f"commit {about['commit']}; {packages}"
    )
