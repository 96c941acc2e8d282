"""The table of sizes: what it takes off, and what it compares."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks import size


def figures(made: int, cpu: float, peak: float) -> dict[str, Any]:
    stages = [{"name": "documents", "cpu": cpu - 3}, {"name": "shards", "cpu": 1.0}]
    disk = {"source": 700 * made, "shards: shard": 300 * made}
    return {"made": made, "cpu": cpu, "wall": cpu, "peak": peak, "stages": stages, "disk": disk}


def test_start_is_taken_off_and_sizes_are_compared() -> None:
    fixed = figures(10, 4.0, 1e8)
    runs = [figures(1000, 4.1, 7e8), figures(10_000, 5.5, 9e8)]
    costs = vars(size)["_costs"](runs[0], fixed)
    assert costs == pytest.approx({"documents": 100.0, "shards": 0.0, "all": 100.0})
    page = vars(size)["_page"](runs, fixed, 600)
    assert "1.50 times as much at 10,000 as at 1,000" in page
    assert "peak memory 900 MB" in page
    [source] = [line.split() for line in page.splitlines() if line.startswith("| source")]
    assert source == ["|", "source", "|", "700.0", "|", "700.0", "|"]
