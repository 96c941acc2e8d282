"""Repetition inside a text: lines, paragraphs and word n-grams that occur more than once.

    J. W. Rae et al., "Scaling Language Models: Methods, Analysis & Insights from Training Gopher", arXiv 2112.11446,
    appendix A.1.1 and table A1.

Where the paper leaves room, this is what we mean (characters, words and equality as in `words`):

- A line or paragraph is a *duplicate* when an equal one stands before it; the first of its kind is not. Its characters
  are divided by the characters of the text.
- For n = 2, 3, 4: of the n-grams that occur more than once, the most frequent; of equally frequent ones, the one with
  the most characters; of these, the first. The measure is the share of characters inside its occurrences.
- For n = 5 to 10: the share of characters inside any n-gram that occurs more than once, its first occurrence included.
- In both, a character inside several occurrences counts once; the measure is 0 when nothing occurs more than once.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lineage_platform.transformations.buffers import kernel
from lineage_platform.transformations.measures.layout import Passages, Words
from lineage_platform.transformations.measures.mixing import SEQUENCE

TOP = (2, 3, 4)
DUPLICATE = (5, 6, 7, 8, 9, 10)
(
    DUPLICATE_LINES,
    DUPLICATE_LINE_CHARACTERS,
    DUPLICATE_PARAGRAPHS,
    DUPLICATE_PARAGRAPH_CHARACTERS,
) = range(4)
FIRST_NGRAM = 4
COUNTS = FIRST_NGRAM + len(TOP) + len(DUPLICATE)

Sums = npt.NDArray[np.int64]

_LONGEST_TOP, _LONGEST = TOP[-1], DUPLICATE[-1]
_MOST_SEEN_BITS = 17


class Table(NamedTuple):
    """Open-addressing hash table, emptied by a new stamp instead of by writing; a power of two of slots."""

    key: npt.NDArray[np.uint64]
    stamp: npt.NDArray[np.int64]
    occurrences: npt.NDArray[np.int32]
    clock: npt.NDArray[np.int64]  # shape (1,): the stamp in use


class Candidates(NamedTuple):
    """n-grams of one text that may occur more than once: where they begin, their hash, their slot in the table.

    `seen` is scratch: how often, up to twice, a part of a hash was met.
    """

    start: npt.NDArray[np.int32]
    hash: npt.NDArray[np.uint64]
    slot: npt.NDArray[np.int32]
    seen: npt.NDArray[np.uint8]


def new_table(entries: int) -> Table:
    """A table for at most `entries` different keys."""
    slots = 1 << max(4, (2 * entries - 1).bit_length())
    return Table(
        np.zeros(slots, np.uint64),
        np.zeros(slots, np.int64),
        np.zeros(slots, np.int32),
        np.zeros(1, np.int64),
    )


def new_candidates(entries: int) -> Candidates:
    """Room for at most `entries` n-grams."""
    return Candidates(
        np.empty(entries, np.int32),
        np.empty(entries, np.uint64),
        np.empty(entries, np.int32),
        np.empty(1 << _MOST_SEEN_BITS, np.uint8),
    )


@kernel
def _bits_for(entries: int) -> int:
    """Bits of a slot number in a table at most half full."""
    bits = 4
    while (1 << bits) < 2 * entries:
        bits += 1
    return bits


@kernel
def _insert(table: Table, stamp: int, bits: int, key: np.uint64) -> np.int64:
    """Count `key` once more; its slot."""
    mask = (1 << bits) - 1
    slot = np.int64((key * SEQUENCE) >> np.uint64(64 - bits))
    while table.stamp[slot] == stamp:
        if table.key[slot] == key:
            table.occurrences[slot] += 1
            return slot
        slot = (slot + 1) & mask
    table.stamp[slot] = stamp
    table.key[slot] = key
    table.occurrences[slot] = 1
    return slot


@kernel
def _duplicate_passages(passages: Passages, text: int, table: Table) -> tuple[int, int]:
    """How many passages of a text equal an earlier one, and how many characters they have."""
    first, last = passages.first[text], passages.first[text + 1]
    duplicates = characters = 0
    table.clock[0] += 1
    bits = _bits_for(last - first)
    for i in range(first, last):
        slot = _insert(table, table.clock[0], bits, passages.surface[i])
        if table.occurrences[slot] > 1:
            duplicates += 1
            characters += passages.characters[i]
    return duplicates, characters


@kernel
def _repeated(candidates: Candidates, count: int) -> int:
    """Keep those of the first `count` candidates that may be repeated; returns how many, of few too many.

    A hash that shares its part with no other is of an n-gram that stands once: most go here, without a branch, before the
    table is asked.
    """
    bits = min(_bits_for(count) + 2, _MOST_SEEN_BITS)
    shift = np.uint64(64 - bits)
    seen = candidates.seen
    seen[: 1 << bits] = 0
    for i in range(count):
        part = np.int64((candidates.hash[i] * SEQUENCE) >> shift)
        seen[part] = 1 + (seen[part] > 0)
    kept = 0
    for i in range(count):
        part = np.int64((candidates.hash[i] * SEQUENCE) >> shift)
        candidates.start[kept] = candidates.start[i]
        candidates.hash[kept] = candidates.hash[i]
        kept += seen[part] > 1
    return kept


@kernel
def _top_slot(candidates: Candidates, count: int, ngram: int, ends: Sums, table: Table) -> np.int32:
    """Slot of the most frequent of the first `count` candidates, -1 if there is none."""
    top, top_count, top_characters = np.int32(-1), 0, 0
    for i in range(count):
        slot = candidates.slot[i]
        if table.occurrences[slot] >= top_count:
            characters = ends[candidates.start[i] + ngram] - ends[candidates.start[i]]
            if table.occurrences[slot] > top_count or characters > top_characters:
                top, top_count, top_characters = slot, table.occurrences[slot], characters
    return top


@kernel
def _covered(candidates: Candidates, count: int, ngram: int, ends: Sums, only: np.int32) -> int:
    """Characters inside the first `count` candidates, or those of slot `only` if it is not -1, each once."""
    characters = 0
    reached = np.int64(0)
    for i in range(count):
        if only < 0 or candidates.slot[i] == only:
            start = np.int64(candidates.start[i])
            characters += ends[start + ngram] - ends[max(start, reached)]
            reached = start + ngram
    return characters


@kernel
def repeat(
    words: Words,
    lines: Passages,
    paragraphs: Passages,
    texts: int,
    table: Table,
    candidates: Candidates,
    ends: Sums,
    counts: npt.NDArray[np.int64],
) -> None:
    """Repetition counts of `texts` texts, into `counts` of shape (texts, COUNTS).

    An n-gram can occur twice only if both (n - 1)-grams inside it do, so each n looks only at what the one before left.
    `ends` is scratch for running sums of characters, one longer than the words of a text.
    """
    for text in range(texts):
        counts[text, DUPLICATE_LINES], counts[text, DUPLICATE_LINE_CHARACTERS] = _duplicate_passages(
            lines, text, table
        )
        counts[text, DUPLICATE_PARAGRAPHS], counts[text, DUPLICATE_PARAGRAPH_CHARACTERS] = (
            _duplicate_passages(paragraphs, text, table)
        )
        base = words.first[text]
        length = words.first[text + 1] - base
        ends[0] = 0
        for i in range(length):
            ends[i + 1] = ends[i] + words.characters[base + i]
        count = max(length - 1, 0)
        for i in range(count):
            candidates.start[i] = i
            candidates.hash[i] = (words.surface[base + i] * SEQUENCE) ^ words.surface[base + i + 1]
        for ngram in range(2, _LONGEST + 1):
            count = _repeated(candidates, count)
            bits = _bits_for(count)
            table.clock[0] += 1
            stamp = table.clock[0]
            for i in range(count):
                candidates.slot[i] = _insert(table, stamp, bits, candidates.hash[i])
            kept = 0
            for i in range(count):
                if table.occurrences[candidates.slot[i]] > 1:
                    candidates.start[kept] = candidates.start[i]
                    candidates.hash[kept] = candidates.hash[i]
                    candidates.slot[kept] = candidates.slot[i]
                    kept += 1
            column = FIRST_NGRAM + ngram - 2
            only = _top_slot(candidates, kept, ngram, ends, table) if ngram <= _LONGEST_TOP else np.int32(-1)
            counts[text, column] = _covered(candidates, kept, ngram, ends, only)
            if kept < 2:
                for rest in range(column + 1, FIRST_NGRAM + _LONGEST - 1):
                    counts[text, rest] = 0
                break
            count = 0
            for i in range(kept - 1):
                start = candidates.start[i]
                if candidates.start[i + 1] == start + 1 and start + ngram < length:
                    candidates.start[count] = start
                    candidates.hash[count] = (candidates.hash[i] * SEQUENCE) ^ words.surface[
                        base + start + ngram
                    ]
                    count += 1
