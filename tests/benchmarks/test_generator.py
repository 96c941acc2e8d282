"""Generated documents are the same for a seed, and their copies are copies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.generator import LANGUAGES, SHARES, Generator, Known, write


@pytest.fixture(scope="module")
def generator() -> Generator:
    return Generator(0)


def test_a_document_depends_on_seed_and_number_alone(generator: Generator) -> None:
    numbers = [40, 3, 17]
    assert [generator.text(n) for n in numbers] == [Generator(0).text(n) for n in numbers]
    assert generator.text(3) != Generator(1).text(3)


def test_copies_are_copies(generator: Generator) -> None:
    plans = [generator.plan(number) for number in range(2000)]
    kinds = {kind: [n for n, plan in enumerate(plans) if plan.kind == kind] for kind in ("exact", "near")}
    for kind, numbers in kinds.items():
        assert 60 < len(numbers) < 140, kind
    for number in kinds["exact"][:20]:
        assert generator.text(number) == generator.text(plans[number].of)
    for number in kinds["near"][:20]:
        mine, other = (
            {text[at : at + 8] for at in range(len(text))}
            for text in (generator.text(number), generator.text(plans[number].of))
        )
        assert len(mine & other) >= 0.6 * len(mine | other)


def test_sizes_and_languages(generator: Generator) -> None:
    texts = [generator.text(number) for number in range(600)]
    assert 4000 < sum(len(text.encode()) for text in texts) / len(texts) < 6000
    plans = [generator.plan(number) for number in range(2000)]
    for language, share in zip(LANGUAGES, SHARES, strict=True):
        assert abs(sum(plan.language == language for plan in plans) / 2000 - share) < 0.04


def test_files_hold_what_is_known(tmp_path: Path) -> None:
    known = write(tmp_path, 1200)
    lines = [line for path in sorted(tmp_path.rglob("*.jsonl")) for line in path.read_bytes().splitlines()]
    good = [json.loads(line) for line in lines if line.endswith(b"}")]
    assert len(good) == known.documents == 1200
    assert len(lines) - len(good) == known.broken == 1
    assert sum(len(record["text"].encode()) for record in good) == known.bytes
    assert write(tmp_path, 1200) == known
    assert Known(**json.loads((tmp_path / "known.json").read_text())) == known
