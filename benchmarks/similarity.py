"""True similarity of two texts: the Jaccard index of their sets of word 5-grams (A. Z. Broder 1997).

Words are runs between white space, without punctuation and with ASCII letters in lower case; a Han character is a word. A text
with fewer words than five is one n-gram. This is what pairs are judged by; `shingles` says it in Python, the
kernel on bytes of generated text, whose only punctuation is that of ASCII and of the blocks U+3000 and U+FF00.
"""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import numpy.typing as npt

from lineage_platform.transformations.buffers import kernel

NGRAM = 5

_WORD = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]|[^\s\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
_PRIME = np.uint64(0x9E3779B97F4A7C15)
_ASCII_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def shingles(text: str) -> set[tuple[str, ...]]:
    """The set of word 5-grams of a text."""
    bare = ("".join(c for c in word if unicodedata.category(c)[0] != "P") for word in _WORD.findall(text))
    words = [word.translate(_ASCII_LOWER) for word in bare if word]
    length = min(NGRAM, len(words))
    return {tuple(words[i : i + length]) for i in range(len(words) - length + 1)} if words else set()


def jaccard(first: set[tuple[str, ...]], second: set[tuple[str, ...]]) -> float:
    """Shared n-grams by all n-grams; two empty sets are alike."""
    return len(first & second) / len(first | second) if first or second else 1.0


@kernel
def _hashes(text: npt.NDArray[np.uint8], start: int, end: int) -> npt.NDArray[np.uint64]:
    """Sorted different hashes of the 5-grams of `text[start:end]`."""
    words = np.empty(end - start + 1, np.uint64)
    count = 0
    value, length = _PRIME, 0
    at = start
    while at <= end:
        byte = text[at] if at < end else np.uint8(32)
        size = 1 if byte < 0x80 else 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
        han = 0xE4 <= byte <= 0xE9
        if (byte <= 32 or han) and length > 0:
            words[count] = value
            count += 1
            value, length = _PRIME, 0
        is_letter = 48 <= byte <= 57 or 65 <= byte <= 90 or 97 <= byte <= 122 or byte in (36, 43, 60, 61, 62)
        is_letter |= byte in (94, 96, 124, 126) or (byte >= 0x80 and byte != 0xE3 and byte != 0xEF)
        if is_letter:
            if 65 <= byte <= 90:
                byte += np.uint8(32)
            value = (value ^ np.uint64(byte)) * _PRIME
            for i in range(1, size):
                value = (value ^ np.uint64(text[at + i])) * _PRIME
            length += 1
            if han:
                words[count] = value
                count += 1
                value, length = _PRIME, 0
        at += size
    gram = min(NGRAM, count)
    hashes = np.empty(count - gram + 1 if count else 0, np.uint64)
    for i in range(hashes.size):
        value = _PRIME
        for word in words[i : i + gram]:
            value = (value ^ word) * _PRIME
            value ^= value >> np.uint64(29)
        hashes[i] = value
    return np.unique(hashes)


@kernel
def similarity(
    first: npt.NDArray[np.uint8],
    start: int,
    end: int,
    second: npt.NDArray[np.uint8],
    second_start: int,
    second_end: int,
) -> float:
    """Jaccard index of two texts as bytes."""
    a, b = _hashes(first, start, end), _hashes(second, second_start, second_end)
    if a.size + b.size == 0:
        return 1.0
    shared = i = j = 0
    while i < a.size and j < b.size:
        if a[i] == b[j]:
            shared += 1
        if a[i] <= b[j]:
            value = a[i]
            i += 1
            if value == b[j]:
                j += 1
        else:
            j += 1
    return shared / (a.size + b.size - shared)
