"""`python -m benchmarks.chain` runs, finds the copies it was given, and writes down what it measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import chain
from lineage_platform.transformations.tokenizer import _train


def test_the_chain_is_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tokenizer = tmp_path / "tokenizer.json"
    tokenizer.write_bytes(_train(["the river carries more water"], 300))
    chain.main(
        [
            *("--documents", "300", "--formats", "parquet", "megatron"),
            *("--tokenizer", str(tokenizer)),
            *("--folder", str(tmp_path / "data"), "--results", str(tmp_path / "results")),
        ]
    )
    [written] = (tmp_path / "results").iterdir()
    figures = json.loads(written.read_text(encoding="utf-8"))
    assert [stage["name"] for stage in figures["stages"]] == [
        "observe",
        "documents",
        "annotations",
        "deduplicated",
        "selection",
        "tokenizer",
        "shards",
    ]
    known, found = figures["known"], figures["found"]["deduplicated"]
    assert abs(found["exact-duplicate"] + found["near-duplicate"] - known["exact"] - known["near"]) <= 3
    assert 0 < figures["lineage_share"] < 1
    assert set(figures["lineage_cpu_seconds"]) == {
        "content digests",
        "decisions",
        "file digests",
        "identities and keys",
        "placements",
        "terms",
    }
    assert "documents per cpu second" in capsys.readouterr().out
    assert not (tmp_path / "data" / "work").exists()
