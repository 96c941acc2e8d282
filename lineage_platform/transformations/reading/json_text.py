"""The kernel that takes the long text out of a JSON object (RFC 8259), so that the parser of Python sees only the rest.

It takes a string only where nothing about it is in doubt: it is the value of a member of the outermost object, its UTF-8 is
valid (RFC 3629), its escapes are whole, and no control character is in it. Of anything else it says that there is none.
"""

from __future__ import annotations

import numpy as np

from lineage_platform.transformations.bits import EACH, load, store, trailing_zeros
from lineage_platform.transformations.buffers import Bytes, kernel

SPARE = 8
LONG = 256
"""Bytes from which on a text is worth it."""

_QUOTE, _BACKSLASH, _COLON = ord('"'), ord("\\"), ord(":")
_OPEN, _CLOSE, _LETTER_U = (ord("["), ord("{")), (ord("]"), ord("}")), ord("u")
_ONES, _HIGHEST, _SPACES = (np.uint64(byte * EACH) for byte in (0x01, 0x80, 0x20))
_QUOTES, _BACKSLASHES = np.uint64(_QUOTE * EACH), np.uint64(_BACKSLASH * EACH)
_THREE_BYTES, _THREE_BYTES_ARE = np.uint64(0xC0C0F0), np.uint64(0x8080E0)


def _escapes() -> Bytes:
    """What a letter after a backslash stands for, 0 for nothing."""
    table = np.zeros(256, np.uint8)
    for letter, byte in zip(b'"\\/bfnrt', b'"\\/\b\f\n\r\t', strict=True):
        table[letter] = byte
    return table


_ESCAPES = _escapes()


@kernel
def _hex(data: Bytes, position: int, end: int) -> int:
    """The value of the four digits from `position` on, or -1."""
    if position + 4 > end:
        return -1
    value = 0
    for byte in data[position : position + 4]:
        small = byte | 0x20
        if 0x30 <= byte <= 0x39:
            value = value * 16 + byte - 0x30
        elif 0x61 <= small <= 0x66:
            value = value * 16 + small - 0x57
        else:
            return -1
    return value


@kernel
def _put(point: int, out: Bytes, written: int) -> int:
    """Append a code point as UTF-8; where it ends."""
    if point < 0x80:
        out[written] = point
        return written + 1
    if point < 0x800:
        out[written] = 0xC0 | point >> 6
    else:
        if point < 0x10000:
            out[written] = 0xE0 | point >> 12
        else:
            out[written] = 0xF0 | point >> 18
            written += 1
            out[written] = 0x80 | (point >> 12 & 0x3F)
        written += 1
        out[written] = 0x80 | (point >> 6 & 0x3F)
    out[written + 1] = 0x80 | (point & 0x3F)
    return written + 2


@kernel
def _escaped(data: Bytes, position: int, end: int) -> tuple[int, int]:
    """The code point of the escape whose backslash is at `position`, and its length; or (-1, 0)."""
    if position + 1 >= end:
        return -1, 0
    letter = data[position + 1]
    if letter != _LETTER_U:
        return (int(_ESCAPES[letter]), 2) if _ESCAPES[letter] else (-1, 0)
    point = _hex(data, position + 2, end)
    if not 0xD800 <= point < 0xE000:
        return point, 6
    if point >= 0xDC00 or position + 12 > end:
        return -1, 0
    if data[position + 6] != _BACKSLASH or data[position + 7] != _LETTER_U:
        return -1, 0
    low = _hex(data, position + 8, end)
    if not 0xDC00 <= low < 0xE000:
        return -1, 0
    return 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00), 12


@kernel
def _character(data: Bytes, position: int, end: int) -> int:
    """Length of the character beyond ASCII at `position`, 0 if its bytes are none."""
    lead = data[position]
    size = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
    if lead < 0xC2 or lead > 0xF4 or position + size > end:
        return 0
    for byte in data[position + 1 : position + size]:
        if byte & 0xC0 != 0x80:
            return 0
    second = data[position + 1]
    wrong = (
        (lead == 0xE0 and second < 0xA0)
        or (lead == 0xED and second > 0x9F)
        or (lead == 0xF0 and second < 0x90)
        or (lead == 0xF4 and second > 0x8F)
    )
    return 0 if wrong else size


@kernel
def _text(data: Bytes, position: int, out: Bytes) -> tuple[int, int]:
    """Where the string that begins at `position` ends, and how many bytes of text it put into `out`; or (-1, 0)."""
    end = len(data)
    written = 0
    while position + 8 <= end:
        here = load(data, position)
        store(out, written, here)
        quotes, backslashes = here ^ _QUOTES, here ^ _BACKSLASHES
        stops = ((quotes - _ONES) & ~quotes) | ((backslashes - _ONES) & ~backslashes)
        stops = (stops | (here - _SPACES) | here) & _HIGHEST
        if stops == 0:
            position += 8
            written += 8
            continue
        plain = trailing_zeros(stops) >> 3
        position += plain
        written += plain
        byte = data[position]
        if byte >= 0x80:
            while position + 8 <= end:
                here = load(data, position)
                if (
                    here & _THREE_BYTES != _THREE_BYTES_ARE
                    or data[position] == 0xE0
                    or data[position] == 0xED
                ):
                    break
                store(out, written, here)
                position += 3
                written += 3
            if data[position] >= 0x80:
                size = _character(data, position, end)
                if size == 0:
                    return -1, 0
                for i in range(size):
                    out[written + i] = data[position + i]
                position += size
                written += size
        elif byte == _QUOTE:
            return position, written
        elif byte == _BACKSLASH:
            point, size = _escaped(data, position, end)
            if point < 0:
                return -1, 0
            written = _put(point, out, written)
            position += size
        else:
            return -1, 0
    while position < end and 0x20 <= data[position] < 0x80 and data[position] != _BACKSLASH:
        if data[position] == _QUOTE:
            return position, written
        out[written] = data[position]
        position += 1
        written += 1
    return -1, 0


@kernel
def _string_end(data: Bytes, position: int) -> int:
    """Where the string that begins at `position` has its closing quote, or the end of the data."""
    while position < len(data) and data[position] != _QUOTE:
        position += 2 if data[position] == _BACKSLASH else 1
    return min(position, len(data))


@kernel
def long_text(data: Bytes, out: Bytes) -> tuple[int, int, int, int, int]:
    """First and end of the name and of the contents of the first long string among the members, and bytes in `out`.

    Without one, or in doubt, the first number is -1. `out` must have SPARE bytes more than `data`.
    """
    depth = 0
    name_first, name_end = -1, -1
    position = 0
    while position < len(data):
        byte = data[position]
        position += 1
        if byte in _OPEN:
            depth += 1
        elif byte in _CLOSE:
            depth -= 1
        elif byte == _COLON:
            if depth == 1 and name_first >= 0:
                while position < len(data) and data[position] == 0x20:
                    position += 1
                if position < len(data) and data[position] == _QUOTE:
                    first = position + 1
                    end, size = _text(data, first, out)
                    if end < 0:
                        break
                    if end - first >= LONG:
                        return name_first, name_end, first, end, size
                    position = end + 1
                name_first = -1
        elif byte == _QUOTE:
            name_first, name_end = position, _string_end(data, position)
            position = name_end + 1
    return -1, 0, 0, 0, 0
