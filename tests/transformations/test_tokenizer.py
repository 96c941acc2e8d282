"""The same selection gives the same tokenizer, byte for byte; a given one stays as it is."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_platform.errors import InvalidInput
from lineage_platform.model.definitions import TokenizerSpec
from lineage_platform.model.versions import Result
from lineage_platform.transformations import tokenizer as module
from lineage_platform.transformations.engine import Engine, quiet
from lineage_platform.transformations.selection import select
from lineage_platform.transformations.tokenizer import shard_count, train_tokenizer
from tests.transformations.worlds import (
    TRICKY,
    AwayEngine,
    corpus,
    files_of,
    text,
    write_annotations,
    write_documents,
)

TEXTS = [*TRICKY, *(text(n) for n in range(300))]


class World:
    def __init__(
        self, folder: Path, texts: Sequence[str] = TEXTS, part_rows: int = 70, weight: float = 1
    ) -> None:
        self.folder = folder
        self.documents = write_documents(folder / "d", "a", 1, texts, part_rows)
        selection = select(
            {"a": write_annotations(folder / "d", self.documents)},
            [],
            corpus({"a": weight}),
            None,
            scratch=folder / "s",
            engine=Engine(),
            progress=quiet,
        )
        self.selection = files_of(selection, "selection")
        self.runs = 0

    def train(self, spec: TokenizerSpec, engine: Engine | None = None, seed: int = 0) -> Result:
        self.runs += 1
        return train_tokenizer(
            self.selection,
            self.documents,
            spec,
            seed,
            scratch=self.folder / str(self.runs),
            engine=engine or Engine(),
            progress=quiet,
        )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("tokenizer"))


def file_of(result: Result) -> bytes:
    return Path(result.parts[0].path).read_bytes()


def test_statistics(world: World) -> None:
    result = world.train(TokenizerSpec(vocabulary=400))
    [part] = result.parts
    assert (part.name, part.role) == ("tokenizer.json", "tokenizer")
    assert result.content_digest == part.sha256 == hashlib.sha256(file_of(result)).hexdigest()
    size = sum(len(item.encode()) for item in TEXTS)
    statistics, details = result.statistics, dict(result.statistics.details)
    assert details.pop("bytes_per_token") == size / statistics.tokens
    assert details == {
        "vocabulary": 400,
        "end_of_document": 0,
        "sample_documents": len(TEXTS),
        "sample_bytes": size,
        "encoder": "gigatoken",
    }
    assert statistics.documents == statistics.records_in == statistics.kept == len(TEXTS)
    assert sum(tokens for _, tokens in statistics.by_terms.values()) == statistics.tokens
    assert json.loads(file_of(result))["added_tokens"][0]["content"] == "<|endoftext|>"


def test_parts_engines_order_and_epochs_do_not_matter(world: World, tmp_path: Path) -> None:
    expected = world.train(TokenizerSpec(vocabulary=400))
    assert world.train(TokenizerSpec(vocabulary=400), AwayEngine(1)).statistics == expected.statistics
    other = World(tmp_path, part_rows=41, weight=2)
    other.documents.reverse()
    other.selection.reverse()
    assert other.train(TokenizerSpec(vocabulary=400)).content_digest == expected.content_digest


def test_training_is_the_same_in_every_process(world: World) -> None:
    expected = world.train(TokenizerSpec(vocabulary=700)).content_digest
    # A text in which thousands of pairs are equally frequent, so that every tie counts.
    script = (
        "import hashlib, random\nfrom lineage_platform.transformations.tokenizer import _train\n"
        "chooser = random.Random(0)\n"
        "words = [''.join(chooser.choices('abcdefghijklmnopqrstuvwxyz中文字', k=6)) for _ in range(5000)]\n"
        "print(hashlib.sha256(_train([' '.join(words)] * 3, 3000)).hexdigest())\n"
    )
    digests = set()
    for threads in ("1", "2", "7"):
        environment = {**os.environ, "RAYON_NUM_THREADS": threads, "PYTHONHASHSEED": threads}
        done = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
        )
        digests.add(done.stdout)
    assert len(digests) == 1
    assert world.train(TokenizerSpec(vocabulary=700)).content_digest == expected


def test_the_sample_is_bounded_and_follows_the_seed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SAMPLE_BYTES", 20_000)
    one, other = (world.train(TokenizerSpec(vocabulary=400), seed=seed) for seed in (0, 1))
    assert one.content_digest != other.content_digest
    for result in (one, other):
        assert 10_000 < result.statistics.details["sample_bytes"] < 40_000
    monkeypatch.setattr(module, "SAMPLE_BYTES", 1)
    assert world.train(TokenizerSpec(vocabulary=400)).statistics.documents > 10


def test_a_given_tokenizer_is_taken_byte_for_byte(world: World, tmp_path: Path) -> None:
    trained = world.train(TokenizerSpec(vocabulary=300))
    given_path = tmp_path / "given.json"
    given_path.write_text(json.dumps(json.loads(file_of(trained)), indent=3), encoding="utf-8")
    result = world.train(TokenizerSpec(path=str(given_path)))
    assert file_of(result) == given_path.read_bytes()
    assert result.statistics.details["vocabulary"] == 300
    assert result.content_digest != trained.content_digest


@pytest.mark.parametrize(
    "spec", [TokenizerSpec(), TokenizerSpec(vocabulary=256), TokenizerSpec(path="/nowhere/t.json")]
)
def test_a_wrong_specification_is_refused(world: World, spec: TokenizerSpec) -> None:
    with pytest.raises(InvalidInput, match="expected"):
        world.train(spec)


def test_a_selection_without_documents_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="without documents"):
        World(tmp_path, weight=0).train(TokenizerSpec(vocabulary=300))


@pytest.mark.parametrize(
    ("size", "bytes_per_token", "tokens", "expected"),
    [(0, 4.0, 1000, 1), (4000, 4.0, 1000, 1), (4001, 4.0, 1000, 2), (10**15, 4.0, 10**6, 250_000_000)],
)
def test_shard_count(size: int, bytes_per_token: float, tokens: int, expected: int) -> None:
    assert shard_count(size, bytes_per_token, tokens) == expected


@given(st.integers(0, 10**15), st.floats(0.5, 10), st.integers(1, 10**9))
def test_shards_are_never_planned_too_large(size: int, bytes_per_token: float, tokens: int) -> None:
    count: Any = shard_count(size, bytes_per_token, tokens)
    assert size / bytes_per_token / count <= tokens
