"""What the kernels of measures read eight bytes at a time is what a byte at a time says."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from lineage_platform.transformations.buffers import utf8_buffers
from lineage_platform.transformations.measures import characters, marks, words
from lineage_platform.transformations.measures.words import STOP_WORDS, hash_bytes


def test_marks_are_the_character_classes() -> None:
    values, _ = utf8_buffers(pa.array(["".join(map(chr, range(256)))], pa.large_string()))
    marked = marks.new_marked(len(values))
    marks.mark(values, 0, len(values), marked)
    for byte, mark in zip(range(128), marked.marks.tolist(), strict=False):
        bits = characters.character_classes()[byte]
        assert bool(mark & marks.WHITE) == bool(bits & characters.WHITE), byte
        assert bool(mark & marks.LETTER) == bool(bits & characters.LETTER), byte
        assert bool(mark & marks.PUNCTUATION) == bool(bits & characters.PUNCTUATION), byte
        assert bool(mark & marks.CAPITAL) == chr(byte).isupper(), byte
        assert mark & marks.BEYOND == 0
    assert (marked.marks[128 : len(values)] == marks.BEYOND).all()


def test_characters_that_are_han_by_their_bytes() -> None:
    classes = characters.character_classes()[0x4E00:0xA000]
    assert (classes == characters.HAN | characters.LETTER | characters.UNSPACED).all()


@given(st.binary(max_size=40), st.integers(0, 20), st.binary(max_size=40))
def test_a_hash_is_of_its_bytes_alone(before: bytes, size: int, after: bytes) -> None:
    word, padding = bytes(range(1, size + 1)), bytes(32)
    alone = np.frombuffer(word + padding, np.uint8)
    inside = np.frombuffer(before + word + after + padding, np.uint8)
    assert hash_bytes(inside, len(before), len(before) + size) == hash_bytes(alone, 0, size)


@given(st.binary(max_size=30), st.binary(max_size=30))
def test_other_bytes_have_another_hash(one: bytes, two: bytes) -> None:
    hashes = [hash_bytes(np.frombuffer(word + bytes(32), np.uint8), 0, len(word)) for word in (one, two)]
    assert (hashes[0] == hashes[1]) == (one == two)


def test_stop_words_are_found_by_their_hash() -> None:
    table, bits = words._STOP_WORDS, words._STOP_WORD_BITS
    for number, word in enumerate(STOP_WORDS):
        value = hash_bytes(np.frombuffer(word.encode() + bytes(32), np.uint8), 0, len(word))
        slot = int(value) % len(table)
        assert table[slot] == value
        assert bits[slot] == 1 << number
