"""Reading and writing the files of a transformation: Parquet in, Parquet out, hashed while it is written.

The bytes of a part depend on its rows alone, not on how they were handed over: writer options are fixed here, one place
for every table, row groups are cut by rows and bytes, dictionaries are in order of appearance.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lineage_platform.files import Place, create, open_input, place, reaching
from lineage_platform.model.versions import Part

ROW_GROUP_ROWS = 64 * 1024
ROW_GROUP_BYTES = 32 * 1024 * 1024

_PLAIN = {"text", "identity", "sha256", "subject", "cluster"}
_ENCODINGS = {
    "placements-by-shard": {
        "row": "DELTA_BINARY_PACKED",
        "document": "BYTE_STREAM_SPLIT",
        "tokens": "BYTE_STREAM_SPLIT",
    },
    "placements-by-document": {
        "document": "DELTA_BINARY_PACKED",
        "shard": "BYTE_STREAM_SPLIT",
        "row": "BYTE_STREAM_SPLIT",
        "tokens": "BYTE_STREAM_SPLIT",
    },
    "shards-by-snapshot": {"shard": "DELTA_BINARY_PACKED", "tokens": "BYTE_STREAM_SPLIT"},
}
"""By role; the cheapest for each column."""
_GROUP_ROWS = {"placements-by-shard": 2 * 1024 * 1024}
"""By role, where not ROW_GROUP_ROWS. Terms are in no order by shard, so that each row group holds nearly all of them in its
dictionary: of 50,000 terms, 64 Ki rows a group cost 1.5 bytes a row more; reading one shard costs 5 ms more."""
_KEYS = dict.fromkeys(("document", "child", "row", "record"), "DELTA_BINARY_PACKED")


class HashingFile(io.RawIOBase):
    """A binary file for writing that knows the SHA-256 and length of what went through it."""

    def __init__(self, where: Place) -> None:
        self._where = where
        self._file = create(where)
        self._hash = hashlib.sha256()
        self.length = 0

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: Any) -> int:
        """Write all of `data`; raises OSError, for example when the disk is full, or Unavailable."""
        view = memoryview(data)
        with reaching(self._where):
            self._file.write(view)
        self._hash.update(view)
        self.length += view.nbytes
        return view.nbytes

    def tell(self) -> int:
        """Bytes written so far."""
        return self.length

    def flush(self) -> None:
        """Hand buffered bytes to the operating system; remotely they wait for a full part, or the end."""
        if isinstance(self._where, Path) and not self._file.closed:
            self._file.flush()

    def close(self) -> None:
        """Flush to disk and close; the bytes survive a crash of the machine after this returns, and are all there."""
        if not self._file.closed:
            if isinstance(self._where, Path):
                self._file.flush()
                os.fsync(self._file.fileno())
            with reaching(self._where):
                self._file.close()
        super().close()

    def abandon(self) -> None:
        """Close a file that will not be whole: no reader shall find it."""
        with reaching(self._where):
            self._file.abandon()
        self.close()

    @property
    def sha256(self) -> str:
        """Hex digest of everything written."""
        return self._hash.hexdigest()


class PartWriter:
    """Writes one Parquet part of a table; use as a context manager, then read `part`.

    Rows are regrouped so that a row group holds at most 64 Ki rows and about 32 MiB of Arrow data (of some tables more).
    """

    def __init__(self, scratch: Place, name: str, role: str, schema: pa.Schema) -> None:
        self.part: Part | None = None
        self._name, self._role, self._schema = name, role, schema
        self._path = scratch / name
        self._group_rows = _GROUP_ROWS.get(role, ROW_GROUP_ROWS)
        self._group_bytes = ROW_GROUP_BYTES * (2 if role in _GROUP_ROWS else 1)
        self._low: int | None = None
        self._high: int | None = None
        self._file = HashingFile(self._path)
        encodings = {
            column: encoding
            for column, encoding in _ENCODINGS.get(role, _KEYS).items()
            if column in schema.names
        }
        self._writer = pq.ParquetWriter(
            self._file,
            schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=[n for n in schema.names if not _is_plain(n) and n not in encodings],
            column_encoding=encodings or None,
            write_statistics=[n for n in schema.names if not _is_plain(n)],
            write_batch_size=4096,
            store_schema=True,
        )
        self._pending: list[pa.RecordBatch] = []
        self._pending_bytes = 0
        self._pending_rows = 0
        self._rows = 0

    def write(self, rows: pa.RecordBatch | pa.Table) -> None:
        """Append rows, in order; columns are put in the schema's order and cast to it."""
        table = pa.table(rows) if isinstance(rows, pa.RecordBatch) else rows
        for batch in table.select(self._schema.names).cast(self._schema).to_batches():
            self._reach(batch.column(0))
            ends = _ends(batch)
            start = 0
            while start < batch.num_rows:
                before = ends[start - 1] if start else 0
                room = self._group_bytes - self._pending_bytes + before
                end = min(
                    int(np.searchsorted(ends, room)) + 1,
                    start + self._group_rows - self._pending_rows,
                    batch.num_rows,
                )
                self._pending.append(batch.slice(start, end - start))
                self._pending_rows += end - start
                self._pending_bytes += int(ends[end - 1] - before)
                if self._pending_rows >= self._group_rows or self._pending_bytes >= self._group_bytes:
                    self._flush()
                start = end

    def _reach(self, keys: pa.Array) -> None:
        """Widen the range of the leading sort key."""
        if len(keys) and pa.types.is_integer(keys.type):
            low, high = pc.min_max(keys).as_py().values()
            self._low = low if self._low is None else min(self._low, low)
            self._high = high if self._high is None else max(self._high, high)

    def _flush(self) -> None:
        if self._pending_rows:
            table = pa.Table.from_batches(self._pending, self._schema)
            for position, field in enumerate(self._schema):
                if pa.types.is_dictionary(field.type):
                    column = table.column(position).cast(field.type.value_type).combine_chunks()
                    table = table.set_column(position, field, column.dictionary_encode().cast(field.type))
            self._writer.write_table(table.combine_chunks(), row_group_size=self._group_rows)
            self._rows += self._pending_rows
        self._pending, self._pending_bytes, self._pending_rows = [], 0, 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        whole = False
        try:
            if kind is None:
                self._flush()
            self._writer.close()
            whole = kind is None
        finally:
            self._file.close() if whole else self._file.abandon()
        if kind is None:
            self.part = Part(
                self._name,
                self._role,
                str(self._path),
                self._file.sha256,
                self._file.length,
                self._rows,
                self._low,
                self._high,
            )


