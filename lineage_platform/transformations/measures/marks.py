"""What each byte of a chunk of texts is, in passes of vector instructions; `words` then reads up to 57 bytes at a time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lineage_platform.transformations.bits import EACH, load
from lineage_platform.transformations.buffers import Bytes, kernel

WHITE, CAPITAL, PUNCTUATION, LETTER, HASH, FULL_STOP, BEYOND = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x80
"""Of ASCII as in `character_classes.json`; BEYOND is every byte beyond ASCII."""

SPARE = 32

_LOWEST = np.uint64(EACH)
_GATHER = np.uint64(0x0102040810204080)  # the lowest bits of eight bytes, as the highest byte of the product
_ONE, _TWO, _THREE, _SEVEN, _HIGHEST = (np.uint64(number) for number in (1, 2, 3, 7, 56))


class Marked(NamedTuple):
    """The bytes of a chunk with a mark for each, sets of them as bitmaps, and room for a word's normal form."""

    bytes: Bytes
    marks: Bytes
    ends: Bytes  # bitmap: white space, and all beyond ASCII
    letters: Bytes
    changing: Bytes  # bitmap: what is not in a normal form as it stands: capitals, punctuation
    normal: Bytes


def new_marked(size: int) -> Marked:
    """Room for a chunk of at most `size` bytes."""
    return Marked(*(np.zeros(size + SPARE, np.uint8) for _ in Marked._fields))


@kernel
def mark(values: Bytes, start: int, size: int, marked: Marked) -> None:
    """Copy `size` bytes from values[start] on, and mark each."""
    read, written, marks = values[start : start + size], marked.bytes[:size], marked.marks[:size]
    for i in range(size):
        byte = read[i]
        white = (byte == 0x20) | (np.uint8(byte - 0x09) <= 4)
        capital = np.uint8(byte - 0x41) <= 25
        letter = np.uint8((byte | 0x20) - 0x61) <= 25
        digit = np.uint8(byte - 0x30) <= 9
        symbol = (byte == 0x24) | (byte == 0x2B) | (np.uint8(byte - 0x3C) <= 2)  # $ + < = >
        symbol |= (byte == 0x5E) | (byte == 0x60) | (byte == 0x7C) | (byte == 0x7E)  # ^ ` | ~
        punctuation = (np.uint8(byte - 0x21) <= 0x7E - 0x21) & ~(letter | digit | symbol)
        found = np.uint8(byte & BEYOND) | np.uint8(white)  # each bit where WHITE, CAPITAL, ... say
        found |= np.uint8(np.uint8(capital) << 1) | np.uint8(np.uint8(punctuation) << 2)
        found |= np.uint8(np.uint8(letter) << 3) | np.uint8(np.uint8(byte == 0x23) << 4)
        marks[i] = np.uint8(found | np.uint8(np.uint8(byte == 0x2E) << 5))
    for i in range(size):
        written[i] = read[i]
    marked.marks[size : size + 8] = WHITE
    for i in range(size // 8 + 1):
        here = load(marked.marks, 8 * i)
        ends = (here | (here >> _SEVEN)) & _LOWEST
        changing = ((here >> _ONE) | (here >> _TWO)) & _LOWEST
        letters = (here >> _THREE) & _LOWEST
        marked.ends[i] = np.uint8((ends * _GATHER) >> _HIGHEST)
        marked.letters[i] = np.uint8((letters * _GATHER) >> _HIGHEST)
        marked.changing[i] = np.uint8((changing * _GATHER) >> _HIGHEST)
