"""Figures of the comparison as tables to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.report import markdown

Runs = Mapping[str, Sequence[Mapping[str, Any]]]
GOALS = {"datatrove": 30, "dolma": 15, "datajuicer": 10}


def speeds(runs: Runs, documents: int, ours: str) -> dict[str, dict[str, Any]]:
    """By system: means over rounds of CPU seconds, start-up, what is left, wall seconds and peak memory, documents per CPU
    second of what is left, and ours by theirs: with start-up, without it, and that of each round."""
    found = {}
    for system, rounds in runs.items():
        net = [run["cpu"] - run["start"] for run in rounds]
        reference = [(run["cpu"], run["cpu"] - run["start"]) for run in runs[ours]]
        found[system] = {
            "cpu": _mean([run["cpu"] for run in rounds]),
            "start": _mean([run["start"] for run in rounds]),
            "net": _mean(net),
            "wall": _mean([run["wall"] for run in rounds]),
            "peak": max(run["peak"] for run in rounds),
            "documents_per_cpu_second": [documents / value for value in net],
            "ratio_with_start_up": [
                run["cpu"] / whole for run, (whole, _) in zip(rounds, reference, strict=True)
            ],
            "ratio": [value / rest for value, (_, rest) in zip(net, reference, strict=True)],
            "stages": _stages(rounds),
        }
    return found


def speed_table(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Systems side by side."""
    rows = [
        (
            "system",
            "CPU s",
            "start-up",
            "without it",
            "wall s",
            "peak MB",
            "documents / CPU s",
            "ours by it, start-up in",
            "ours by it",
            "goal",
        )
    ]
    for system, figures in found.items():
        rows.append(
            (
                system,
                f"{figures['cpu']:.1f}",
                f"{figures['start']:.1f}",
                f"{figures['net']:.1f}",
                f"{figures['wall']:.0f}",
                f"{figures['peak'] / 1e6:,.0f}",
                _range(figures["documents_per_cpu_second"], 0),
                _range(figures["ratio_with_start_up"], 1),
                _range(figures["ratio"], 1),
                f">= {GOALS[system]}" if system in GOALS else "",
            )
        )
    return markdown(rows)


def stage_table(found: Mapping[str, Mapping[str, Any]]) -> str:
    """CPU seconds by stage, start-up in them where it falls."""
    rows = [("system", "stage", "CPU s")]
    for system, figures in found.items():
        rows += [(system, name, f"{seconds:.2f}") for name, seconds in figures["stages"].items()]
    return markdown(rows)


def exact_table(found: Mapping[str, tuple[int, int, int]]) -> str:
    """Exact duplicates: what came in and how many texts were not left exactly once."""
    rows = [("system", "repeated texts", "copies to drop", "texts not left exactly once")]
    rows += [(system, *(f"{value:,}" for value in values)) for system, values in found.items()]
    return markdown(rows)


def near_table(found: Mapping[str, Any]) -> str:
    """MinHash precision and recall by system, on the pairs that each saw."""
    rows = []
    for system, quality in found.items():
        if not rows:
            bands = [f"recall {low:.1f}-{min(high, 1):.1f}" for low, high in quality.recall]
            rows.append(("on what it saw", "gone", "precision", *bands))
        cells = [f"{a / b:.3f} of {b:,}" if b else "-" for a, b in quality.recall.values()]
        rows.append((system, f"{quality.gone:,}", f"{quality.precision:.4f}", *cells))
    return markdown(rows) if rows else ""


def token_table(found: Mapping[str, tuple[int, int]]) -> str:
    """Token ids against `tokenizers`."""
    rows = [("system", "documents compared", "with other tokens")]
    rows += [(system, f"{count:,}", f"{wrong:,}") for system, (count, wrong) in found.items()]
    return markdown(rows)


def rules_table(found: Sequence[tuple[str, int, int, int, int, int, list[str]]], *, words: bool) -> str:
    """Decisions rule by rule."""
    header = ["rule", "fail with us", "with it", "only us", "only it"]
    rows: list[Sequence[str]] = [[*header, "gone with our words", "of the rest"] if words else header]
    for rule, ours, theirs, only_us, only_them, explained, examples in found:
        row = [rule, f"{ours:,}", f"{theirs:,}", f"{only_us:,}", f"{only_them:,}"]
        rows.append([*row, f"{explained:,}", ", ".join(examples)] if words else row)
    return markdown(rows)


def _stages(rounds: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    names = [stage["name"] for stage in rounds[0]["stages"]]
    return {
        name: _mean([stage["cpu"] for run in rounds for stage in run["stages"] if stage["name"] == name])
        for name in names
    }


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _range(values: Sequence[float], digits: int) -> str:
    low, high = f"{min(values):,.{digits}f}", f"{max(values):,.{digits}f}"
    return low if low == high else f"{low} to {high}"
