"""Content digest of a dataset: the same on one core, two cores, or a cluster that lost a node.

Rows are fixed-width byte strings that begin with the document's identity. They fall into 256 buckets by the first byte
of the identity; a bucket's digest is SHA-256 over its rows in byte order; the content digest is the Merkle root
(RFC 6962 hashing) over the 256 bucket digests. It says what the rows are and nothing about files, their order, or keys.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import rfc8785

BUCKETS = 256

Rows = npt.NDArray[np.uint8]
"""Shape (rows, width): one row a document, the identity first."""


def _fixed(column: pa.Array) -> Rows:
    """Bytes of one column as (rows, width): fixed-size binary as it is, integers big-endian, strings hashed."""
    if pa.types.is_dictionary(column.type):
        return _fixed(column.dictionary)[column.indices.to_numpy(zero_copy_only=False)]
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
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        distinct = pc.dictionary_encode(column, null_encoding="encode")
        hashes = [hashlib.sha256(repr(value).encode()).digest() for value in distinct.dictionary.to_pylist()]
        table = np.frombuffer(b"".join(hashes), np.uint8).reshape(len(hashes), 32)
        return table[distinct.indices.to_numpy(zero_copy_only=False)]
    raise TypeError(f"no digest form for a column of type {column.type}")


def digest_rows(rows: pa.RecordBatch, columns: Iterable[str]) -> Rows:
    """The rows that a batch contributes, `identity` first, then `columns` in the order given."""
    parts = [_fixed(rows.column(name)) for name in ("identity", *columns)]
    return np.ascontiguousarray(np.concatenate(parts, axis=1))


def content_digest(chunks: Iterable[Rows]) -> str:
    """The digest (hex) over all rows of a dataset, given in any order and any grouping; width must not vary."""
    present = [chunk for chunk in chunks if len(chunk)]
    if not present:
        return _merkle_root([hashlib.sha256(b"").digest()] * BUCKETS).hex()
    rows = np.concatenate(present)
    rows = rows[_order(rows)]
    ends = np.searchsorted(rows[:, 0], np.arange(BUCKETS), side="right")
    starts = np.concatenate([[0], ends[:-1]])
    buckets = [
        hashlib.sha256(rows[start:end].tobytes()).digest() for start, end in zip(starts, ends, strict=True)
    ]
    return _merkle_root(buckets).hex()


def combine(digests: Mapping[str, str]) -> str:
    """One digest (hex) for a result of several tables: SHA-256 of the canonical JSON of table name to digest."""
    return hashlib.sha256(rfc8785.dumps(dict(digests))).hexdigest()


def _order(rows: Rows) -> npt.NDArray[np.int64]:
    """Byte order of rows: by the identity's two words first, then by what follows only where identities repeat."""
    words = -(-rows.shape[1] // 8)
    padded = np.zeros((len(rows), words * 8), np.uint8)
    padded[:, : rows.shape[1]] = rows
    keys = padded.view(">u8")
    return np.lexsort(tuple(keys[:, word] for word in range(words - 1, -1, -1)))


def _merkle_root(leaves: list[bytes]) -> bytes:
    level = [hashlib.sha256(b"\0" + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        level = [hashlib.sha256(b"\1" + level[i] + level[i + 1]).digest() for i in range(0, len(level), 2)]
    return level[0]
