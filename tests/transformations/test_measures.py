"""Measures against a plain Python reading of the paper, and by hand."""

from __future__ import annotations

import json
import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lineage_platform.model.tables import MEASURES
from lineage_platform.transformations.measures import measure as measuring
from lineage_platform.transformations.measures.measure import measure
from tests.transformations import make_character_classes
from tests.transformations.reference_measures import measures_of

PIECES = [
    *[
        "the",
        "Be",
        "to,",
        "of",
        "and",
        "cat",
        "sat",
        "x",
        "é",
        "#",
        "...",
        "....",
        "…",
        "-",
        "*",
        "+1",
        "•",
        "·x",
    ],
    *["中", "文", "，", "。", "かな", "ไทย", "한국", "😀", "𠀀", "_", "a.b", "1", "%"],
    *[" ", " ", " ", "\n", "\n", "\n\n", "\t", "\r\n", "\u3000", "\u2028", "\u00a0", "\x85", "\0"],
]
texts = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=60).map("".join),
    st.lists(st.sampled_from(["a", "b", "中", "a b c d e f g"]), max_size=40).map(" ".join),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=50),
)


def row(text: str) -> dict[str, float | None]:
    return measure(pa.array([text], pa.large_string()), ()).to_pylist()[0]


@settings(max_examples=400, deadline=None)
@given(texts)
@example("")
@example(" \n\n ")
@example("a b a b a b c d c d c d")
@example("- a\n- b\n\n- a\n- b\n\n\n- a\n- b")
def test_measures_are_those_of_the_paper(text: str) -> None:
    expected = measures_of(text)
    got = row(text)
    assert got.keys() == expected.keys()
    for name, value in expected.items():
        assert got[name] == (None if value is None else pytest.approx(np.float32(value), rel=1e-6)), name


@settings(max_examples=50, deadline=None)
@given(st.lists(texts, max_size=12), st.integers(0, 3), st.integers(1, 60))
def test_a_row_does_not_depend_on_its_neighbours(many: list[str], skipped: int, chunk: int) -> None:
    before = measuring.CHUNK_BYTES, measuring.CHUNK_TEXTS
    column = pa.array(many, pa.large_string())[skipped:]
    alone = [measure(column[i : i + 1], ((3, 4, 2),)).to_pylist()[0] for i in range(len(column))]
    try:
        measuring.CHUNK_BYTES, measuring.CHUNK_TEXTS = chunk, 3
        together = measure(column, ((3, 4, 2),)).to_pylist()
    finally:
        measuring.CHUNK_BYTES, measuring.CHUNK_TEXTS = before
    assert together == alone


def test_schema_and_nulls() -> None:
    batch = measure(pa.array(["", "word", "…"], pa.large_string()), ((5, 2, 3), (2, 1, 1)))
    assert batch.schema.names == [*MEASURES.names, "minhash_5_2x3", "minhash_2_1x1"]
    assert [batch.schema.field(name).type for name in MEASURES.names] == MEASURES.types
    assert batch.column("mean_word_length").to_pylist() == [None, 4.0, 1.0]
    assert [value.is_valid for value in batch.column("minhash_5_2x3")] == [False, True, False]
    assert batch.schema.field("minhash_5_2x3").type == pa.binary(16)


def test_by_hand() -> None:
    text = "The cat sat on the mat...\n\n- one # two\n\n- one # two\n"
    got = row(text)
    assert got["word_count"] == 14
    assert got["line_count"] == 3
    assert got["character_count"] == 36
    assert got["mean_word_length"] == pytest.approx(36 / 14)
    assert got["symbol_to_word_ratio"] == pytest.approx(2 / 14)
    assert got["bullet_line_fraction"] == pytest.approx(2 / 3)
    assert got["ellipsis_line_fraction"] == pytest.approx(1 / 3)
    assert got["stop_word_count"] == 1
    assert got["alphabetic_word_fraction"] == pytest.approx(10 / 14)
    assert got["duplicate_line_fraction"] == pytest.approx(1 / 3)
    assert got["duplicate_paragraph_character_fraction"] == pytest.approx(8 / 36)
    assert got["top_2gram_character_fraction"] == pytest.approx(8 / 36)
    assert got["top_4gram_character_fraction"] == pytest.approx(16 / 36)
    assert got["duplicate_5gram_character_fraction"] == 0


def test_chinese_has_words() -> None:
    got = row("床前明月光，疑是地上霜。")
    assert got["word_count"] == 12
    assert got["character_count"] == 12
    assert got["han_fraction"] == pytest.approx(10 / 12)
    assert got["punctuation_fraction"] == pytest.approx(2 / 12)


@pytest.mark.parametrize("cut", [b"ab \xe4\xb8", b"\xf0\x9f", b"x\xc3"])
def test_text_cut_inside_a_character_is_not_read_beyond_its_end(cut: bytes) -> None:
    whole = pa.LargeStringArray.from_buffers(
        2, pa.py_buffer(np.array([0, len(cut), len(cut) + 3], np.int64)), pa.py_buffer(cut + b"\x80\x80\x80")
    )
    first = measure(whole, ()).slice(0, 1)
    padded = pa.LargeStringArray.from_buffers(
        1, pa.py_buffer(np.array([0, len(cut)], np.int64)), pa.py_buffer(cut)
    )
    assert first.to_pylist() == measure(padded, ()).to_pylist()


def test_a_long_text_of_one_word_is_linear() -> None:
    got = row("na " * 200_000)
    assert got["word_count"] == 200_000
    assert got["duplicate_10gram_character_fraction"] == 1
    assert got["top_2gram_character_fraction"] == 1


def test_character_classes_are_what_the_script_makes() -> None:
    stored = json.loads(make_character_classes.TARGET.read_text())
    if unicodedata.unidata_version != stored["unicode"]:
        pytest.skip(f"made with Unicode {stored['unicode']}")
    assert make_character_classes.character_classes() == stored
