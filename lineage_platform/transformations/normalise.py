"""Normalise text, by rules with a name and a version: the same text in gives the same bytes out, and again unchanged.

Rules `normalise@1`, in this order:

1. CR LF, CR, VT, FF and NEL become LF; every other control character (Unicode category Cc) but TAB and LF is removed.
2. White space (TAB and Unicode category Zs) at the end of a line is removed.
3. More than two empty lines in a row become two.
4. Empty lines at the beginning and at the end are removed; a LF that ended the text is kept.
5. Unicode Normalization Form C (Unicode Standard Annex 15), of the Unicode version in `UNICODE`.

Most text changes under none of them: one kernel pass finds the rows that may, and only those are rewritten.
"""

from __future__ import annotations

import functools
import unicodedata

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lineage_platform.transformations.bits import EACH, load, trailing_zeros
from lineage_platform.transformations.buffers import (
    Bytes,
    Offsets,
    kernel,
    large_string,
    lengths,
    replace_rows,
    utf8_buffers,
)

RULES = "normalise@1"
CODE_VERSION = RULES
UNICODE = unicodedata.unidata_version

_TIDY = 1
_COMPOSE = 2
_TABLE_END = 0x20000  # code points that the kernel's table covers
_CJK_END = 0x2A6DF  # the ideographs that follow, all of them stable under NFC
_TAB, _LF, _CR, _SPACE, _DELETE = 0x09, 0x0A, 0x0D, 0x20, 0x7F
_FIRST_HAN, _LAST_HAN = 0xE4, 0xE9  # first bytes of U+4000 to U+9FFF, whose characters no rule touches
_ONES, _SPACES, _HIGHEST = np.uint64(EACH), np.uint64(_SPACE * EACH), np.uint64(0x80 * EACH)


def normalise(text: pa.Array) -> tuple[pa.LargeStringArray, npt.NDArray[np.bool_]]:
    """Normalised rows of a string array, and which of them differ from what came in.

    Rows must be valid UTF-8. Null rows become empty text.
    """
    values, offsets = utf8_buffers(text)
    flags = _classify(values, offsets, _composition_table())
    changed = np.zeros(len(flags), np.bool_)
    rows = np.flatnonzero(flags)
    if not len(rows):
        return large_string(values, offsets), changed
    before = large_string(values, offsets).take(pa.array(rows))
    after = _tidied(before) if (flags & _TIDY).any() else before
    to_compose = np.flatnonzero(flags[rows] & _COMPOSE)
    if len(to_compose):  # pyarrow.compute.utf8_normalize does not compose (apache/arrow#51225)
        texts = after.take(pa.array(to_compose)).to_pylist()
        composed = [unicodedata.normalize("NFC", text) for text in texts]
        after = replace_rows(after, to_compose, pa.array(composed, pa.large_string()))
    differs = pc.not_equal(before, after).to_numpy(zero_copy_only=False)
    changed[rows[differs]] = True
    if not differs.any():
        return large_string(values, offsets), changed
    kept = after.filter(pa.array(differs))
    return replace_rows(large_string(values, offsets), rows[differs], kept), changed


def _tidied(text: pa.LargeStringArray) -> pa.LargeStringArray:
    """Rules 1 to 4."""
    values, offsets = utf8_buffers(text)
    out = np.empty(int(lengths(offsets).sum()), np.uint8)
    out_offsets = np.zeros(len(offsets), np.int64)
    _tidy(values, offsets, out, out_offsets)
    return large_string(out, out_offsets)


@functools.cache
def _composition_table() -> Bytes:
    """1 for each code point below 0x20000 that alone or after another may change under NFC, 0 for one that never does.

    A text of code points that are all 0 here is in NFC: each has the quick-check property `NFC_QC=Yes` and canonical
    combining class 0.
    """
    table = np.ones(_TABLE_END, np.uint8)
    for first, last in ((0x00, 0x7F), (0x3400, 0xA48C), (0xAC00, 0xD7A3), (0xE000, 0xF8FF)):
        table[first : last + 1] = 0
    seconds = set(range(0x1161, 0x1176)) | set(range(0x11A8, 0x11C3))  # Hangul vowels and finals
    rest = [*range(0x80, 0x3400), *range(0xA490, 0xAC00), *range(0xF900, 0x10000), *range(0x1D400, 0x1FB00)]
    for code in rest:
        character = chr(code)
        decomposition = unicodedata.decomposition(character)
        if decomposition and not decomposition.startswith("<") and " " in decomposition:
            seconds.add(int(decomposition.split()[1], 16))
        if unicodedata.combining(character) == 0 and unicodedata.is_normalized("NFC", character):
            table[code] = 0
    table[sorted(code for code in seconds if code < _TABLE_END)] = 1
    table.flags.writeable = False
    return table


