"""A part's bytes depend on its rows alone; reading gives them back, whole, streamed, or by key."""

from __future__ import annotations

import hashlib
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_platform.model.tables import DECISIONS, DOCUMENTS
from lineage_platform.transformations import parts
from lineage_platform.transformations.parts import (
    HashingFile,
    PartWriter,
    key_ranges,
    read_batches,
    read_range,
    read_table,
    write_table,
)
from tests.transformations.worlds import documents_table, text

NARROW = pa.schema(
    [pa.field("document", pa.int64(), nullable=False), pa.field("reason", DECISIONS.field("reason").type)]
)


def narrow(rows: int) -> pa.Table:
    reasons = ["weight" if n % 3 else "quality" for n in range(rows)]
    return pa.table({"document": np.arange(rows) * 3, "reason": reasons}).cast(NARROW)


def write_pieces(folder: Path, table: pa.Table, cuts: list[int]) -> str:
    bounds = [0, *sorted(cut % (len(table) + 1) for cut in cuts), len(table)]
    with PartWriter(folder, "x.parquet", "decisions", table.schema) as writer:
        for start, end in pairwise(bounds):
            piece = table.slice(start, end - start)
            encoded = {}
            for field in piece.schema:
                column = piece.column(field.name)
                if pa.types.is_dictionary(field.type):  # a piece from another worker has its own dictionary
                    column = column.cast(pa.string()).combine_chunks().dictionary_encode().cast(field.type)
                encoded[field.name] = column
            writer.write(pa.table(encoded, schema=piece.schema))
    assert writer.part is not None
    return writer.part.sha256


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 700), st.lists(st.integers(0), max_size=6))
def test_bytes_do_not_depend_on_how_rows_arrive(rows: int, cuts: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "ROW_GROUP_ROWS", 100)
        table = narrow(rows)
        assert write_pieces(Path(folder), table, cuts) == write_pieces(Path(folder), table, [])


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0), max_size=6))
def test_row_groups_of_text_are_cut_by_bytes(cuts: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "ROW_GROUP_BYTES", 5000)
        table = documents_table("a", 1, [text(n, n) for n in range(150)])
        assert write_pieces(Path(folder), table, cuts) == write_pieces(Path(folder), table, [])
        metadata = pq.ParquetFile(f"{folder}/x.parquet").metadata
        assert metadata.num_row_groups > 5
        assert read_table(f"{folder}/x.parquet").equals(table)


def test_a_part_describes_its_file(tmp_path: Path) -> None:
    table = documents_table("a", 1, [text(n) for n in range(20)])
    part = write_table(tmp_path, "documents/00000.parquet", "documents", DOCUMENTS, table)
    data = Path(part.path).read_bytes()
    assert (part.name, part.role, part.rows) == ("documents/00000.parquet", "documents", 20)
    assert (part.sha256, part.bytes) == (hashlib.sha256(data).hexdigest(), len(data))
    assert read_table(part.path).equals(table)
    assert pq.read_schema(part.path).equals(DOCUMENTS)
    assert sum(batch.num_rows for batch in read_batches(part.path, ["text"], 7)) == 20


def test_an_empty_part_is_a_part(tmp_path: Path) -> None:
    part = write_table(tmp_path, "x.parquet", "decisions", DECISIONS, DECISIONS.empty_table())
    assert part.rows == 0
    assert read_table(part.path).schema.equals(DECISIONS)
    assert key_ranges(part.path) == []
    assert len(read_range(part.path, ["document"], 0, 10)) == 0


def test_a_failed_write_gives_no_part(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="disk"), PartWriter(tmp_path, "x", "decisions", NARROW) as writer:
        writer.write(narrow(3))
        raise RuntimeError("disk")
    assert writer.part is None


@settings(deadline=None, max_examples=25)
@given(st.integers(-5, 1000), st.integers(-5, 1000))
def test_reading_by_key_reads_only_what_it_needs(low: int, high: int) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "ROW_GROUP_ROWS", 50)
        table = narrow(300)
        part = write_table(Path(folder), "x.parquet", "decisions", NARROW, table)
        keys = table.column("document").to_numpy()
        found = read_range(part.path, ["reason", "document"], low, high)
        assert found.column("document").to_pylist() == keys[(keys >= low) & (keys <= high)].tolist()
        ranges = key_ranges(part.path)
        assert [(item.low, item.high, item.rows) for item in ranges] == [
            (n, n + 147, 50) for n in range(0, 900, 150)
        ]


def test_a_batch_never_spans_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "ROW_GROUP_ROWS", 50)
    part = write_table(tmp_path, "x.parquet", "decisions", NARROW, narrow(120))
    assert [batch.num_rows for batch in read_batches(part.path, batch_rows=40)] == [40, 10, 40, 10, 20]
    assert [batch.num_rows for batch in read_batches(part.path, row_groups=[2, 0])] == [20, 50]
    batches = list(read_batches(part.path, batch_rows=7))
    assert pa.Table.from_batches(batches).equals(read_table(part.path))


def test_key_ranges_need_statistics(tmp_path: Path) -> None:
    pq.write_table(narrow(5), tmp_path / "x.parquet", write_statistics=False)
    with pytest.raises(ValueError, match=r"row group 0 has no statistics of 'document'"):
        key_ranges(tmp_path / "x.parquet")


def test_hashing_file_knows_its_bytes(tmp_path: Path) -> None:
    file = HashingFile(tmp_path / "new" / "x")
    assert file.writable()
    assert file.write(b"ab") == 2
    assert file.write(memoryview(np.arange(2, dtype="<u4"))) == 8
    file.flush()
    assert file.tell() == 10
    file.close()
    file.close()
    data = (tmp_path / "new" / "x").read_bytes()
    assert data == b"ab\0\0\0\0\1\0\0\0"
    assert file.sha256 == hashlib.sha256(data).hexdigest()
