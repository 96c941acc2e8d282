"""`python -m benchmarks.chain` runs, finds the copies it was given, and writes down what it measured; so does the comparison
with a build without lineage."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import chain, once
from benchmarks.generator import write
from benchmarks.lineage import lineage_meter, shares
from benchmarks.stages import STAGES, Chain
from benchmarks.without import without_lineage
from lineage_platform.transformations.tokenizer import _train


@pytest.fixture
def tokenizer(tmp_path: Path) -> Path:
    path = tmp_path / "tokenizer.json"
    path.write_bytes(_train(["the river carries more water"], 300))
    return path


def test_the_chain_is_measured(tokenizer: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, results = tmp_path / "data", tmp_path / "results"
    chain.main(
        [
            *("--documents", "300", "--formats", "parquet", "megatron"),
            *("--tokenizer", str(tokenizer), "--data", str(data), "--results", str(results)),
        ]
    )
    figures = json.loads((results / "chain-300-parquet-megatron.json").read_text(encoding="utf-8"))
    assert [stage["name"] for stage in figures["stages"]] == list(STAGES)
    known, found = figures["known"], figures["found"]["deduplicated"]
    assert found["exact-duplicate"] + found["near-duplicate"] == pytest.approx(
        known["exact"] + known["near"], abs=15
    )
    assert set(figures["start_up_cpu_seconds"]) == {"imports", "first use"}
    assert 0 < figures["kept"] < 300 < figures["tokens"]
    assert "Documents per CPU second" in capsys.readouterr().out
    assert not (data / "work").exists()


def test_without_lineage_the_same_shards_come_out(tokenizer: Path, tmp_path: Path) -> None:
    write(tmp_path / "data", 200, mean=800)
    run = Chain(tmp_path / "data", tmp_path / "with", tokenizer=tokenizer)
    run.run()
    bare = Chain(tmp_path / "data", tmp_path / "without", tokenizer=tokenizer)
    with without_lineage():
        bare.run()
    shards = [
        [Path(part.path).read_bytes() for part in found.results["shards"].parts if part.role == "shard"]
        for found in (run, bare)
    ]
    assert shards[0] == shards[1]
    assert {part.role for part in bare.results["shards"].parts} == {"shard", "shard-fingerprints"}
    assert bare.results["shards"].content_digest == "0" * 64
    assert run.results["shards"].content_digest != "0" * 64
    again = Chain(tmp_path / "data", tmp_path / "again", tokenizer=tokenizer)
    meter = lineage_meter()
    with meter.on():
        again.run()
    assert again.results["shards"].content_digest == run.results["shards"].content_digest
    assert {"content digests", "decisions", "placements", "observing the sources"} <= set(meter.seconds)


def test_shares_are_of_the_run_with_lineage() -> None:
    assert shares([(10.0, 9.0), (8.0, 8.0)]) == [0.1, 0.0]


def test_a_failing_run_is_not_hidden(tmp_path: Path) -> None:
    import subprocess

    with pytest.raises(subprocess.CalledProcessError):
        once.measure(tmp_path / "nothing", tmp_path / "work", "--quality", "none@1")
