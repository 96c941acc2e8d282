"""Content digest of a dataset: the same on one core, two cores, or a cluster that lost a node.

Rows are fixed-width byte strings that begin with the document's identity. They fall into 256 buckets by the first byte
of the identity; a bucket's digest is SHA-256 over its rows in byte order; the content digest is the Merkle root
(RFC 6962 hashing) over the 256 bucket digests. It says what the rows are and nothing about files, their order, or keys.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import rfc8785

from lineage_platform.files import Place, create, place, reaching, read_ranges
from lineage_platform.model.tables import ADDRESSES

BUCKETS = 256
SPAN_ROWS = 512 * 1024

Rows = npt.NDArray[np.uint8]
"""Shape (rows, width): one row a document, the identity first."""


def _fixed(column: pa.Array) -> Rows:
    """Bytes of one column as (rows, width): fixed-size binary as it is, integers big-endian, text and bytes hashed."""
    if pa.types.is_dictionary(column.type) and column.null_count:
        return _fixed(column.cast(column.type.value_type))
    if pa.types.is_dictionary(column.type):
        return _fixed(column.dictionary).take(column.indices.to_numpy(zero_copy_only=False), axis=0)
    if pa.types.is_fixed_size_binary(column.type):
        width = column.type.byte_width
        filled = pc.fill_null(column, pa.scalar(b"\0" * width, column.type)) if column.null_count else column
        data = np.frombuffer(filled.buffers()[1], np.uint8)
        start = filled.offset * width
        return data[start : start + len(filled) * width].reshape(len(filled), width)
    if pa.types.is_integer(column.type):
        filled = pc.fill_null(column, -1) if column.null_count else column
        values = filled.to_numpy(zero_copy_only=False).astype(">i8")
        return values.view(np.uint8).reshape(len(column), 8)
    if column.type in (pa.string(), pa.large_string(), pa.binary()):
        distinct = pc.dictionary_encode(column, null_encoding="encode")
        hashes = [hashlib.sha256(repr(value).encode()).digest() for value in distinct.dictionary.to_pylist()]
        table = np.frombuffer(b"".join(hashes), np.uint8).reshape(len(hashes), 32)
        return table.take(distinct.indices.to_numpy(zero_copy_only=False), axis=0)
    raise TypeError(f"no digest form for a column of type {column.type}")


def digest_rows(rows: pa.RecordBatch, columns: Iterable[str]) -> Rows:
    """The rows that a batch contributes, `identity` first, then `columns` in the order given."""
    parts = [_fixed(rows.column(name)) for name in ("identity", *columns)]
    return np.ascontiguousarray(np.concatenate(parts, axis=1))


def whole_rows(rows: pa.RecordBatch) -> Rows:
    """Identity and SHA-256 of everything else but keys; floats by their bits, so that one changed bit is a change."""
    schema = rows.schema
    floats = {field.name for field in schema if pa.types.is_floating(field.type)}
    columns = {
        name: rows.column(name).view(pa.int32()) if name in floats else rows.column(name)
        for name in schema.names
    }
    rest = [name for name in schema.names if name not in ADDRESSES and name != "identity"]
    matrix = digest_rows(pa.record_batch(columns), rest)
    hashes = b"".join([hashlib.sha256(row).digest() for row in matrix])
    return np.concatenate([matrix[:, :16], np.frombuffer(hashes, np.uint8).reshape(-1, 32)], axis=1)


@dataclass(frozen=True)
class SpilledRows:
    """Rows that a task left in a file, by bucket: bucket b is rows `starts[b]` to `starts[b + 1]`."""

    path: str
    width: int
    starts: tuple[int, ...]


def spill_rows(path: Place, chunks: Iterable[Rows]) -> SpilledRows:
    """Put a task's rows into a file for `content_digest`; the file may go once the digest is known."""
    present = [chunk for chunk in chunks if len(chunk)]
    rows = np.concatenate(present) if present else np.empty((0, 1), np.uint8)
    with reaching(path), create(path) as file:
        file.write(rows.take(np.argsort(rows[:, 0], kind="stable"), axis=0))
    counts = np.bincount(rows[:, 0], minlength=BUCKETS)
    return SpilledRows(str(path), rows.shape[1], (0, *np.cumsum(counts).tolist()))


