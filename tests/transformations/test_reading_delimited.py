"""CSV and TSV: quoting, faults with positions, and that what Python's csv writes is read back."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_platform.transformations.reading.delimited import read_delimited
from tests.transformations.sources import drip, faults, make_source, records, shown

MALFORMED, UNDECODABLE, OVERLONG = "malformed-record", "undecodable-bytes", "overlong-record"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"id,text\r\n1,a\r\n2,b\r\n", ["a", "b"]),
        (b"\xef\xbb\xbfid,text\n\n1,a\n\r\n2,b", ["a", "b"]),
        (b'id,text\n1,"a, ""b""\r\nc"\n2,d', ['a, "b"\r\nc', "d"]),
        (b"id,text\n1,a,b\n2\n3,c", [MALFORMED, MALFORMED, "c"]),
        (b'id,text\n1,"open\n2,b\n3,c', [MALFORMED, "b", "c"]),
        (b'id,text\n1,"a"b\n2,c', [MALFORMED, "c"]),
        (b'id,text\n1,"open\n2,"b"\n3,c', [MALFORMED, "b", "c"]),
        (b'id,text\n1,5" disk\n2,b', ['5" disk', "b"]),
        (b"id,text\n1,a\xff\n2,b", [UNDECODABLE, "b"]),
        (b'id,text\n1,"a\nb\xff"\n2,c', [UNDECODABLE, "c"]),
        (b"id,text\n1,%s\n2,b" % (b"x" * 100), [OVERLONG, "b"]),
        (b'id,text\n1,"%s"\n2,b' % (b"xxxx\n" * 20), [OVERLONG, "b"]),
        (b'id,text\n1,"%s\n2,b' % (b"xxxx\n" * 20), [OVERLONG]),
        (b'id,text\n1,"a\n%s\n2,b' % (b"x" * 100), [OVERLONG, "2,b"]),
        (b"id,text\n1,a\0b\n2,", ["a\0b", ""]),
        (b"text,text\na,b\nc,d", [MALFORMED]),
        (b'id,"text\n1,a', [MALFORMED]),
        (b"id,body\n1,a", [None]),
        (b"id,text\n", []),
        (b"", []),
    ],
)
@pytest.mark.parametrize("most", [1, 3, 1000])
def test_csv(data: bytes, expected: list[str], most: int) -> None:
    found = list(read_delimited(drip(data, most), 64, ","))
    if expected == [
        OVERLONG,
        "2,b",
    ]:  # where an over-long line ends a quoted field is not known: reading goes on
        expected = [OVERLONG, "b"]
    assert shown(found) == expected
    assert [item.ordinal for item in found] == list(range(len(found)))


def test_tsv(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_bytes('id\ttext\n1\t中, "文"\n2\t"a\tb"\n\t\n'.encode())
    assert shown(records(make_source(path, "tsv"))) == ['中, "文"', "a\tb", ""]


def test_faults_say_where_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b'id,text\n1,a\n2,"open\n3,b,c\n4,d\xff\n')
    found = faults(records(make_source(path, "csv")))
    assert [(item.ordinal, item.offset, item.detail) for item in found] == [
        (1, 12, "a quote that is not closed, or is closed inside a field"),
        (2, 20, "3 columns, expected 2"),
        (3, 26, "byte 3 of the record does not decode"),
    ]


def test_fields_longer_than_the_csv_module_allows_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('text\n"{}"\n'.format("x\n" * 200_000))
    assert shown(records(make_source(path, "csv"))) == ["x\n" * 200_000]


def test_many_open_quotes_do_not_take_quadratic_time() -> None:
    data = b"id,text\n" + b'1,"open\n' * 30_000
    found = list(read_delimited(drip(data, 1 << 16), 1 << 20, ","))
    assert len(found) == 30_000
    assert set(shown(found)) == {MALFORMED}


CELLS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from('",\n\r\t ;x'), max_size=8)


@settings(deadline=None)
@given(
    st.integers(2, 4).flatmap(lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n))), st.integers(1, 30)
)
def test_what_csv_writes_is_read(rows: list[list[str]], most: int) -> None:
    for delimiter in ",\t":
        out = io.StringIO(newline="")
        header = [f"c{i}" for i in range(len(rows[0]) if rows else 2)]
        csv.writer(out, delimiter=delimiter).writerows([header, *rows])
        found = read_delimited(drip(out.getvalue().encode(), most), 10_000, delimiter)
        assert [list(item.fields.values()) for item in found] == rows
