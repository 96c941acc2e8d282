"""The plan on paper: lines through what was measured, drawn out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import plan


def report(made: int, size: float, micros: float, disk: float) -> dict[str, Any]:
    stages = [{"name": name, "cpu": micros * made / 1e6 + 1} for name in plan.STAGES]
    return {
        "fixed": {"stages": [{"name": name, "cpu": 1.0} for name in plan.STAGES]},
        "runs": [
            {"made": 10, "bytes": 1, "tokens": 1, "stages": [], "disk": {}},
            {
                "made": made,
                "bytes": made * size,
                "tokens": made * size / 5,
                "stages": stages,
                "disk": {"x": disk * made},
            },
        ],
    }


def test_lines_go_through_what_was_measured() -> None:
    found = plan.line((600, 16), (5000, 60))
    assert (found.a, found.b) == (pytest.approx(10), pytest.approx(10))
    assert found.at(600) == pytest.approx(16) and found.at(5000) == pytest.approx(60)
    below = plan.line((600, 1), (5000, 60))
    assert below.a == 0 and below.at(5000) == pytest.approx(60)


def test_a_plan_is_the_measured_cost_drawn_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = {
        "sizes": [
            {"documents": 10, "bytes_per_document": dict.fromkeys(plan.LINEAGE, 99)},
            {"documents": 1000, "bytes_per_document": dict.fromkeys(plan.LINEAGE, 8)},
        ]
    }
    written = {"short": report(1000, 600, 16, 100), "long": report(1000, 5000, 60, 540), "index": index}
    for name, figures in written.items():
        (tmp_path / name).write_text(json.dumps(figures))
    told: dict[str, Any] = {}
    monkeypatch.setattr(plan, "write_report", lambda name, figures, page: told.update(figures, page=page))
    plan.main(
        ["--tokens", "1e9", "--mean", "5000", "--cores", "10"]
        + [item for name in written for item in (f"--{name}", str(tmp_path / name))]
    )
    assert told["documents"] == pytest.approx(1e6)
    hours = {name: pytest.approx(60 / 3600) for name in plan.STAGES}
    assert told["cpu_hours"] == hours
    assert told["hours"] == pytest.approx(6 * 60 / 3600 / 10)
    assert told["files_bytes"] == {"x": pytest.approx(540e6)}
    assert told["placements_bytes"] == dict.fromkeys(plan.LINEAGE, pytest.approx(8e6))
    assert "1e+09 tokens" in told["page"]
