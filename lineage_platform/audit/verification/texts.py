"""The text of every row of a shard, read afresh from its files: from Parquet, and from the tokens of a Megatron pair."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from lineage_platform.audit.needs import Files
from lineage_platform.errors import VerificationFailed
from lineage_platform.files import length
from lineage_platform.model.tables import IDENTITY, SHA256
from lineage_platform.model.versions import File
from lineage_platform.transformations.encoder import Encoder
from lineage_platform.transformations.megatron import read_index, read_tokens, token_type
from lineage_platform.transformations.parts import read_batches, read_schema

TEXTS = pa.schema(
    [
        pa.field("shard", pa.int32(), nullable=False),
        pa.field("row", pa.int32(), nullable=False),
        pa.field("identity", IDENTITY),  # Parquet says which document's
        pa.field("tokens", pa.int32()),  # a Megatron pair says how many
        pa.field("sha256", SHA256, nullable=False),
    ]
)
_NAME = re.compile(r"shard-(\d+)\.(?:parquet|bin|idx)")
_BATCH_DOCUMENTS = 4096


def parquet_texts(file: File, files: Files) -> Iterator[pa.RecordBatch]:
    """Rows of TEXTS from a Parquet shard."""
    shard, row, path = shard_number(file), 0, files.path(file)
    known = "identity" in read_schema(path).names  # before, it was the key of this deployment
    for batch in read_batches(path, ["text", "identity"] if known else ["text"]):
        texts = batch.column("text").to_pylist()
        hashes = [hashlib.sha256(text.encode()).digest() for text in texts]
        identities = batch.column("identity") if known else pa.nulls(len(texts), IDENTITY)
        yield _batch(shard, row, hashes, identities, pa.nulls(len(texts), pa.int32()))
        row += len(texts)


def bin_texts(tokens: File, index: File, files: Files, encoder: Encoder) -> Iterator[pa.RecordBatch]:
    """Rows of TEXTS from a Megatron pair: its tokens decoded. Raises VerificationFailed when the two do not fit."""
    shard, path = shard_number(tokens), files.path(tokens)
    found = read_index(files.path(index))
    size = found.dtype.itemsize
    ends = np.cumsum(found.lengths, dtype=np.int64)
    fits = (
        found.dtype == token_type(encoder.vocabulary)
        and length(path) == (int(ends[-1]) * size if len(ends) else 0)
        and np.array_equal(found.pointers, (ends - found.lengths) * size)
        and np.array_equal(found.documents, np.arange(len(ends) + 1))
    )
    if not fits:
        raise VerificationFailed(f"{index.name}: got positions that are not those of {tokens.name}")
    closing = int(encoder.end_of_document is not None)
    whole = read_tokens(path, found.dtype, 0, int(ends[-1]) if len(ends) else 0)
    for start in range(0, len(ends), _BATCH_DOCUMENTS):
        hashes = []
        for row in range(start, min(start + _BATCH_DOCUMENTS, len(ends))):
            stored = whole[ends[row] - found.lengths[row] : ends[row]].tolist()
            if closing and stored[-1:] != [encoder.end_of_document]:
                raise VerificationFailed(
                    f"{tokens.name}: row {row} does not end with the end-of-document token"
                )
            text = encoder.decode(stored[: len(stored) - closing])
            hashes.append(hashlib.sha256(text.encode()).digest())
        lengths = pa.array(found.lengths[start : start + len(hashes)] - closing, pa.int32())
        yield _batch(shard, start, hashes, pa.nulls(len(hashes), IDENTITY), lengths)


def shard_number(file: File) -> int:
    """The number in a shard file's name. Raises VerificationFailed."""
    match = _NAME.fullmatch(file.name)
    if match is None:
        raise VerificationFailed(f"{file.name}: expected a name such as shard-00003.parquet")
    return int(match[1])


def _batch(
    shard: int, first: int, hashes: Sequence[bytes], identities: pa.Array, tokens: pa.Array
) -> pa.RecordBatch:
    rows = np.arange(first, first + len(hashes), dtype=np.int32)
    return pa.RecordBatch.from_arrays(
        [
            pa.array(np.full(len(hashes), shard, np.int32)),
            pa.array(rows),
            identities,
            tokens,
            pa.array(hashes, SHA256),
        ],
        schema=TEXTS,
    )
