"""A report says what was measured, where, and with which commit."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import report


def test_figures_and_table_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = [("stage", "CPU s"), ("annotations", "1.20")]
    written = report.write_report("size-1m", {"cpu": 1.2}, table, folder=tmp_path / "results")
    figures = json.loads(written.read_text(encoding="utf-8"))
    assert written == tmp_path / "results" / "size-1m.json"
    assert figures["cpu"] == 1.2
    assert figures["commit"] == report.commit()
    assert figures["machine"]["cores"] >= 1
    assert {"python", "daft", "numba", "pyarrow"} <= set(figures["versions"])
    page = written.with_suffix(".md").read_text(encoding="utf-8")
    assert "| stage       | CPU s |\n| ----------- | ----: |\n| annotations |  1.20 |\n" in page
    assert page in capsys.readouterr().out


def test_a_table_may_be_markdown_already(tmp_path: Path) -> None:
    written = report.write_report("x", {}, "## Rows\n\nnone", folder=tmp_path)
    assert written.with_suffix(".md").read_text(encoding="utf-8").endswith("\n\n## Rows\n\nnone\n")


def test_children_count() -> None:
    before = report.cpu_seconds()
    subprocess.run([sys.executable, "-c", "sum(range(3_000_000)); x = bytearray(50_000_000)"], check=True)
    assert report.cpu_seconds() - before > 0.01
    assert report.peak_memory() > 50_000_000
