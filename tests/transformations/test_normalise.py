"""Normalising: the kernels against a plain reference, and laws of the rules."""

import re
import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_platform.transformations.normalise import normalise

SPACES = "\t \u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u202f\u205f\u3000"


def reference(text: str) -> str:
    """The rules as they read."""
    text = re.sub("\r\n|[\r\v\f\x85]", "\n", text)
    text = "".join(c for c in text if c in "\t\n" or unicodedata.category(c) != "Cc")
    text = "\n".join(line.rstrip(SPACES) for line in text.split("\n"))
    text = re.sub("\n{3,}", "\n\n\n", text).lstrip("\n")
    text = re.sub("\n+$", "\n", text)
    return unicodedata.normalize("NFC", text)


def normalised(*texts: str) -> tuple[list[str], list[bool]]:
    column, changed = normalise(pa.array(texts, pa.large_string()))
    return column.to_pylist(), changed.tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("plain text\n", "plain text\n"),
        ("no line end", "no line end"),
        ("windows\r\nold mac\rpage\fnext\x85unix\n", "windows\nold mac\npage\nnext\nunix\n"),
        ("nul\0bell\x07delete\x7fc1\x80c1\x9fend", "nulbelldeletec1c1end"),
        ("tab\tstays\tinside", "tab\tstays\tinside"),
        ("trailing \t\u3000\u00a0\u2003\nnext ", "trailing\nnext"),
        ("  indentation stays\n    so", "  indentation stays\n    so"),
        ("a\n\n\nb", "a\n\n\nb"),
        ("a\n\n\n\nb", "a\n\n\nb"),
        ("a\n \n\t\n\u3000\n\n\nb", "a\n\n\nb"),
        ("\n\n  \nfirst\nlast\n\n \n", "first\nlast\n"),
        (" \n\t\r\n\0", ""),
        ("e\u0301te\u0301 \ufb01n", "\u00e9t\u00e9 \ufb01n"),
        ("\u1112\u1161\u11ab \ud558\u11ab", "\ud55c \ud55c"),
        ("\u212b \u2126 \ufa0c", "\u00c5 \u03a9 \u5140"),
        ("e\0\u0301", "\u00e9"),
        ("q\u0323\u0307 q\u0307\u0323", "q\u0323\u0307 q\u0323\u0307"),
        ("中文，全角　空格，标点。\n第二行", "中文，全角　空格，标点。\n第二行"),
        ("\U00020000\U0002f800\U0001f600 \U0001f468\u200d\U0001f469", "\U00020000\u4e3d\U0001f600 \U0001f468\u200d\U0001f469"),
        ("\U000e0001\U00011131\U00011127", "\U000e0001\U0001112e"),
    ],
)  # fmt: skip
def test_rules(text: str, expected: str) -> None:
    assert normalised(text) == ([expected], [text != expected])
    assert reference(text) == expected


CHARACTERS = st.characters(exclude_categories=["Cs"]) | st.sampled_from(
    "ab \n\n\r\t\v\f\0\x85\x80\u00a0\u3000\u2000\u0301\u0323\u1161\u11a8\uac00\u1100\u0f71\u0f72\u4e2d"
)
TEXTS = st.text(CHARACTERS, max_size=40)


@settings(deadline=None)
@given(st.lists(TEXTS, max_size=8))
def test_equals_the_reference(texts: list[str]) -> None:
    expected = [reference(text) for text in texts]
    assert normalised(*texts) == (expected, [a != b for a, b in zip(texts, expected, strict=True)])


@settings(deadline=None)
@given(TEXTS)
def test_a_second_time_changes_nothing(text: str) -> None:
    once, _ = normalised(text)
    assert normalised(*once) == (once, [False])


@settings(deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=8), st.data())
def test_rows_do_not_depend_on_their_neighbours(texts: list[str], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(texts)))
    whole, changed = normalise(pa.array(texts, pa.large_string()))
    part, part_changed = normalise(pa.array(texts, pa.large_string()).slice(start))
    assert part.to_pylist() == whole.slice(start).to_pylist()
    assert np.array_equal(part_changed, changed[start:])


@pytest.mark.parametrize("before", ["a", "\uac00", "\u09c7", "\u0301"])
def test_every_code_point(before: str) -> None:
    codes = [c for c in range(0x30000) if unicodedata.category(chr(c)) not in ("Cs", "Cc", "Zs")]
    texts = [before + chr(code) + "a" for code in codes]
    column, _ = normalise(pa.array(texts, pa.large_string()))
    assert column.to_pylist() == [unicodedata.normalize("NFC", text) for text in texts]


def test_nulls_are_empty_text() -> None:
    column, changed = normalise(pa.array(["a ", None], pa.string()))
    assert column.to_pylist() == ["a", ""]
    assert changed.tolist() == [True, False]
