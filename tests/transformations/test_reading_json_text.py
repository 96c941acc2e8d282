"""A record with a long text taken out by the kernel is the record that the parser of Python gives."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lineage_platform.transformations.reading import json_object
from lineage_platform.transformations.reading.json_object import parse_object
from lineage_platform.transformations.reading.json_text import LONG, SPARE, long_text
from lineage_platform.transformations.reading.records import Raw, Record

LONG_TEXT = 'Es war einmal, 中文\n\t"x" \\ \u00e9 \U0001f600 ' * 20
VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.lists(st.integers(), max_size=2)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60).map(lambda text: (text or "-") * 60)


def by_python(data: bytes) -> Record:
    return json_object._parsed(0, 0, data)


def by_kernel(data: bytes) -> Record:
    """With every long text as a str again."""
    record = parse_object(0, 0, data)
    if isinstance(record, Raw):
        fields: dict[str, Any] = {
            name: value.decode() if isinstance(value, bytes) else value
            for name, value in record.fields.items()
        }
        return record._replace(fields=fields)
    return record


@given(
    st.dictionaries(st.sampled_from(["id", "text", "ü", "a\nb"]), VALUES | TEXTS),
    st.booleans(),
    st.integers(0, 3),
)
@example({"text": LONG_TEXT}, True, 0)
@example({"text": LONG_TEXT}, False, 2)
def test_whole_records(fields: dict[str, Any], ascii_only: bool, indent: int) -> None:
    data = json.dumps(fields, ensure_ascii=ascii_only, indent=indent or None).encode()
    assert by_kernel(data) == by_python(data)


@settings(max_examples=300)
@given(
    st.integers(0, 400),
    st.sampled_from(
        [
            b"",
            b'"',
            b"\\",
            b"\\u",
            b"\\ud800",
            b"\n",
            b"\xff",
            b"\xe4\xb8",
            b"}",
            b"\xed\xa0\x80",
            b"\xf5\x80\x80\x80",
            b"\xc0\x80",
        ]
    ),
)
def test_damaged_records(place: int, damage: bytes) -> None:
    whole = json.dumps({"id": "a", "text": LONG_TEXT[:300], "n": [1]}, ensure_ascii=False).encode()
    for data in (
        whole[:place] + damage + whole[place:],
        whole[:place] + damage,
        whole[:place] + damage + whole[place + 1 :],
    ):
        assert by_kernel(data) == by_python(data)


@pytest.mark.parametrize(
    "data",
    [
        b'{"text": "%s", "text": "b"}' % (b"a" * 300),
        b'{"text": "", "text": "%s"}' % (b"a" * 300),
        b'{"m": {"text": "%s"}}' % (b"a" * 300),
        b'{"m": ["%s"]}' % (b"a" * 300),
        b'["%s"]' % (b"a" * 300),
        b'{"\\u0074": "%s"}' % (b"a" * 300),
        b'{"a": "%s" "b"}' % (b"a" * 300),
        b'{"a" "%s"}' % (b"a" * 300),
        b'{"a": "%s"}}' % (b"a" * 300),
        b'{"a": x"%s"}' % (b"a" * 300),
        b' {"a": "%s", "b": "%s"}\r' % (b"a" * 300, "中".encode() * 300),
        b'{"a": "%s' % (b"a" * 300),
        b"{" * 300,
    ],
)
def test_where_it_must_not_be_fooled(data: bytes) -> None:
    assert by_kernel(data) == by_python(data)


def test_the_kernel_takes_what_is_long() -> None:
    for text, taken in (("x" * LONG, True), ("x" * (LONG - 1), False), ("中" * LONG, True)):
        data = json.dumps({"id": "1", "text": text}, ensure_ascii=False).encode()
        out = np.empty(len(data) + SPARE, np.uint8)
        name, _, _, _, size = long_text(np.frombuffer(data, np.uint8), out)
        assert (name >= 0) == taken
        assert not taken or out[:size].tobytes() == text.encode()
