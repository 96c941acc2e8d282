"""Parquet: a row a record, row group by row group. A row group that cannot be read is one fault; the next ones are read."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from lineage_platform.model.decisions import Reason
from lineage_platform.transformations.reading.records import Raw, Record, Unreadable, undecodable

_BATCH_BYTES = 8 << 20
_BATCH_ROWS = 4096
_ERRORS = (pa.ArrowException, OSError, NotImplementedError)


def count_rows(file: BinaryIO) -> int:
    """Rows that the file says it has; 0 if it cannot be read."""
    try:
        return _open(file).metadata.num_rows
    except _ERRORS:
        return 0


def read_parquet(file: BinaryIO, columns: Collection[str], opaque: Collection[str] = ()) -> Iterator[Record]:
    """The records of a file, with those of `columns` that it has; a record's ordinal is its row number. Binary values are
    text, but for those of `opaque`, which are given as they are."""
    try:
        parquet = _open(file)
    except _ERRORS as error:
        detail = f"not a readable Parquet file: {_reason(error)}"
        yield Unreadable(0, None, Reason.TRUNCATED_FILE, detail)
        return
    names = [name for name in parquet.schema_arrow.names if name in columns]
    first = 0
    for group in range(parquet.num_row_groups):
        metadata = parquet.metadata.row_group(group)
        row_bytes = metadata.total_byte_size // max(metadata.num_rows, 1) + 1
        batch_rows = max(1, min(_BATCH_ROWS, _BATCH_BYTES // row_bytes))
        done = 0
        try:
            for batch in parquet.iter_batches(batch_rows, [group], names, use_threads=False):
                yield from _records(batch, first + done, opaque)
                done += batch.num_rows
        except _ERRORS as error:
            lost = f"{metadata.num_rows - done} rows of row group {group} are lost: {_reason(error)}"
            yield Unreadable(first + done, None, Reason.TRUNCATED_FILE, lost)
        first += metadata.num_rows


def _open(file: BinaryIO) -> pq.ParquetFile:
    return pq.ParquetFile(
        pa.PythonFile(file, "r"), pre_buffer=False, buffer_size=1 << 20, page_checksum_verification=True
    )


def _reason(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:120]


def _records(batch: pa.RecordBatch, first: int, opaque: Collection[str]) -> Iterator[Record]:
    names = batch.schema.names
    columns = [
        _bytes(column) if name in opaque else _values(column)
        for name, column in zip(names, batch.columns, strict=True)
    ]
    for row in range(batch.num_rows):
        fields = {name: column[row] for name, column in zip(names, columns, strict=True)}
        bad = [value.start for value in fields.values() if isinstance(value, UnicodeDecodeError)]
        yield undecodable(first + row, None, bad[0]) if bad else Raw(first + row, None, fields)


def _bytes(column: pa.Array) -> list[Any]:
    """Python values; text as the bytes it is."""
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = column.cast(pa.large_binary())
    values: list[Any] = column.to_pylist()
    return values


def _values(column: pa.Array) -> list[Any]:
    """Python values; binary as text; an error in place of text that does not decode."""
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        try:
            return column.to_pylist()
        except UnicodeDecodeError:
            column = column.cast(pa.large_binary())
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        return [value if value is None else _decoded(value) for value in column.to_pylist()]
    return column.to_pylist()


def _decoded(value: bytes) -> str | UnicodeDecodeError:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        return error
