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

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lineage_platform.transformations.buffers import Bytes, Offsets, kernel
from lineage_platform.transformations.measures.characters import (
    BULLET,
    HAN,
    LETTER,
    LIMIT,
    PUNCTUATION,
    UNSPACED,
    WHITE,
)
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
_FULL_STOP, _HASH, _LINE_FEED, _ELLIPSIS = ord("."), ord("#"), ord("\n"), 0x2026


class Words(NamedTuple):
    """Words of several texts, one after the other; `first[i]` to `first[i + 1]` are those of text i."""

    surface: npt.NDArray[np.uint64]  # hash of the word as it stands
    normal: npt.NDArray[np.uint64]  # hash of its normal form, 0 if it has none
    characters: npt.NDArray[np.int32]
    first: npt.NDArray[np.int64]


class Passages(NamedTuple):
    """Lines or paragraphs of several texts, laid out like `Words`."""

    surface: npt.NDArray[np.uint64]
    characters: npt.NDArray[np.int32]
    first: npt.NDArray[np.int64]


def new_words(entries: int, texts: int) -> Words:
    """Room for at most `entries` words of at most `texts` texts."""
    return Words(
        np.empty(entries, np.uint64),
        np.empty(entries, np.uint64),
        np.empty(entries, np.int32),
        np.empty(texts + 1, np.int64),
    )


def new_passages(entries: int, texts: int) -> Passages:
    """Room for at most `entries` lines or paragraphs of at most `texts` texts."""
    return Passages(np.empty(entries, np.uint64), np.empty(entries, np.int32), np.empty(texts + 1, np.int64))


def _stop_word_hashes() -> npt.NDArray[np.uint64]:
    mask = (1 << 64) - 1
    hashes = []
    for word in STOP_WORDS:
        value = int(SYMBOL)
        for letter in word.encode():
            value = ((value ^ letter) * int(SYMBOL)) & mask
        hashes.append(value)
    return np.array(hashes, np.uint64)


_STOP_WORD_HASHES = _stop_word_hashes()


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
def cut(
    values: Bytes,
    offsets: Offsets,
    first: int,
    last: int,
    classes: Bytes,
    words: Words,
    lines: Passages,
    paragraphs: Passages,
    counts: npt.NDArray[np.int64],
) -> None:
    """Cut texts `first` to `last` (bytes `values`, starts `offsets`) into `words`, `lines` and `paragraphs`.

    `classes` is `characters.character_classes()`; `counts` has shape (texts, COUNTS) and is overwritten.
    """
    word = line = paragraph = 0
    for text in range(first, last):
        row = text - first
        words.first[row], lines.first[row], paragraphs.first[row] = word, line, paragraph
        position, end = offsets[text], offsets[text + 1]
        han = punctuation = hashes = ellipses = alphabetic = bullet_lines = ellipsis_lines = total = 0
        stop_words = 0
        line_hash, line_characters, ends_in_ellipsis = SEQUENCE, 0, False
        paragraph_hash, paragraph_characters = SEQUENCE, 0
        while position <= end:
            if position == end or values[position] == _LINE_FEED:
                if line_characters > 0:
                    lines.surface[line], lines.characters[line] = mix(line_hash), line_characters
                    line += 1
                    ellipsis_lines += ends_in_ellipsis
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
            surface, normal = SYMBOL, SYMBOL
            length = normal_length = full_stops = 0
            opening = np.uint32(0)
            seen = np.uint8(0)
            while position < end:
                byte = values[position]
                if byte < 128:
                    bits = classes[byte]
                    if bits & WHITE:
                        break
                    position += 1
                    if length == 0:
                        opening = np.uint32(byte)
                    length += 1
                    surface = (surface ^ np.uint64(byte)) * SYMBOL
                    if bits & PUNCTUATION:
                        punctuation += 1
                        if byte == _FULL_STOP:
                            full_stops += 1
                            ellipses += full_stops % 3 == 0
                        else:
                            full_stops = 0
                            hashes += byte == _HASH
                    else:
                        full_stops = 0
                        seen |= bits
                        normal_length += 1
                        normal = (normal ^ np.uint64(byte | ((bits & LETTER) << 4))) * SYMBOL
                    continue
                point, size = _decode(values, position, end)
                bits = classes[point] if point < LIMIT else np.uint8(0)
                if bits & WHITE or (bits & UNSPACED and length > 0):
                    break
                position += size
                if length == 0:
                    opening = point
                length += 1
                full_stops = 3 if point == _ELLIPSIS else 0
                ellipses += point == _ELLIPSIS
                surface = (surface ^ np.uint64(point)) * SYMBOL
                seen |= bits
                if bits & PUNCTUATION:
                    punctuation += 1
                else:
                    normal_length += 1
                    normal = (normal ^ np.uint64(point)) * SYMBOL
                if bits & UNSPACED:
                    if bits & HAN:
                        han += 1
                    break
            if length == 0:
                position += 1 if values[position] < 128 else _decode(values, position, end)[1]
                continue
            surface = mix(surface)
            if 2 <= normal_length <= 4:
                for i in range(_STOP_WORD_HASHES.size):
                    if normal == _STOP_WORD_HASHES[i]:
                        stop_words |= 1 << i
            words.surface[word] = surface
            words.normal[word] = mix(normal) if normal_length > 0 else np.uint64(0)
            words.characters[word] = length
            word += 1
            if seen & LETTER:
                alphabetic += 1
            total += length
            if line_characters == 0:
                is_bullet = opening < LIMIT and classes[opening] & BULLET > 0
                for sign in _ASCII_BULLETS:
                    is_bullet |= length == 1 and opening == sign
                if is_bullet:
                    bullet_lines += 1
            line_hash = (line_hash ^ surface) * SEQUENCE
            line_characters += length
            ends_in_ellipsis = full_stops >= 3
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
