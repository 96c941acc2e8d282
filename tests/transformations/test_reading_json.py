"""JSON Lines and JSON arrays: every fault a row with its position, the rest read, whatever the pieces."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_platform.transformations.reading.json_array import read_json_array
from lineage_platform.transformations.reading.json_object import MAX_NESTING, parse_object
from lineage_platform.transformations.reading.jsonl import read_jsonl
from lineage_platform.transformations.reading.lines import lines
from lineage_platform.transformations.reading.records import Raw, Unreadable
from tests.transformations.sources import drip, faults, make_source, records, shown

MALFORMED, UNDECODABLE, TRUNCATED, OVERLONG = (
    "malformed-record",
    "undecodable-bytes",
    "truncated-file",
    "overlong-record",
)


@pytest.mark.parametrize(
    ("data", "reason", "detail"),
    [
        (b'{"text": "a"', MALFORMED, "Expecting ',' delimiter at character 12"),
        (b'{"text": "a",}', MALFORMED, "at character"),
        (b'["text"]', MALFORMED, "got a JSON array, expected an object"),
        (b'"text"', MALFORMED, "got a JSON string, expected an object"),
        (b"12", MALFORMED, "got a JSON number, expected an object"),
        (b"null", MALFORMED, "got a JSON null, expected an object"),
        (b'{"text": "a", "text": "b"}', MALFORMED, "the same name twice"),
        (b'{"text": "a", "m": {"l": 1, "\\u006c": 2}}', MALFORMED, "the same name twice"),
        (b'{"text": NaN}', MALFORMED, "NaN is not a JSON number"),
        (b'{"text": -Infinity}', MALFORMED, "-Infinity is not a JSON number"),
        (b'{"n": %s}' % (b"1" * 5000), MALFORMED, "an integer of too many digits"),
        (b'{"n": %s}' % (b"[" * 257 + b"]" * 257), MALFORMED, "nested deeper than 256"),
        (b'{"n": %s}' % (b"[" * 100_000), MALFORMED, "nested deeper than 256"),
        (b'{"text": "a\0b"}', MALFORMED, "Invalid control character"),
        (b'\0{"text": "a"}', MALFORMED, "at character 0"),
        (b'{"text": "a\xff"}', UNDECODABLE, "byte 11 of the record"),
        (b'{"text": "\xed\xa0\x80"}', UNDECODABLE, "byte 10 of the record"),
        (b'{"text": "\\ud800"}', UNDECODABLE, "surrogate"),
        (b'{"text": "\\uDC00 "}', UNDECODABLE, "surrogate"),
    ],
)
def test_an_object_with_a_fault(data: bytes, reason: str, detail: str) -> None:
    found = parse_object(3, 17, data)
    assert isinstance(found, Unreadable)
    assert (found.ordinal, found.offset, str(found.reason)) == (3, 17, reason)
    assert detail in found.detail


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b' {"text": "\\ud83d\\ude00 \\\\ud800"}\r', "\U0001f600 \\ud800"),
        ('{"text": "中文\\u0000"}'.encode(), "中文\0"),
        (b'{"text": 123456789012345678901234567890}', 123456789012345678901234567890),
        (b'{"text": "[[{{", "n": [[1], {"text": 2}]}', "[[{{"),
        (b'{"text": "a", "n": %s}' % (b"[" * 255 + b"]" * 255), "a"),
    ],
)
def test_an_object(data: bytes, text: object) -> None:
    found = parse_object(0, 0, data)
    assert isinstance(found, Raw)
    assert found.fields["text"] == text


def test_the_nesting_that_is_allowed_does_not_depend_on_who_calls() -> None:
    deep = b'{"n": %s}' % (b"[" * (MAX_NESTING - 1) + b"]" * (MAX_NESTING - 1))
    assert isinstance(parse_object(0, 0, deep), Raw)


def test_json_lines_with_faults(tmp_path: Path) -> None:
    rows = [
        b'\xef\xbb\xbf{"text": "first"}\r',
        b"",
        b'{"text": "broken',
        b"   \t\r",
        b'{"text": "%s"}' % (b"x" * 100),
        b'{"text": "\xff"}',
        b'{"text": "last"}',
    ]
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join(rows))
    found = records(make_source(path, "jsonl", max_record_bytes=64))
    assert shown(found) == ["first", MALFORMED, OVERLONG, UNDECODABLE, "last"]
    assert [item.ordinal for item in found] == [0, 1, 2, 3, 4]
    data = path.read_bytes()
    assert [item.offset for item in found] == [
        data.index(part)
        for part in (b'{"text": "first', b'{"text": "broken', b'{"text": "xx', rows[5], rows[6])
    ]
    assert faults(found)[1].detail == "112 bytes, expected at most 64"


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\n\r\n \n"])
def test_json_lines_without_records(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.jsonl").write_bytes(data)
    assert records(make_source(tmp_path / "a.jsonl", "jsonl")) == []


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'[{"text": "a"}, {"text": "b, ]}\\""}\n,\t{"text": "c"}]\n', ["a", 'b, ]}"', "c"]),
        (b"\xef\xbb\xbf [ ] \r\n", []),
        (b'[{"text": "a"},]', ["a", MALFORMED]),
        (b'[, {"text": "a"}]', [MALFORMED, "a"]),
        (b'[{"text": "a"}, {"text" "b"}, [1, 2], 3, {"text": "c"}]', ["a", MALFORMED, MALFORMED, MALFORMED, "c"]),
        (b'[{"text": "a"}, {"text": "b\xff"}, {"text": "c"}]', ["a", UNDECODABLE, "c"]),
        (b'[{"text": "a"}, {"text": "%s"}, {"text": "c"}]' % (b"x" * 100), ["a", OVERLONG, "c"]),
        (b'[{"text": "a"}, {"text": "b"}', ["a", TRUNCATED]),
        (b'[{"text": "a"}, {"text": "b', ["a", TRUNCATED]),
        (b"[", [TRUNCATED]),
        (b'[{"text": "a"}] [{"text": "b"}]', ["a", MALFORMED]),
        (b'[{"text": "a"}]]\n]', ["a", MALFORMED]),
        (b'{"rows": [{"text": "a"}]}', [MALFORMED]),
        (b'{"text": "a"}\n{"text": "b"}', [MALFORMED]),
        (b"not JSON", [MALFORMED]),
        (b" \n", [MALFORMED]),
        (b"", []),
    ],
)  # fmt: skip
@pytest.mark.parametrize("most", [1, 2, 7, 1000])
def test_arrays(data: bytes, expected: list[str], most: int) -> None:
    found = list(read_json_array(drip(data, most), 64))
    assert shown(found) == expected
    assert [item.ordinal for item in found] == list(range(len(found)))
    for item in found:
        if isinstance(item, Raw):
            assert data[item.offset :].startswith(b'{"text": "')


def test_an_array_says_where_its_faults_are(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b'[{"text": "a"},\n  {"text": b}, {"text": "c"}')
    found = records(make_source(path, "json"))
    assert [(item.ordinal, item.offset) for item in found] == [(0, 1), (1, 18), (2, 31)]
    assert faults(found)[1].detail == "the array is not closed; its last element is lost"


def test_an_object_instead_of_an_array_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"rows": []}')
    (fault,) = records(make_source(tmp_path / "a.json", "json"))
    assert (
        "expected an array of objects; for one object a line the format is jsonl" in faults([fault])[0].detail
    )


OBJECTS = st.lists(
    st.dictionaries(
        st.sampled_from(["text", 'a"[', "\\"]),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
        | st.lists(st.integers() | st.none() | st.sampled_from(["]", "{", '"', "\\", ","]), max_size=3),
    ),
    max_size=6,
)


@settings(deadline=None)
@given(OBJECTS, st.integers(1, 40), st.booleans(), st.sampled_from([None, 1]))
def test_what_was_written_is_read(objects: list[dict], most: int, escaped: bool, indent: int | None) -> None:
    array = json.dumps(objects, ensure_ascii=escaped, indent=indent).encode()
    assert [item.fields for item in read_json_array(drip(array, most), 1000)] == objects
    rows = "\n".join(json.dumps(item, ensure_ascii=escaped) for item in objects).encode()
    assert [item.fields for item in read_jsonl(drip(rows, most), 1000)] == objects


@settings(deadline=None)
@given(
    st.binary(max_size=60).map(lambda data: data.replace(b"\0", b"\n")),
    st.integers(1, 20),
    st.integers(0, 10),
)
def test_lines_are_what_stands_between_line_ends(data: bytes, most: int, limit: int) -> None:
    bom = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    expected = data[bom:].split(b"\n")
    if not expected[-1]:
        expected.pop()
    found = list(lines(drip(data, most), limit))
    assert [line.size for line in found] == [len(line) for line in expected]
    assert [line.data for line in found] == [line if len(line) <= limit else None for line in expected]
    assert all(data[line.offset :].startswith(line.data) for line in found if line.data is not None)
