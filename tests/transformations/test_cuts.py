"""Cutting Chinese between words that no token joins never changes a token."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_platform.transformations import cuts as module
from lineage_platform.transformations import encoder as encoders
from lineage_platform.transformations.cuts import joins_of
from lineage_platform.transformations.encoder import Encoder, open_encoder
from lineage_platform.transformations.tokenizer import _train
from tests.transformations.worlds import HAN, TRICKY

CHARACTERS = HAN + "一龥丁㐀鿿、。，！\n  abA1'é한カ𠀀"
"""Some that the vocabulary knows well, some that it knows by bytes alone, and what stands between them."""


def clauses(seed: int, count: int = 200) -> list[str]:
    """Words of one to four characters, drawn again and again, and neighbours on the code chart, in clauses."""
    chooser = random.Random(seed)
    words = ["".join(chooser.choices(HAN, k=chooser.randint(1, 4))) for _ in range(80)]
    words += [chr(0x4E00 + 64 * n + chooser.randint(0, 200)) for n in range(40)]
    return [
        "".join(chooser.choices(words, k=chooser.randint(1, 30))) + chooser.choice(("。", "，x ", "\n\n", ""))
        for _ in range(count)
    ]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    path.write_bytes(_train(clauses(0, 400), 900))
    return path


def definition_of(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


def same(path: Path, texts: list[str]) -> Encoder:
    column = pa.array(texts, pa.large_string())
    fast, reference = Encoder(path, "gigatoken"), Encoder(path, "tokenizers")
    for _ in range(2):  # what is new, then what is known
        for got, expected in zip(fast.encode(column), reference.encode(column), strict=True):
            assert got.dtype == expected.dtype
            assert np.array_equal(got, expected)
    return fast


def test_most_words_are_remembered(path: Path) -> None:
    fast = same(path, clauses(1))
    assert fast._words is not None
    assert 50 < len(fast._words._offsets) - 1 < 2000
    seen: list[int] = []

    def count(texts: pa.Array) -> Any:
        seen.append(texts.nbytes)
        return fast._gigatoken(texts)

    texts = pa.array(clauses(1), pa.large_string())
    fast._words.encode(texts, count)
    assert sum(seen) < texts.nbytes / 2


@settings(deadline=None, max_examples=200)
@given(st.lists(st.text(st.sampled_from(CHARACTERS), max_size=60), max_size=5))
def test_no_text_gets_other_tokens(path: Path, texts: list[str]) -> None:
    same(path, texts)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.text(st.characters(min_codepoint=0x3000, max_codepoint=0xA000), max_size=60), max_size=5))
def test_nor_does_text_of_rare_characters(path: Path, texts: list[str]) -> None:
    same(path, texts)


def test_tokens_of_parts_of_characters_join_too(tmp_path: Path) -> None:
    """A vocabulary whose tokens end and begin in the middle of characters."""
    chooser = random.Random(1)
    texts = ["".join(chr(chooser.randint(0x4E00, 0x4F00)) for _ in range(20)) for _ in range(400)]
    path = tmp_path / "tokenizer.json"
    path.write_bytes(_train(texts, 1500))
    joins = joins_of(definition_of(path))
    assert joins is not None
    assert any(tuple(form) != (3, 3) for form in joins.forms.tolist())
    same(path, texts)


def test_slices_batches_and_forgetting(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SLOTS", 64)
    monkeypatch.setattr(encoders, "_BATCH_BYTES", 1000)
    texts = [*clauses(3), *TRICKY]
    fast = same(path, texts)
    column = pa.array(texts, pa.large_string())
    whole, offsets = fast.encode(column)
    part, bounds = fast.encode(column.slice(7, 90))
    assert np.array_equal(part, whole[offsets[7] : offsets[97]])
    assert [end - start for start, end in pairwise(bounds)] == np.diff(offsets)[7:97].tolist()


def test_words_whose_tokens_never_came_are_forgotten(path: Path) -> None:
    fast, reference = Encoder(path, "gigatoken"), Encoder(path, "tokenizers")
    assert fast._words is not None
    column = pa.array(clauses(4), pa.large_string())
    with pytest.raises(ZeroDivisionError):
        fast._words.encode(column, lambda _texts: 1 / 0)  # type: ignore[arg-type, return-value]
    assert np.array_equal(fast.encode(column)[0], reference.encode(column)[0])


@pytest.mark.parametrize(
    "change",
    [
        lambda it: it["model"].update(ignore_merges=True),
        lambda it: it["model"].update(dropout=0.1),
        lambda it: it["pre_tokenizer"].update(add_prefix_space=True),
        lambda it: it["pre_tokenizer"].update(use_regex=False),
        lambda it: it.update(pre_tokenizer=None),
        lambda it: it.update(normalizer={"type": "Lowercase"}),
        lambda it: it["added_tokens"][0].update(special=False),
    ],
)
def test_where_it_is_not_known_to_be_safe_nothing_is_cut(
    path: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    definition = definition_of(path)
    assert joins_of(definition) is not None
    change(definition)
    assert joins_of(definition) is None


def test_an_encoder_stays_open_while_its_bytes_stay(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "tokenizer.json"
    other.write_bytes(path.read_bytes())
    first = open_encoder(other, "gigatoken")
    assert open_encoder(path, "gigatoken") is first
    assert open_encoder(path, "tokenizers") is not first
    other.write_bytes(_train(clauses(5, 50), 300))
    assert open_encoder(other, "gigatoken").vocabulary == 300
