"""Words, lines and paragraphs of a text, and the counts behind the quality rules of Rae et al. 2021 (Gopher).

    J. W. Rae et al., "Scaling Language Models: Methods, Analysis & Insights from Training Gopher", arXiv 2112.11446,
    appendix A.1.1.

Where the paper leaves room, this is what we mean:

- A *character* is a Unicode scalar value that is not white space (property White_Space). All character counts, and all
  fractions of characters, are of these.
- A *word* is a run of characters between white space. In scripts that are written without spaces (Han, Kana, Thai, Lao,
  Myanmar, Khmer) each character is a word, so that Chinese text has words; a word of another script beside it ends there.
  Korean is written with spaces and needs no such rule. Words are compared as they stand, case and punctuation included.
- A *line* ends at a line feed and has at least one word; blank lines are not counted. A *paragraph* is a run of such lines
  between blank ones. Two lines or paragraphs are equal when their words are, whatever the white space.
- A line *starts with a bullet point* when its first character is a bullet sign, or its first word is `-`, `*` or `+`. It
  *ends with an ellipsis* when its last characters are `...` or `…`.
- *Symbols* are `#`, and ellipses: `…` and each three full stops in a row.
- A word is *alphabetic* when it has at least one letter (general category L).
- *Stop words* are the eight of the paper; the count is of different ones present. They are compared in normal form.
- The *normal form* of a word, used for stop words and MinHash, has ASCII letters in lower case and no punctuation (general
  category P); a word of punctuation alone has none.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lineage_platform.transformations.bits import EACH, load, ones, trailing_zeros
from lineage_platform.transformations.buffers import Bytes, Offsets, kernel
from lineage_platform.transformations.measures import marks as marking
from lineage_platform.transformations.measures.characters import (
    BULLET,
    HAN,
    LETTER,
    LIMIT,
    PUNCTUATION,
    UNSPACED,
    WHITE,
)
from lineage_platform.transformations.measures.layout import Passages, Words
from lineage_platform.transformations.measures.marks import Marked
from lineage_platform.transformations.measures.mixing import SEQUENCE, SYMBOL, mix

STOP_WORDS = ("the", "be", "to", "of", "and", "that", "have", "with")

(
    CHARACTERS,
    HAN_CHARACTERS,
    PUNCTUATION_CHARACTERS,
    HASHES,
    ELLIPSES,
    ALPHABETIC_WORDS,
    STOP_WORDS_PRESENT,  # a bit for each of STOP_WORDS
    BULLET_LINES,
    ELLIPSIS_LINES,
) = range(9)
COUNTS = 9

_ASCII_BULLETS = (ord("-"), ord("*"), ord("+"))
_FULL_STOP, _LINE_FEED, _SPACE, _ELLIPSIS = ord("."), ord("\n"), ord(" "), 0x2026

_PUNCTUATIONS = np.uint64(marking.PUNCTUATION * EACH)
_HASHES = np.uint64(marking.HASH * EACH)
_FULL_STOPS = np.uint64(marking.FULL_STOP * EACH)
_WHITE_MARK, _PUNCTUATION_MARK = np.uint8(marking.WHITE), np.uint8(marking.PUNCTUATION)
_RUN = 56  # marks that a load gives at any place in a bitmap
_ONE, _HALF = np.uint64(1), np.uint64(32)
_LOW = np.array([(1 << 8 * min(size, 8)) - 1 for size in range(17)], np.uint64)
_HIGH = np.array([(1 << 8 * max(size - 8, 0)) - 1 for size in range(17)], np.uint64)


@kernel
def _absorb(value: np.uint64, chunk: np.uint64) -> np.uint64:
    value = (value ^ chunk) * SYMBOL
    return value ^ (value >> _HALF)


@kernel
def hash_bytes(data: Bytes, first: int, end: int) -> np.uint64:
    """Hash of data[first:end], eight bytes at a time; reads up to 16 bytes beyond, which do not matter."""
    value = SYMBOL
    size = end - first
    while end - first > 16:
        value = _absorb(value, load(data, first))
        first += 8
    value = _absorb(value, load(data, first) & _LOW[end - first])
    return mix(_absorb(value, load(data, first + 8) & _HIGH[end - first]) ^ np.uint64(size))


def _stop_words() -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint8]]:
    """Hashes of the stop words, each where its low bits say, and a bit for each there."""
    mask = (1 << 64) - 1
    hashes = []
    for word in STOP_WORDS:
        value = int(SYMBOL)
        for chunk in (int.from_bytes(word.encode(), "little"), 0):
            value = (value ^ chunk) * int(SYMBOL) & mask
            value ^= value >> 32
        value ^= len(word)
        for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
            value = (value ^ (value >> 33)) * factor & mask
        hashes.append(value ^ (value >> 33))
    size = next(size for size in (8, 16, 32, 64, 128, 256) if len({h % size for h in hashes}) == len(hashes))
    table, bits = np.zeros(size, np.uint64), np.zeros(size, np.uint8)
    for number, value in enumerate(hashes):
        table[value % size], bits[value % size] = value, 1 << number
    return table, bits


_STOP_WORDS, _STOP_WORD_BITS = _stop_words()
_STOP_WORD_SLOTS = np.uint64(len(_STOP_WORDS) - 1)


@kernel
def _normal(data: Bytes, marks: Bytes, normal: Bytes, first: int, end: int) -> int:
    """Put the normal form of the word data[first:end] into `normal`; its length."""
    read, read_marks = data[first:end], marks[first:end]
    size = np.uint64(0)
    for i in range(read.size):
        mark = read_marks[i]
        normal[size] = read[i] | ((mark & marking.CAPITAL) << 4)
        size += np.uint64(mark & marking.PUNCTUATION == 0)
    return int(size)


@kernel
def _decode(values: Bytes, position: int, end: int) -> tuple[np.uint32, int]:
    """Code point and byte length of the character at `position`; a sequence cut off by `end` is U+FFFD."""
    lead = np.uint32(values[position])
    if lead < 0xE0:
        if position + 2 > end:
            return np.uint32(0xFFFD), 1
        return ((lead & np.uint32(0x1F)) << np.uint32(6)) | np.uint32(values[position + 1] & 0x3F), 2
    if lead < 0xF0:
        if position + 3 > end:
            return np.uint32(0xFFFD), 1
        middle = np.uint32(values[position + 1] & 0x3F) << np.uint32(6)
        return ((lead & np.uint32(0x0F)) << np.uint32(12)) | middle | np.uint32(
            values[position + 2] & 0x3F
        ), 3
    if position + 4 > end:
        return np.uint32(0xFFFD), 1
    high = np.uint32(values[position + 1] & 0x3F) << np.uint32(12)
    middle = np.uint32(values[position + 2] & 0x3F) << np.uint32(6)
    return ((lead & np.uint32(0x07)) << np.uint32(18)) | high | middle | np.uint32(
        values[position + 3] & 0x3F
    ), 4


@kernel
def _is_han(data: Bytes, position: int, end: int) -> bool:
    """Whether a character of U+4E00 to U+9FFF is there: a Han letter."""
    byte = data[position]
    return 0xE4 <= byte <= 0xE9 and (byte > 0xE4 or data[position + 1] >= 0xB8) and position + 3 <= end


@kernel
def _ellipses(data: Bytes, first: int, end: int) -> int:
    """Three full stops in a row, each three once."""
    found = stops = 0
    for position in range(first, end):
        stops = stops + 1 if data[position] == _FULL_STOP else 0
        found += stops == 3
        stops = 0 if stops == 3 else stops
    return found


@kernel
def _ends_in_ellipsis(data: Bytes, first: int, end: int) -> bool:
    stop = end
    while stop > first and data[stop - 1] == _FULL_STOP:
        stop -= 1
    if end - stop >= 3:
        return True
    return stop - first >= 3 and data[stop - 3] == 0xE2 and data[stop - 2] == 0x80 and data[stop - 1] == 0xA6


@kernel
def cut(
    marked: Marked,
    offsets: Offsets,
    first: int,
    last: int,
    classes: Bytes,
    words: Words,
    lines: Passages,
    paragraphs: Passages,
    counts: npt.NDArray[np.int64],
) -> None:
    """Cut texts `first` to `last` into `words`, `lines` and `paragraphs`.

    `marked` has their bytes, from offsets[first] on, and the marks of these, where those of punctuation beyond ASCII are put
    right on the way. `classes` is `characters.character_classes()`; `counts` has shape (texts, COUNTS) and is overwritten.
    """
    data, marks, ends_here, letters_here, changing_here, spare = marked
    surfaces, normals, characters = words.surface, words.normal, words.characters
    base = offsets[first]
    word = line = paragraph = 0
    for text in range(first, last):
        row = text - first
        words.first[row], lines.first[row], paragraphs.first[row] = word, line, paragraph
        position, end = offsets[text] - base, offsets[text + 1] - base
        han = punctuation = hashes = ellipses = alphabetic = bullet_lines = ellipsis_lines = total = 0
        stop_words = np.uint8(0)
        line_hash, line_characters = SEQUENCE, 0
        paragraph_hash, paragraph_characters = SEQUENCE, 0
        start = word_end = position
        triple = np.uint64(0)
        for place in range(position, end, 8):
            here = load(marks, place) & _LOW[min(8, end - place)]
            punctuation += ones(here & _PUNCTUATIONS)
            hashes += ones(here & _HASHES)
            triple |= load(marks, place) & load(marks, place + 1) & load(marks, place + 2) & _FULL_STOPS
        if triple:
            ellipses = _ellipses(data, position, end)
        while position <= end:
            if position == end or data[position] == _LINE_FEED:
                total += line_characters
                if line_characters > 0:
                    lines.surface[line], lines.characters[line] = mix(line_hash), line_characters
                    line += 1
                    ellipsis_lines += _ends_in_ellipsis(data, start, word_end)
                    paragraph_hash = (paragraph_hash ^ line_hash) * SEQUENCE
                    paragraph_characters += line_characters
                if paragraph_characters > 0 and (line_characters == 0 or position == end):
                    paragraphs.surface[paragraph] = mix(paragraph_hash)
                    paragraphs.characters[paragraph] = paragraph_characters
                    paragraph += 1
                    paragraph_hash, paragraph_characters = SEQUENCE, 0
                line_hash, line_characters = SEQUENCE, 0
                position += 1
                continue
            if marks[position] & _WHITE_MARK:
                position += 1
                while data[position] == _SPACE and position < end:
                    position += 1
                continue
            line_before = line_characters
            while _is_han(data, position, end):
                surface = hash_bytes(data, position, position + 3)
                surfaces[word], normals[word], characters[word] = surface, surface, 1
                word += 1
                line_hash = (line_hash ^ surface) * SEQUENCE
                line_characters += 1
                position += 3
            if line_characters > line_before:
                start, word_end = position - 3, position
                han += line_characters - line_before
                alphabetic += line_characters - line_before
                continue
            first_byte = position
            length = changing = letters = 0
            while position < end:
                place, shift = position >> 3, np.uint64(position & 7)
                ends = load(ends_here, place) >> shift
                size = min(trailing_zeros(ends), _RUN, end - position)
                these = (_ONE << np.uint64(size)) - _ONE
                letters |= (load(letters_here, place) >> shift) & these != 0
                changing |= (load(changing_here, place) >> shift) & these != 0
                length += size
                position += size
                if size == _RUN:
                    continue
                if position == end or marks[position] & _WHITE_MARK:
                    break
                point, size = _decode(data, position, end)
                bits = classes[point] if point < LIMIT else np.uint8(0)
                if bits & WHITE or (bits & UNSPACED and length > 0):
                    break
                letters |= bits & LETTER > 0
                if bits & PUNCTUATION:
                    changing = 1
                    punctuation += 1
                    ellipses += point == _ELLIPSIS
                    for i in range(position, position + size):
                        marks[i] = _PUNCTUATION_MARK
                length += 1
                position += size
                if bits & UNSPACED:
                    han += 1 if bits & HAN else 0
                    break
            if length == 0:
                position += _decode(data, position, end)[1]
                continue
            start, word_end = first_byte, position
            surface = hash_bytes(data, start, word_end)
            normal = surface
            if changing:
                size = _normal(data, marks, spare, start, word_end)
                normal = hash_bytes(spare, 0, size) if size > 0 else np.uint64(0)
            slot = normal & _STOP_WORD_SLOTS
            stop_words |= _STOP_WORD_BITS[slot] * np.uint8(_STOP_WORDS[slot] == normal)
            surfaces[word], normals[word], characters[word] = surface, normal, length
            word += 1
            alphabetic += letters
            if line_characters == 0:
                opening = np.uint32(data[start])
                if opening >= 128:
                    opening = _decode(data, start, end)[0]
                is_bullet = opening < LIMIT and classes[opening] & BULLET > 0
                for sign in _ASCII_BULLETS:
                    is_bullet |= length == 1 and opening == sign
                bullet_lines += 1 if is_bullet else 0
            line_hash = (line_hash ^ surface) * SEQUENCE
            line_characters += length
        counts[row, CHARACTERS] = total
        counts[row, HAN_CHARACTERS] = han
        counts[row, PUNCTUATION_CHARACTERS] = punctuation
        counts[row, HASHES] = hashes
        counts[row, ELLIPSES] = ellipses
        counts[row, ALPHABETIC_WORDS] = alphabetic
        counts[row, STOP_WORDS_PRESENT] = stop_words
        counts[row, BULLET_LINES] = bullet_lines
        counts[row, ELLIPSIS_LINES] = ellipsis_lines
    rows = last - first
    words.first[rows], lines.first[rows], paragraphs.first[rows] = word, line, paragraph
