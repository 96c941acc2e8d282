"""Merges are those that the trainer of `tokenizers` finds, ties included."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence

import numpy as np
import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import decoders, models, pre_tokenizers, trainers

from lineage_platform.transformations.merges import learn_merges
from lineage_platform.transformations.tokenizer import _train
from tests.transformations.worlds import HAN, TRICKY, text


def reference(texts: Sequence[str], vocabulary: int) -> bytes:
    tokenizer = tokenizers.Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<|endoftext|>"],
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return bytes(tokenizer.to_str(pretty=False).encode())


def ties() -> list[str]:
    """Thousands of pairs that are equally frequent."""
    chooser = random.Random(0)
    return [" ".join("".join(chooser.choices("abcdefghij中文字", k=6)) for _ in range(3000))]


CASES = {
    "prose": [*TRICKY, *(text(n) for n in range(300))],
    "ties": ties(),
    "runs": ["a" * n for n in range(1, 60)]
    + ["abab" * n for n in range(9)]
    + ["  " * n + "x" for n in range(9)],
    "special": ["<|endoftext|>" * 4, "a\0b\0", ""],
    "one letter": ["a"],
    "nothing": [""],
    "no texts": [],
}


@pytest.mark.parametrize("vocabulary", [257, 300, 2000])
@pytest.mark.parametrize("case", CASES)
def test_the_file_is_the_same_byte_for_byte(case: str, vocabulary: int) -> None:
    assert _train(CASES[case], vocabulary) == reference(CASES[case], vocabulary)


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.text(st.sampled_from(f"aab {HAN[:4]}\n'1"), max_size=40), max_size=12), st.integers(257, 330)
)
def test_for_any_text(texts: list[str], vocabulary: int) -> None:
    got, expected = (json.loads(made(texts, vocabulary)) for made in (_train, reference))
    assert got["model"]["vocab"] == expected["model"]["vocab"]
    assert got == expected


def test_counts_weigh_and_numbers_say_what_was_made() -> None:
    ranks = np.arange(256, dtype=np.int32)
    merges = learn_merges([(b"ab", 1), (b"bc", 3), (b"abc", 1)], ranks, 260)
    assert merges.tolist() == [
        [ord("b"), ord("c"), 256],
        [ord("a"), ord("b"), 257],
        [ord("a"), 256, 258],
    ]


def test_more_words_than_the_tables_begin_with() -> None:
    chooser = np.random.default_rng(0)
    words = [
        (bytes(word), 1) for word in {tuple(row) for row in chooser.integers(0, 256, (3000, 4)).tolist()}
    ]
    ranks = np.arange(256, dtype=np.int32)
    merges = learn_merges(words, ranks, 2000)
    assert len(merges) == 2000 - 256
    assert merges[:, 2].tolist() == list(range(256, 2000))
