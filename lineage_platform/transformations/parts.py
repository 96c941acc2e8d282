"""Reading and writing the files of a transformation: Parquet in, Parquet out, hashed while it is written.

The bytes of a part depend on its rows alone: writer options are fixed here, one place for every table.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from lineage_platform.model.versions import Part

ROW_GROUP_ROWS = 64 * 1024
ROW_GROUP_BYTES = 32 * 1024 * 1024

_DELTA = {"document", "child", "row", "record"}
_PLAIN = {"text", "identity", "sha256", "subject", "cluster"}


class HashingFile(io.RawIOBase):
    """A binary file for writing that knows the SHA-256 and length of what went through it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("wb")
        self._hash = hashlib.sha256()
        self.length = 0

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: Any) -> int:
        """Write all of `data`; raises OSError, for example when the disk is full."""
        view = memoryview(data)
        self._file.write(view)
        self._hash.update(view)
        self.length += view.nbytes
        return view.nbytes

    def tell(self) -> int:
        """Bytes written so far."""
        return self.length

    def flush(self) -> None:
        """Hand buffered bytes to the operating system."""
        if not self._file.closed:
            self._file.flush()

    def close(self) -> None:
        """Flush to disk and close; the bytes survive a crash of the machine after this returns."""
        if not self._file.closed:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        super().close()

    @property
    def sha256(self) -> str:
        """Hex digest of everything written."""
        return self._hash.hexdigest()


class PartWriter:
    """Writes one Parquet part of a table; use as a context manager, then read `part`.

    Rows are regrouped so that a row group holds at most 64 Ki rows and about 32 MiB of Arrow data.
    """

    def __init__(self, scratch: Path, name: str, role: str, schema: pa.Schema) -> None:
        self.part: Part | None = None
        self._name, self._role, self._schema = name, role, schema
        self._path = scratch / name
        self._file = HashingFile(self._path)
        names = schema.names
        self._writer = pq.ParquetWriter(
            self._file,
            schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=[n for n in names if n not in _DELTA | _PLAIN and not n.startswith("minhash_")],
            column_encoding={n: "DELTA_BINARY_PACKED" for n in names if n in _DELTA} or None,
            write_statistics=[n for n in names if n not in _PLAIN and not n.startswith("minhash_")],
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
            self._pending.append(batch)
            self._pending_rows += batch.num_rows
            self._pending_bytes += batch.nbytes
            if self._pending_rows >= ROW_GROUP_ROWS or self._pending_bytes >= ROW_GROUP_BYTES:
                self._flush()

    def _flush(self) -> None:
        if self._pending_rows:
            table = pa.Table.from_batches(self._pending, self._schema).combine_chunks()
            self._writer.write_table(table, row_group_size=ROW_GROUP_ROWS)
            self._rows += self._pending_rows
        self._pending, self._pending_bytes, self._pending_rows = [], 0, 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._flush()
            self._writer.close()
        finally:
            self._file.close()
        if kind is None:
            self.part = Part(
                self._name, self._role, str(self._path), self._file.sha256, self._file.length, self._rows
            )


def write_table(scratch: Path, name: str, role: str, schema: pa.Schema, table: pa.Table) -> Part:
    """Write a whole table as one part."""
    with PartWriter(scratch, name, role, schema) as writer:
        writer.write(table)
    assert writer.part is not None  # noqa: S101 - set by a clean exit
    return writer.part


def read_batches(
    path: str | Path, columns: Sequence[str] | None = None, batch_rows: int = 4096
) -> Iterator[pa.RecordBatch]:
    """Stream a part's rows in order, with bounded memory."""
    with pq.ParquetFile(path, memory_map=True, pre_buffer=False) as file:
        yield from file.iter_batches(
            batch_size=batch_rows, columns=list(columns) if columns is not None else None, use_threads=False
        )


def read_table(path: str | Path, columns: Sequence[str] | None = None) -> pa.Table:
    """A whole part; for narrow tables only."""
    return pq.read_table(path, columns=list(columns) if columns is not None else None, use_threads=False)