def content_digest(chunks: Iterable[Rows | SpilledRows]) -> str:
    """The digest (hex) over all rows of a dataset, given in any order and any grouping; width must not vary.

    Spilled rows are read a span of buckets at a time, so that memory does not grow with the dataset.
    """
    arrays: list[Rows] = []
    spilled: list[SpilledRows] = []
    for chunk in chunks:
        if isinstance(chunk, SpilledRows):
            spilled.append(chunk)
        elif len(chunk):
            arrays.append(chunk.take(np.argsort(chunk[:, 0], kind="stable"), axis=0))
    starts = [np.searchsorted(array[:, 0], np.arange(BUCKETS + 1)) for array in arrays]
    leaves: list[bytes] = []
    for first, last in _spans(starts, spilled):
        rows = [array[at[first] : at[last]] for array, at in zip(arrays, starts, strict=True)]
        rows += _read(spilled, first, last)
        leaves += _bucket_digests([chunk for chunk in rows if len(chunk)], first, last)
    return _merkle_root(leaves).hex()


def _spans(starts: list[npt.NDArray[np.int64]], spilled: list[SpilledRows]) -> list[tuple[int, int]]:
    """Runs of buckets (first, last exclusive) of about SPAN_ROWS rows, at least one bucket each."""
    ends = sum(starts, np.zeros(BUCKETS + 1, np.int64))
    ends = sum((np.array(source.starts) for source in spilled), ends)
    spans = []
    first = 0
    while first < BUCKETS:
        last = int(np.searchsorted(ends, ends[first] + SPAN_ROWS, side="right")) - 1
        last = max(first + 1, last)
        spans.append((first, last))
        first = last
    return spans


def _read(spilled: Sequence[SpilledRows], first: int, last: int) -> list[Rows]:
    """Rows of the buckets `first` to `last` of each spill."""
    wanted = []
    for source in spilled:
        start, end = source.starts[first] * source.width, source.starts[last] * source.width
        ranges = [(start, end - start)] if end > start else []
        wanted.append((place(source.path), ranges))
    return [
        np.frombuffer(data, np.uint8).reshape(-1, source.width)
        for source, found in zip(spilled, read_ranges(wanted), strict=True)
        for data in found
    ]


def _bucket_digests(chunks: list[Rows], first: int, last: int) -> list[bytes]:
    if not chunks:
        return [hashlib.sha256(b"").digest()] * (last - first)
    rows = np.concatenate(chunks)
    rows = rows.take(_order(rows), axis=0)
    bounds = np.searchsorted(rows[:, 0], np.arange(first, last + 1))
    return [
        hashlib.sha256(rows[start:end].data).digest() for start, end in itertools.pairwise(bounds.tolist())
    ]


def combine(digests: Mapping[str, str]) -> str:
    """One digest (hex) for a result of several tables: SHA-256 of the canonical JSON of table name to digest."""
    return hashlib.sha256(rfc8785.dumps(dict(digests))).hexdigest()


def _order(rows: Rows) -> npt.NDArray[np.int64]:
    """Byte order of rows: by their first eight bytes, and by all of them only where those repeat."""
    words = -(-rows.shape[1] // 8)
    leading = np.ascontiguousarray(rows[:, :8]).view(">u8")[:, 0].astype(np.uint64)
    order = np.argsort(leading)
    if (leading[order[1:]] != leading[order[:-1]]).all():
        return order
    padded = np.zeros((len(rows), words * 8), np.uint8)
    padded[:, : rows.shape[1]] = rows
    keys = padded.view(">u8").astype(np.uint64)
    return np.lexsort(tuple(keys[:, word] for word in range(words - 1, -1, -1)))


def _merkle_root(leaves: list[bytes]) -> bytes:
    level = [hashlib.sha256(b"\0" + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        level = [hashlib.sha256(b"\1" + level[i] + level[i + 1]).digest() for i in range(0, len(level), 2)]
    return level[0]
