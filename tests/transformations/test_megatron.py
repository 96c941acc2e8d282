"""The pair is laid out as Megatron-LM reads it, and gives back every token."""

from __future__ import annotations

import struct
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_platform.errors import VerificationFailed
from lineage_platform.transformations.megatron import (
    MegatronWriter,
    read_index,
    read_tokens,
    token_offsets,
    token_type,
)

DOCUMENTS = st.lists(st.lists(st.integers(0, 65_498), max_size=6), max_size=8)


def write(folder: Path, writes: list[list[list[int]]], vocabulary: int, end: int | None) -> tuple[Path, Path]:
    with MegatronWriter(folder, "shard-00000", vocabulary, end) as writer:
        for documents in writes:
            offsets = np.cumsum([0, *map(len, documents)])
            writer.write(np.array([t for row in documents for t in row], np.uint32), offsets)
    first, second = writer.parts
    assert [(part.name, part.role) for part in writer.parts] == [
        ("shard-00000.bin", "shard-bin"),
        ("shard-00000.idx", "shard-idx"),
    ]
    return Path(first.path), Path(second.path)


@settings(deadline=None)
@given(st.lists(DOCUMENTS, max_size=3), st.sampled_from([65_499, 65_500]), st.sampled_from([None, 65_498]))
def test_every_document_comes_back(writes: list[list[list[int]]], vocabulary: int, end: int | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        tokens, index = write(Path(folder), writes, vocabulary, end)
        documents = [row for rows in writes for row in rows]
        ending = [] if end is None else [end]
        read = read_index(index)
        assert read.dtype == token_type(vocabulary)
        assert read.lengths.tolist() == [len(row + ending) for row in documents]
        assert read.documents.tolist() == list(range(len(documents) + 1))
        offsets = token_offsets(np.array([len(row) for row in documents], np.int32), end is not None)
        assert (offsets[:-1] * read.dtype.itemsize).tolist() == read.pointers.tolist()
        assert tokens.stat().st_size == offsets[-1] * read.dtype.itemsize
        for row, offset in zip(documents, offsets.tolist(), strict=False):
            assert read_tokens(tokens, read.dtype, offset, len(row)).tolist() == row
            stored = read_tokens(tokens, read.dtype, offset, len(row) + len(ending))
            assert stored.tolist() == row + ending


@pytest.mark.parametrize(("vocabulary", "code", "kind"), [(500, 8, "H"), (65_499, 8, "H"), (65_500, 4, "i")])
def test_layout_byte_by_byte(tmp_path: Path, vocabulary: int, code: int, kind: str) -> None:
    tokens, index = write(tmp_path, [[[7, 8], []], [[9]]], vocabulary, 1)
    assert tokens.read_bytes() == struct.pack(f"<6{kind}", 7, 8, 1, 1, 9, 1)
    size = struct.calcsize(kind)
    assert index.read_bytes() == (
        b"MMIDIDX\x00\x00"
        + struct.pack("<QBQQ", 1, code, 3, 4)
        + struct.pack("<3i", 3, 1, 2)
        + struct.pack("<3q", 0, 3 * size, 4 * size)
        + struct.pack("<4q", 0, 1, 2, 3)
    )


def test_a_shard_without_documents(tmp_path: Path) -> None:
    tokens, index = write(tmp_path, [], 500, 0)
    assert tokens.read_bytes() == b""
    assert read_index(index).documents.tolist() == [0]
    assert read_tokens(tokens, token_type(500), 0, 0).tolist() == []


def test_tokens_are_mapped_not_read(tmp_path: Path) -> None:
    tokens, index = write(tmp_path, [[[1, 2, 3]]], 500, None)
    assert isinstance(read_tokens(tokens, read_index(index).dtype, 1, 2), np.memmap)


@pytest.mark.parametrize(
    "damage", [lambda b: b[:20], lambda b: b[:-1], lambda b: b"X" + b[1:], lambda b: b + b"\0"]
)
def test_a_damaged_index_is_found(tmp_path: Path, damage) -> None:  # type: ignore[no-untyped-def]
    _, index = write(tmp_path, [[[1], [2, 3]]], 500, None)
    index.write_bytes(damage(index.read_bytes()))
    with pytest.raises(VerificationFailed, match="expected"):
        read_index(index)


def test_an_unfinished_pair_has_no_parts(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), MegatronWriter(tmp_path, "x", 500, None) as writer:
        raise RuntimeError
    assert writer.parts == ()
