"""Band keys: what they ignore, what they keep apart, and how often near duplicates share one."""

from __future__ import annotations

import random

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lineage_platform.model.tables import minhash_column
from lineage_platform.transformations.measures.measure import measure
from lineage_platform.transformations.measures.minhash import hash_functions
from tests.transformations.reference_measures import jaccard, shingles_of

Setting = tuple[int, int, int]

GOLDEN = [
    [3247072947519954434, 11210367479253337318, 1835122974843913618],
    [18302395695743799316, 277067432366950965, 7540400562672391438],
]


def keys_of(texts: list[str], setting: Setting) -> npt.NDArray[np.uint64]:
    """Shape (texts, bands); a text without keys has zeros."""
    column = measure(pa.array(texts, pa.large_string()), (setting,)).column(minhash_column(*setting))
    empty = b"\0" * (8 * setting[1])
    return np.array([np.frombuffer(key or empty, "<u8") for key in column.to_pylist()])


def test_keys_never_change() -> None:
    keys = keys_of(["The quick brown fox jumps over the lazy dog.", "床前明月光，疑是地上霜。"], (5, 3, 4))
    assert keys.tolist() == GOLDEN


def test_hash_functions_of_a_smaller_setting_are_the_first_of_a_greater() -> None:
    few, many = hash_functions(8), hash_functions(112)
    assert (few == many[:, :8]).all()
    assert len(np.unique(many)) == many.size
    assert (many[:2] % 2 == 1).all()


@pytest.mark.parametrize(
    "other",
    [
        "To be, or not to be: that is the question",
        "TO BE OR NOT TO BE\n\nTHAT IS THE QUESTION",
        "to   be or — not to be that\tis (the) question!",
    ],
)
def test_case_punctuation_and_white_space_do_not_count(other: str) -> None:
    one, two = keys_of(["To be or not to be that is the question", other], (5, 14, 8))
    assert (one == two).all()


def test_a_text_shorter_than_a_shingle_is_one() -> None:
    keys = keys_of(["one two", "One, two.", "one three", "two one", "one"], (5, 14, 8))
    assert (keys[0] == keys[1]).all()
    assert len({tuple(key) for key in keys.tolist()}) == 4


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from("abcdefgh中文,"), max_size=30).map(" ".join),
    st.lists(st.sampled_from("abcdefgh中文,"), max_size=30).map(" ".join),
    st.integers(1, 6),
)
def test_keys_say_whether_the_sets_of_shingles_are_equal(left: str, right: str, ngram: int) -> None:
    one, two = shingles_of(left, ngram), shingles_of(right, ngram)
    assume(one and two)
    keys = keys_of([left, right], (ngram, 8, 16))
    if one == two:
        assert (keys[0] == keys[1]).all()
    elif jaccard(one, two) < 0.9:
        assert (keys[0] != keys[1]).any()


@pytest.mark.parametrize("setting", [(1, 14, 8), (1, 20, 5)])
@pytest.mark.parametrize("similarity", [0.3, 0.5, 0.6, 0.7, 0.8, 0.9])
def test_candidates_come_as_often_as_theory_says(setting: Setting, similarity: float) -> None:
    """1 - (1 - s^r)^b, within four standard errors of 1,200 pairs."""
    _, bands, rows = setting
    pairs, size = 1200, 120
    shared = round(2 * size * similarity / (1 + similarity))
    generator = random.Random(f"{setting} {similarity}")
    texts = []
    for _ in range(pairs):
        words = [f"w{generator.getrandbits(60):x}" for _ in range(2 * size - shared)]
        texts += [" ".join(words[:size]), " ".join(words[-size:])]
    keys = keys_of(texts, setting)
    observed = (keys[::2] == keys[1::2]).any(axis=1).mean()
    exact = shared / (2 * size - shared)
    expected = 1 - (1 - exact**rows) ** bands
    error = (expected * (1 - expected) / pairs) ** 0.5
    assert observed == pytest.approx(expected, abs=4 * error + 1e-3)


def test_a_share_of_equal_rows_estimates_similarity() -> None:
    """With one row a band, the share of equal keys is an unbiased estimate of Jaccard similarity (Broder 1997)."""
    generator = random.Random(7)
    left = [f"{generator.getrandbits(40):x}" for _ in range(400)]
    right = list(left)
    for position in range(0, 400, 25):
        right[position] = "changed"
    expected = jaccard(shingles_of(" ".join(left), 5), shingles_of(" ".join(right), 5))
    keys = keys_of([" ".join(left), " ".join(right)], (5, 4000, 1))
    assert (keys[0] == keys[1]).mean() == pytest.approx(
        expected, abs=4 * (expected * (1 - expected) / 4000) ** 0.5
    )
