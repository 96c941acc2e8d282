"""The kernel of `language`: what a fastText classifier says of the beginning of each text, over Arrow string buffers.

It computes what fastText's own `predict` does (k = 1, threshold 0), addition by addition in single precision: the mean of the
vectors of words and of hashed character n-grams, then the likeliest leaf of the hierarchical softmax. Instead of every leaf
it visits the likelier child first and leaves out what cannot win any more.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lineage_platform.transformations.buffers import Bytes, Offsets, kernel

BUCKETS = 2_000_000
DIMENSIONS = 16
LONGEST_NGRAM = 4
MOST_VECTORS = 1 << 16  # their numbers are uint16
MOST_ROWS = 7  # of a byte of text: three n-grams of itself, three of half a word's marks twice, half a word

HAS_LETTER, HAS_SMALL_LETTER, HAS_KANA = 1, 2, 4

_BASIS, _PRIME = np.uint32(2166136261), np.uint32(16777619)  # FNV-1a, 32 bits
_SPACES = (0x20, 0x0A, 0x0D, 0x09, 0x0B, 0x0C, 0x00)
_BEGIN, _END = np.uint8(ord("<")), np.uint8(ord(">"))
_LABEL = np.frombuffer(b"__label__", np.uint8)
_NEAR_ZERO = 1e-5


class Vocabulary(NamedTuple):
    """Words of the model, buckets of its character n-grams, and the vectors of both; word 0 is the sign of the end."""

    table: npt.NDArray[np.int32]  # open addressing by FNV-1a; -1 is empty
    text: Bytes
    offsets: Offsets
    ngrams: npt.NDArray[np.uint16]  # shape (BUCKETS,): which vector, 0 if none
    vectors: npt.NDArray[np.float32]  # shape (vectors, DIMENSIONS), those of words first


class Tree(NamedTuple):
    """Binary tree over the labels: `children` of node i, or -1 twice for a leaf; inner node i has output row i - labels."""

    children: npt.NDArray[np.int32]
    output: npt.NDArray[np.float32]


@kernel
def _excerpt(values: Bytes, start: int, end: int, characters: int) -> tuple[int, int]:
    position = start
    flags = 0
    while position < end and characters > 0:
        byte = values[position]
        if byte < 0x80:
            if 0x61 <= byte <= 0x7A:
                flags |= HAS_LETTER | HAS_SMALL_LETTER
            elif 0x41 <= byte <= 0x5A:
                flags |= HAS_LETTER
            position += 1
        elif byte < 0xE0:
            position += 2
        elif byte < 0xF0:
            point = (byte & 0x0F) << 12 | (values[position + 1] & 0x3F) << 6 | (values[position + 2] & 0x3F)
            if 0x4E00 <= point <= 0x9FA5:
                flags |= HAS_LETTER
            elif 0x3041 <= point <= 0x309F or 0x30A1 <= point <= 0x30FA or 0xFF66 <= point <= 0xFF9F:
                flags |= HAS_KANA
            position += 3
        else:
            position += 4
        characters -= 1
    return min(position, end), flags


@kernel
def excerpts(
    values: Bytes, starts: Offsets, ends: Offsets, characters: int
) -> tuple[Offsets, npt.NDArray[np.uint8]]:
    """Where the first `characters` characters of each text values[starts[i]:ends[i]] end, and which of HAS_... they have.

    Letters are looked for in ASCII and among the common Han characters only.
    """
    stops = np.empty(len(starts), np.int64)
    flags = np.empty(len(starts), np.uint8)
    for i in range(len(starts)):
        stops[i], flags[i] = _excerpt(values, starts[i], ends[i], characters)
    return stops, flags


@kernel
def _word(values: Bytes, first: int, end: int, vocabulary: Vocabulary) -> int:
    """Number of the word values[first:end], or -1."""
    value = _BASIS
    for position in range(first, end):
        value = np.uint32((value ^ np.uint32(np.int8(values[position]))) * _PRIME)
    mask = np.uint32(vocabulary.table.size - 1)
    slot = value & mask
    while vocabulary.table[slot] >= 0:
        word = vocabulary.table[slot]
        base = vocabulary.offsets[word]
        if vocabulary.offsets[word + 1] - base == end - first:
            same = True
            for i in range(end - first):
                same &= vocabulary.text[base + i] == values[first + i]
            if same:
                return word
        slot = (slot + np.uint32(1)) & mask
    return -1


@kernel
def _ngrams(
    framed: Bytes, size: int, vocabulary: Vocabulary, rows: npt.NDArray[np.uint16], count: int
) -> int:
    """Append to `rows` the n-grams that the model has of a word between its marks, framed[:size]; the new count."""
    for first in range(size):
        if framed[first] & 0xC0 == 0x80:
            continue
        value = _BASIS
        position = first
        length = 0
        while position < size and length < LONGEST_NGRAM:
            length += 1
            value = np.uint32((value ^ np.uint32(np.int8(framed[position]))) * _PRIME)
            position += 1
            while position < size and framed[position] & 0xC0 == 0x80:
                value = np.uint32((value ^ np.uint32(np.int8(framed[position]))) * _PRIME)
                position += 1
            if length > 1:
                row = vocabulary.ngrams[value % np.uint32(BUCKETS)]
                rows[count] = row
                count += row > 0
    return count


@kernel
def _mean(
    hidden: npt.NDArray[np.float32], vectors: npt.NDArray[np.float32], rows: npt.NDArray[np.uint16]
) -> None:
    """The mean of vectors, added up in their order, eight at a time."""
    hidden[:] = np.float32(0)
    full = rows.size // 8 * 8
    for first in range(0, full, 8):
        a, b, c, d = rows[first], rows[first + 1], rows[first + 2], rows[first + 3]
        e, f, g, h = rows[first + 4], rows[first + 5], rows[first + 6], rows[first + 7]
        for i in range(DIMENSIONS):
            total = hidden[i] + vectors[a, i] + vectors[b, i] + vectors[c, i] + vectors[d, i]
            hidden[i] = total + vectors[e, i] + vectors[f, i] + vectors[g, i] + vectors[h, i]
    for row in rows[full:]:
        for i in range(DIMENSIONS):
            hidden[i] += vectors[row, i]
    share = np.float32(1.0 / rows.size)
    for i in range(DIMENSIONS):
        hidden[i] *= share


@kernel
def _is_label(values: Bytes, first: int, end: int) -> bool:
    same = 0
    for i in range(min(_LABEL.size, end - first)):
        same += values[first + i] == _LABEL[i]
    return same == _LABEL.size


@kernel
def _likeliest(hidden: npt.NDArray[np.float32], tree: Tree) -> tuple[int, np.float32]:
    """The leaf of the greatest probability, and that."""
    labels = tree.output.shape[0]
    nodes = np.empty(tree.children.shape[0], np.int32)
    scores = np.empty(tree.children.shape[0], np.float32)
    nodes[0], scores[0] = tree.children.shape[0] - 1, 0.0
    waiting = 1
    best, best_score = -1, np.float32(-np.inf)
    while waiting:
        waiting -= 1
        node, score = nodes[waiting], scores[waiting]
        if score <= best_score:
            continue
        if tree.children[node, 0] < 0:
            best, best_score = node, score
            continue
        dot = np.float32(0)
        for i in range(DIMENSIONS):
            dot += tree.output[node - labels, i] * hidden[i]
        right = np.float32(1.0 / np.float64(np.float32(1) + np.exp(-dot)))
        left_score = np.float32(score + np.float32(np.log(np.float64(np.float32(1) - right) + _NEAR_ZERO)))
        right_score = np.float32(score + np.float32(np.log(np.float64(right) + _NEAR_ZERO)))
        likelier = 1 if right_score > left_score else 0
        nodes[waiting], nodes[waiting + 1] = tree.children[node, 1 - likelier], tree.children[node, likelier]
        scores[waiting] = left_score if likelier else right_score
        scores[waiting + 1] = right_score if likelier else left_score
        waiting += 2
    return best, np.exp(best_score)


@kernel
def classify(
    values: Bytes,
    starts: Offsets,
    ends: Offsets,
    vocabulary: Vocabulary,
    tree: Tree,
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.float32]]:
    """Label and its probability of each text values[starts[i]:ends[i]]; line ends are spaces."""
    labels, scores = np.empty(len(starts), np.int16), np.empty(len(starts), np.float32)
    hidden = np.empty(DIMENSIONS, np.float32)
    longest = 0
    for i in range(len(starts)):
        longest = max(longest, ends[i] - starts[i])
    framed = np.empty(longest + 2, np.uint8)
    rows = np.empty(MOST_ROWS * (longest + 2), np.uint16)
    for text in range(len(starts)):
        count = 0
        position, end = starts[text], ends[text]
        while position < end:
            if values[position] in _SPACES:
                position += 1
                continue
            first = position
            framed[0] = _BEGIN
            size = 1
            while position < end and values[position] not in _SPACES:
                framed[size] = values[position]
                size += 1
                position += 1
            framed[size] = _END
            size += 1
            word = _word(values, first, position, vocabulary)
            if word == 0:  # the sign of the end, here in the middle of the text
                break
            if word > 0:
                rows[count] = word
                count += 1
            elif _is_label(values, first, position):
                continue
            count = _ngrams(framed, size, vocabulary, rows, count)
        rows[count] = 0
        _mean(hidden, vocabulary.vectors, rows[: count + 1])
        labels[text], scores[text] = _likeliest(hidden, tree)
    return labels, scores
