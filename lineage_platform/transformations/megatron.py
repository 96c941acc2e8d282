"""The indexed dataset pair that Megatron-LM trains from: `<name>.bin` holds tokens, `<name>.idx` says where.

Layout after `megatron/core/datasets/indexed_dataset.py` of NVIDIA/Megatron-LM, all little-endian. `.bin` is the tokens
of all sequences, one after the other. `.idx`:

| bytes | what |
| --- | --- |
| 9 | `MMIDIDX`, two zero bytes |
| 8 | uint64 version, 1 |
| 1 | uint8 type code: 8 = uint16 where the vocabulary is below 65,500, else 4 = int32 |
| 8 | uint64 number of sequences n |
| 8 | uint64 number of document indices d |
| 4 n | int32 tokens of each sequence |
| 8 n | int64 byte position of each sequence in `.bin` |
| 8 d | int64 first sequence of each document, then n |

Here a sequence is a document, so d = n + 1. Where the tokenizer has an end-of-document token it ends every sequence.
Megatron-LM cannot map a `.bin` without a token: leave out the pairs whose `.idx` holds no sequence.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from lineage_platform.errors import VerificationFailed
from lineage_platform.files import Place, read_bytes, read_ranges
from lineage_platform.model.versions import Part
from lineage_platform.transformations.encoder import Offsets, Tokens
from lineage_platform.transformations.parts import HashingFile

_MAGIC = b"MMIDIDX\x00\x00"
_HEADER = struct.Struct("<9sQBQQ")
_CODES: dict[int, np.dtype[Any]] = {4: np.dtype("<i4"), 8: np.dtype("<u2")}


def token_type(vocabulary: int) -> np.dtype[Any]:
    """How tokens of a vocabulary are stored: uint16 below 65,500 entries, else int32."""
    return _CODES[8 if vocabulary < 65_500 else 4]


def token_offsets(tokens: npt.NDArray[np.integer], end_of_document: bool) -> Offsets:
    """Where each document's tokens begin in its shard (and where the last ends), from the placements' `tokens` in row
    order: an int64 array of one more than the rows. `end_of_document` says whether each is followed by that token."""
    return np.concatenate([[0], np.cumsum(tokens.astype(np.int64) + int(end_of_document))])


def read_tokens(path: Place, dtype: np.dtype[Any], offset: int, count: int) -> npt.NDArray[Any]:
    """`count` tokens from the token `offset` of a `.bin` file; of a local one mapped and not read."""
    if count == 0:
        return np.empty(0, dtype)
    if isinstance(path, Path):
        return np.memmap(path, dtype, "r", offset * dtype.itemsize, (count,))
    ((data,),) = read_ranges([(path, [(offset * dtype.itemsize, count * dtype.itemsize)])])
    return np.frombuffer(data, dtype)


@dataclass(frozen=True)
class Index:
    """What an `.idx` file says: `lengths` int32 and `pointers` int64 by sequence, `documents` int64."""

    dtype: np.dtype[Any]
    lengths: npt.NDArray[np.int32]
    pointers: npt.NDArray[np.int64]
    documents: npt.NDArray[np.int64]


def read_index(path: Place) -> Index:
    """Read an `.idx` file; raises VerificationFailed if it is not one, or not whole."""
    data = read_bytes(path)
    if len(data) < _HEADER.size:
        raise VerificationFailed(f"{path}: got {len(data)} bytes, expected a header of {_HEADER.size}")
    magic, version, code, sequences, documents = _HEADER.unpack_from(data)
    if magic != _MAGIC or version != 1 or code not in _CODES:
        raise VerificationFailed(
            f"{path}: got header {magic!r}, version {version}, type {code}, expected {_MAGIC!r}, 1, one of 4, 8"
        )
    expected = _HEADER.size + 12 * sequences + 8 * documents
    if len(data) != expected:
        raise VerificationFailed(f"{path}: got {len(data)} bytes, expected {expected}")
    at = _HEADER.size
    return Index(
        _CODES[code],
        np.frombuffer(data, "<i4", sequences, at),
        np.frombuffer(data, "<i8", sequences, at + 4 * sequences),
        np.frombuffer(data, "<i8", documents, at + 12 * sequences),
    )


class MegatronWriter:
    """Writes one pair, documents in order; use as a context manager, then read `parts` (`.bin`, `.idx`)."""

    def __init__(self, scratch: Place, name: str, vocabulary: int, end_of_document: int | None) -> None:
        self.parts: tuple[Part, ...] = ()
        self._scratch, self._name = scratch, name
        self._dtype = token_type(vocabulary)
        self._end = end_of_document
        self._file = HashingFile(scratch / f"{name}.bin")
        self._lengths: list[npt.NDArray[np.int32]] = []

    def write(self, tokens: Tokens, offsets: Offsets) -> None:
        """Append documents: row i is `tokens[offsets[i]:offsets[i + 1]]`."""
        lengths = np.diff(offsets)
        stored = tokens[offsets[0] : offsets[-1]].astype(self._dtype)
        if self._end is not None:
            ends = np.cumsum(lengths + 1) - 1
            own = np.ones(len(stored) + len(lengths), np.bool_)
            own[ends] = False
            whole = np.full(len(own), self._end, self._dtype)
            whole[own] = stored
            stored, lengths = whole, lengths + 1
        self._file.write(stored.data)
        self._lengths.append(lengths.astype(np.int32))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._file.abandon()
            return
        self._file.close()
        lengths = np.concatenate([np.empty(0, np.int32), *self._lengths])
        index = HashingFile(self._scratch / f"{self._name}.idx")
        try:
            _write_index(index, lengths, self._dtype)
        except BaseException:
            index.abandon()
            raise
        index.close()
        self.parts = tuple(
            Part(
                f"{self._name}.{kind}",
                f"shard-{kind}",
                str(self._scratch / f"{self._name}.{kind}"),
                file.sha256,
                file.length,
                len(lengths),
            )
            for kind, file in (("bin", self._file), ("idx", index))
        )


def _write_index(file: HashingFile, lengths: npt.NDArray[np.int32], dtype: np.dtype[Any]) -> None:
    code = next(code for code, known in _CODES.items() if known == dtype)
    ends = np.cumsum(lengths, dtype=np.int64) * dtype.itemsize
    file.write(_HEADER.pack(_MAGIC, 1, code, len(lengths), len(lengths) + 1))
    file.write(lengths.astype("<i4").tobytes())
    file.write((ends - lengths.astype(np.int64) * dtype.itemsize).astype("<i8").tobytes())
    file.write(np.arange(len(lengths) + 1, dtype="<i8").tobytes())