@kernel
def _is_space(code: int) -> bool:
    return (
        code == 0x20
        or code == 0x09
        or code == 0xA0
        or code == 0x1680
        or 0x2000 <= code <= 0x200A
        or code == 0x202F
        or code == 0x205F
        or code == 0x3000
    )


@kernel
def _trimmed(data: Bytes, start: int, end: int) -> int:
    """Where data[start:end] ends without the white space at its end."""
    while end > start:
        last = data[end - 1]
        if last in (_SPACE, _TAB):
            end -= 1
        elif last < 0x80:
            break
        elif end - start >= 2 and data[end - 2] == 0xC2 and last == 0xA0:
            end -= 2
        elif end - start >= 3 and data[end - 3] >= 0xE1 and data[end - 3] <= 0xE3:
            code = (data[end - 3] & 0x0F) << 12 | (data[end - 2] & 0x3F) << 6 | (last & 0x3F)
            if not _is_space(code):
                break
            end -= 3
        else:
            break
    return end


@kernel
def _ends_in_lines(data: Bytes, start: int, end: int, count: int) -> bool:
    """Whether data[start:end] ends in at least `count` LF."""
    found = 0
    while found < count and end - found > start and data[end - found - 1] == _LF:
        found += 1
    return found == count


@kernel
def _classify(values: Bytes, offsets: Offsets, table: Bytes) -> Bytes:
    """Per row, whether it may change under rules 1 to 4 (_TIDY) or under rule 5 (_COMPOSE)."""
    flags = np.zeros(len(offsets) - 1, np.uint8)
    for row in range(len(flags)):
        start, end = offsets[row], offsets[row + 1]
        position = start
        flag = 0
        while position < end:
            byte = values[position]
            if _FIRST_HAN <= byte <= _LAST_HAN:
                position += 3
                continue
            if byte < 0x80:
                if position + 8 <= end:
                    here = load(values, position)
                    unusual = ((here - _SPACES) | here | (here + _ONES)) & _HIGHEST
                    if unusual == 0:
                        position += 8
                        continue
                    position += trailing_zeros(unusual) >> 3
                    byte = values[position]
                    if byte >= 0x80:
                        continue
                if byte < _SPACE or byte == _DELETE:
                    if byte == _LF:
                        if position > start and _SPACE < values[position - 1] < _DELETE:
                            pass
                        elif (
                            position == start
                            or _trimmed(values, start, position) != position
                            or _ends_in_lines(values, start, position, 3)
                        ):
                            flag |= _TIDY
                    elif byte != _TAB:
                        flag |= _TIDY
                position += 1
                continue
            if byte < 0xE0:
                code = (byte & 0x1F) << 6 | (values[position + 1] & 0x3F)
                position += 2
                if code < 0xA0:
                    flag |= _TIDY
            elif byte < 0xF0:
                code = (
                    (byte & 0x0F) << 12 | (values[position + 1] & 0x3F) << 6 | (values[position + 2] & 0x3F)
                )
                position += 3
            else:
                code = (
                    (byte & 0x07) << 18
                    | (values[position + 1] & 0x3F) << 12
                    | (values[position + 2] & 0x3F) << 6
                    | (values[position + 3] & 0x3F)
                )
                position += 4
            if code > _CJK_END or (code < _TABLE_END and table[code]):
                flag |= _COMPOSE
        if _trimmed(values, start, end) != end or _ends_in_lines(values, start, end, 2):
            flag |= _TIDY
        flags[row] = flag
    return flags


@kernel
def _tidy(values: Bytes, offsets: Offsets, out: Bytes, out_offsets: Offsets) -> None:
    """Rules 1 to 4; writes no more bytes than it reads."""
    write = 0
    for row in range(len(offsets) - 1):
        start = write
        line = write
        position, end = offsets[row], offsets[row + 1]
        while position < end:
            byte = values[position]
            position += 1
            if byte >= _SPACE and byte != _DELETE and byte != 0xC2:
                out[write] = byte
                write += 1
                continue
            if byte == 0xC2:
                code = values[position]
                position += 1
                if code >= 0xA0:
                    out[write] = byte
                    out[write + 1] = code
                    write += 2
                    continue
                if code == 0x85:
                    byte = _LF
            elif byte == _TAB:
                out[write] = byte
                write += 1
            elif byte == _CR and position < end and values[position] == _LF:
                position += 1
            if byte >= _LF and byte <= _CR:
                write = _trimmed(out, line, write)
                if write > start and not _ends_in_lines(out, start, write, 3):
                    out[write] = _LF
                    write += 1
                line = write
        write = _trimmed(out, line, write)
        while _ends_in_lines(out, start, write, 2):
            write -= 1
        out_offsets[row + 1] = write
