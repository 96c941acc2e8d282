"""Parquet: types of text, missing columns, and damage of one row group, the footer, or a page."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lineage_platform.errors import InvalidInput
from tests.transformations.sources import faults, make_source, observed, records, shown

TEXTS = ["plain", "中文", None, "", "last"]


@pytest.mark.parametrize(
    "kind",
    [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string()), pa.binary(), pa.large_binary()],
    ids=str,
)  # fmt: skip
def test_text_of_any_type(tmp_path: Path, kind: pa.DataType) -> None:
    array = pa.array(TEXTS, pa.string()).cast(kind)
    pq.write_table(pa.table({"text": array, "other": range(5)}), tmp_path / "a.parquet", row_group_size=2)
    found = records(make_source(tmp_path / "a.parquet", "parquet"))
    assert [item.fields for item in found] == [{"text": text} for text in TEXTS]
    assert [(item.ordinal, item.offset) for item in found] == [(row, None) for row in range(5)]


def test_columns_that_are_asked_for(tmp_path: Path) -> None:
    table = pa.table({"n": [1], "list": [["a", "b"]], "struct": [{"x": 1}], "flag": [True], "extra": ["x"]})
    pq.write_table(table, tmp_path / "a.parquet")
    source = make_source(tmp_path / "a.parquet", "parquet")
    (found,) = records(source, ("n", "list", "struct", "flag", "absent"))
    assert found.fields == {"n": 1, "list": ["a", "b"], "struct": {"x": 1}, "flag": True}
    assert [item.fields for item in records(source, ("absent",))] == [{}]


def test_an_empty_table(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": pa.array([], pa.string())}), tmp_path / "a.parquet")
    assert records(make_source(tmp_path / "a.parquet", "parquet")) == []


def test_text_that_is_not_utf_8(tmp_path: Path) -> None:
    bad = pa.array([b"good", b"\xff", None, b"ab\xe4"], pa.binary())
    for array in (bad, pa.Array.from_buffers(pa.string(), 4, bad.buffers())):
        pq.write_table(pa.table({"text": array}), tmp_path / "a.parquet")
        found = records(make_source(tmp_path / "a.parquet", "parquet"))
        assert shown(found) == ["good", "undecodable-bytes", None, "undecodable-bytes"]
        assert faults(found)[1].detail == "byte 2 of the record does not decode"


@pytest.mark.parametrize("data", [b"", b"PAR1", b"not Parquet at all", b"PAR1" + bytes(100) + b"PAR1"])
def test_what_is_no_parquet_file(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.parquet").write_bytes(data)
    (fault,) = records(make_source(tmp_path / "a.parquet", "parquet"))
    assert shown([fault]) == ["truncated-file"]
    assert fault.detail.startswith("not a readable Parquet file: ")


def test_a_truncated_file(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": [f"text {n}" for n in range(1000)]}), path)
    path.write_bytes(path.read_bytes()[:-40])
    assert shown(records(make_source(path, "parquet"))) == ["truncated-file"]


def test_a_damaged_row_group_costs_its_rows_only(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"text": [f"text {n}" for n in range(30)]})
    pq.write_table(table, path, row_group_size=10, use_dictionary=False, write_page_checksum=True)
    data = bytearray(path.read_bytes())
    middle = pq.ParquetFile(path).metadata.row_group(1).column(0)
    at = middle.data_page_offset + middle.total_compressed_size - 10
    data[at : at + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    found = records(make_source(path, "parquet"))
    assert shown(found) == [f"text {n}" for n in range(10)] + ["truncated-file"] + [
        f"text {n}" for n in range(20, 30)
    ]
    (fault,) = faults(found)
    assert fault.ordinal == 10
    assert fault.detail.startswith("10 rows of row group 1 are lost: ")
    assert [item.ordinal for item in found] == [*range(11), *range(20, 30)]


def test_every_row_has_room_in_the_snapshot(tmp_path: Path) -> None:
    for name in "abc":
        pq.write_table(pa.table({"text": ["x"] * 100}), tmp_path / f"{name}.parquet", row_group_size=7)
    files = observed(make_source(tmp_path / "*.parquet", "parquet"))
    assert [file.first_ordinal for file in files] == [0, 102, 204]


def test_parquet_inside_another_compression_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.parquet.gz").write_bytes(b"")
    with pytest.raises(InvalidInput, match="got gzip compression, expected a plain Parquet file"):
        observed(make_source(tmp_path / "a.parquet.gz", "parquet"))