def _is_plain(column: str) -> bool:
    return column in _PLAIN or column.startswith("minhash_")


def _ends(batch: pa.RecordBatch) -> npt.NDArray[np.int64]:
    """Bytes of the first 1, 2, ... rows: of text and bytes their own, of other columns their width."""
    width = 0
    lengths = np.zeros(batch.num_rows, np.int64)
    for column in batch.columns:
        if column.type in (pa.large_string(), pa.string(), pa.binary()):
            lengths += pc.fill_null(pc.binary_length(column), 0).to_numpy(zero_copy_only=False)
        else:
            width += 4 if pa.types.is_dictionary(column.type) else max(1, column.type.bit_width // 8)
    return np.cumsum(lengths + width)


def write_table(scratch: Place, name: str, role: str, schema: pa.Schema, table: pa.Table) -> Part:
    """Write a whole table as one part."""
    with PartWriter(scratch, name, role, schema) as writer:
        writer.write(table)
    assert writer.part is not None  # noqa: S101 - set by a clean exit
    return writer.part


def read_batches(
    path: str | Place,
    columns: Sequence[str] | None = None,
    batch_rows: int = 4096,
    row_groups: Sequence[int] | None = None,
) -> Iterator[pa.RecordBatch]:
    """Stream a part's rows in order; all of them, or those of some row groups. A batch never spans row groups, so its
    size in bytes is bounded as theirs is."""
    where = place(path)
    with reaching(where), open_input(where) as source, pq.ParquetFile(source, **_how(where)) as file:
        for group in range(file.num_row_groups) if row_groups is None else row_groups:
            yield from file.iter_batches(
                batch_size=batch_rows,
                columns=list(columns) if columns is not None else None,
                row_groups=[group],
                use_threads=False,
            )


def _how(where: Place) -> dict[str, bool]:
    """Mapped bytes are read where they are used; remote ones a row group's columns together."""
    return {"pre_buffer": not isinstance(where, Path)}


def read_schema(path: str | Place) -> pa.Schema:
    """The columns of a part, from its footer."""
    where = place(path)
    with reaching(where), open_input(where) as source:
        return pq.read_schema(source)


def read_table(path: str | Place, columns: Sequence[str] | None = None) -> pa.Table:
    """A whole part; for narrow tables only."""
    where = place(path)
    wanted = list(columns) if columns is not None else None
    if isinstance(where, Path):
        return pq.read_table(where, columns=wanted, use_threads=False)
    with reaching(where), open_input(where) as source, pq.ParquetFile(source, **_how(where)) as file:
        return file.read(columns=wanted, use_threads=False)


@dataclass(frozen=True)
class KeyRange:
    """Rows of one row group and the lowest and highest key in it, both inclusive."""

    low: int
    high: int
    rows: int


def key_ranges(path: str | Place, column: str = "document") -> list[KeyRange]:
    """The key range of every row group of a part, from its footer; raises ValueError where it has no statistics."""
    where = place(path)
    with reaching(where), open_input(where) as source, pq.ParquetFile(source) as file:
        return ranges_of(file, path, column)


def ranges_of(file: pq.ParquetFile, path: str | Place, column: str = "document") -> list[KeyRange]:
    """The same of a part that is open."""
    metadata, position = file.metadata, file.schema.names.index(column)
    ranges = []
    for number in range(metadata.num_row_groups):
        statistics = metadata.row_group(number).column(position).statistics
        if statistics is None or not statistics.has_min_max:
            raise ValueError(f"{path}: row group {number} has no statistics of {column!r}")
        ranges.append(KeyRange(statistics.min, statistics.max, metadata.row_group(number).num_rows))
    return ranges


def read_range(path: str | Place, columns: Sequence[str], low: int, high: int) -> pa.Table:
    """The rows of a part whose document key is within `low` and `high`, both inclusive; for narrow tables only."""
    groups = [n for n, keys in enumerate(key_ranges(path)) if keys.low <= high and keys.high >= low]
    wanted = list(dict.fromkeys(["document", *columns]))
    where = place(path)
    with reaching(where), open_input(where) as source, pq.ParquetFile(source, **_how(where)) as file:
        table = file.read_row_groups(groups, columns=wanted, use_threads=False)
    keys = table.column("document")
    return table.filter(pc.and_(pc.greater_equal(keys, low), pc.less_equal(keys, high))).select(columns)
