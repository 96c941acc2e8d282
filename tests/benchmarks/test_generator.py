"""Generated documents are the same for a seed, their copies are copies, and the truth about them is true."""

from __future__ import annotations

import hashlib
import json
import re
import tracemalloc
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.generator import LANGUAGES, LOW, QUALITIES, SHARES, Generator, Known, write
from benchmarks.similarity import jaccard, shingles, similarity
from lineage_platform.transformations.buffers import utf8_buffers


@pytest.fixture(scope="module")
def generator() -> Generator:
    return Generator()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    write(folder, 3000, mean=900)
    return folder


def _texts(folder: Path) -> dict[str, str]:
    lines = [line for path in sorted(folder.rglob("*.jsonl")) for line in path.read_bytes().splitlines()]
    records = [json.loads(line) for line in lines if line.endswith(b"}")]
    return {record["id"]: record["text"] for record in records}


def test_a_document_depends_on_seed_and_number_alone(generator: Generator, folder: Path) -> None:
    numbers = [40, 3, 17]
    assert [generator.text(n) for n in numbers] == [Generator(0).text(n) for n in numbers]
    assert generator.text(3) != Generator(1).text(3)
    texts = _texts(folder)
    small = Generator(mean=900)
    assert [small.text(n) for n in (0, 1111, 2999)] == [texts[f"d{n}"] for n in (0, 1111, 2999)]


def test_the_same_seed_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    write(tmp_path, 3000, mean=900)
    names = sorted(path.relative_to(folder) for path in folder.rglob("*.jsonl"))
    assert names == sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.jsonl"))
    for name in names:
        both = [hashlib.sha256((place / name).read_bytes()).digest() for place in (folder, tmp_path)]
        assert both[0] == both[1], name


def test_the_truth_is_true(folder: Path) -> None:
    texts = _texts(folder)
    copies = pq.read_table(folder / "truth.parquet").to_pylist()
    likenesses = []
    for copy in copies:
        mine, other = texts[f"d{copy['document']}"], texts[f"d{copy['of']}"]
        assert copy["of"] < copy["document"]
        assert (copy["kind"] == "exact") == (mine == other)
        assert copy["jaccard"] == pytest.approx(jaccard(shingles(mine), shingles(other)), abs=1e-9)
        likenesses.append(copy["jaccard"])
    assert len(copies) == pytest.approx(750, abs=120)
    originals = {copy["of"] for copy in copies}
    assert not originals & {copy["document"] for copy in copies}
    near = [value for copy, value in zip(copies, likenesses, strict=True) if copy["kind"] == "near"]
    assert min(near) < 0.6 < 0.9 < max(near)


def test_no_copy_is_left_out_of_the_truth(folder: Path) -> None:
    texts = _texts(folder)
    copies = {f"d{n}" for n in pq.read_table(folder / "truth.parquet").column("document").to_pylist()}
    assert len({text for name, text in texts.items() if name not in copies}) == len(texts) - len(copies)


def test_sizes_languages_and_qualities(generator: Generator) -> None:
    texts = [generator.text(number) for number in range(600)]
    assert 4000 < sum(len(text.encode()) for text in texts) / len(texts) < 6500
    plans = [generator.plan(number) for number in range(2000)]
    for language, share in zip(LANGUAGES, SHARES, strict=True):
        assert abs(sum(plan.language == language for plan in plans) / 2000 - share) < 0.04
    for quality, share in zip(QUALITIES[1:], LOW, strict=True):
        assert abs(sum(plan.quality == quality for plan in plans) / 2000 - share) < 0.015
    assert sum("@example.com" in text for text in texts) >= 8


def test_what_quality_rules_drop_is_there(folder: Path) -> None:
    small, texts = Generator(mean=900), _texts(folder)
    seen: dict[str, str] = {}
    for number in range(1000):
        seen.setdefault(small.plan(number).quality, texts[f"d{number}"])
    assert all(line.startswith("- ") for line in seen["bullets"].splitlines()[:3])
    assert len(seen["short"].split()) < 50
    lines = seen["repetitive"].splitlines()
    assert len(set(lines)) < len(lines)
    assert not {"the", "and", "of"} & set(re.findall(r"[a-z]+", seen["no-stop-words"].lower())[:40])


def test_files_hold_what_is_known(folder: Path) -> None:
    known = Known(**json.loads((folder / "known.json").read_text(encoding="utf-8"))["known"])
    lines = [line for path in folder.rglob("*.jsonl") for line in path.read_bytes().splitlines()]
    texts = _texts(folder)
    assert len(texts) == known.documents == 3000
    assert len(lines) - len(texts) == known.broken == 3
    assert sum(len(text.encode()) for text in texts.values()) == known.bytes
    kinds = pq.read_table(folder / "truth.parquet").column("kind").to_pylist()
    assert (kinds.count("exact"), kinds.count("near")) == (known.exact, known.near)


def test_a_corpus_stays_until_other_parameters_are_asked_for(tmp_path: Path) -> None:
    first = write(tmp_path, 200)
    [before] = {path.stat().st_mtime_ns for path in (tmp_path / "english").iterdir()}
    assert write(tmp_path, 200) == first
    assert {path.stat().st_mtime_ns for path in (tmp_path / "english").iterdir()} == {before}
    assert write(tmp_path, 200, seed=1, broken=False) != first
    assert write(tmp_path, 200) == first


def test_memory_does_not_grow_with_documents(tmp_path: Path) -> None:
    write(tmp_path / "warm", 100, mean=600)
    tracemalloc.start()
    write(tmp_path / "30000", 30_000, mean=1500, exact=0.01, near=0.01)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 80e6


@given(st.text("aB9 .,-\n$=ü，。天地玄", max_size=60), st.text("aB9 .,-\n$=ü，。天地玄", max_size=60))
def test_the_kernel_agrees_with_the_definition(first: str, second: str) -> None:
    values, offsets = zip(*(utf8_buffers(_column(text)) for text in (first, second)), strict=True)
    got = similarity(values[0].copy(), 0, offsets[0][1], values[1].copy(), 0, offsets[1][1])
    assert got == pytest.approx(jaccard(shingles(first), shingles(second)))


def _column(text: str) -> pa.Array:
    return pa.array([text], pa.large_string())
