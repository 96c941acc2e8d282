from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_platform.errors import InvalidInput
from lineage_platform.ledger.canonical import canonical

text = st.text(st.characters(exclude_categories=("Cs",)))
numbers = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | text,
    lambda inner: st.lists(inner) | st.dictionaries(text, inner),
    max_leaves=12,
)
objects = st.dictionaries(text, values)


def read(data: bytes) -> dict:
    """Every number of RFC 8785 is a double, also one written without a point."""
    return json.loads(data, parse_int=float)


@given(objects)
def test_it_says_the_same(value: dict) -> None:
    assert read(canonical(value)) == value


@given(objects)
def test_it_is_a_fixed_point(value: dict) -> None:
    once = canonical(value)
    assert canonical(read(once)) == once


@given(objects, st.randoms())
def test_the_order_of_keys_changes_nothing(value: dict, random) -> None:
    items = list(value.items())
    random.shuffle(items)
    assert canonical(dict(items)) == canonical(value)


def test_the_example_of_the_standard() -> None:
    """RFC 8785 section 3.2.2 and its result in section 3.2.4, as bytes."""
    value = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": '\u20ac$\u000f\nA\'B"\\\\"/',
        "literals": [None, True, False],
    }
    assert canonical(value) == (
        b'{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        b'"string":"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )


@pytest.mark.parametrize(
    ("bits", "expected"),
    [
        ("0000000000000000", "0"),
        ("8000000000000000", "0"),
        ("0000000000000001", "5e-324"),
        ("7fefffffffffffff", "1.7976931348623157e+308"),
        ("4340000000000000", "9007199254740992"),
        ("44b52d02c7e14af5", "9.999999999999997e+22"),
        ("44b52d02c7e14af6", "1e+23"),
        ("444b1ae4d6e2ef4f", "999999999999999900000"),
        ("444b1ae4d6e2ef50", "1e+21"),
        ("3eb0c6f7a0b5ed8d", "0.000001"),
        ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
        ("41b3de4355555557", "333333333.33333343"),
    ],
)
def test_numbers_of_the_standard(bits: str, expected: str) -> None:
    """RFC 8785 appendix B: IEEE 754 bits and the text that stands for them."""
    (value,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical({"n": value}) == f'{{"n":{expected}}}'.encode()


def test_keys_are_sorted_by_utf_16_code_units() -> None:
    """RFC 8785 section 3.2.3: a surrogate pair sorts before U+FB33, though its code point is greater."""
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    assert list(json.loads(canonical(dict.fromkeys(keys, 0)))) == [
        "\r",
        "1",
        "\u0080",
        "\u00f6",
        "\u20ac",
        "\U0001f600",
        "\ufb33",
    ]


@pytest.mark.parametrize(
    "value",
    [2**53, -(2**53), float("nan"), float("inf"), "\ud800", {"\ud800": 1}, {1: 2}, b"bytes", {1, 2}],
    ids=repr,
)
def test_what_json_cannot_say_exactly_is_refused(value: object) -> None:
    with pytest.raises(InvalidInput, match="64-bit numbers as decimal strings"):
        canonical({"value": value})
