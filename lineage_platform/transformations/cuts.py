"""Chinese at the speed of other text: cut it where its tokens stay the same, and remember the tokens of the pieces.

Chinese is not split by spaces, so a pre-tokenizer takes a whole clause for one word. Clauses hardly ever repeat: a cache
of words is of no use, and the merges of each are done anew (15 MB/s where English takes 110). Byte-pair encoding
(Sennrich, Haddow and Birch 2016) never makes a token that is not in the vocabulary, so where no token holds the end of
one character and the beginning of the next, no merge reaches across, and the tokens of the whole are those of the
pieces; between a letter and a full stop or comma the pre-tokenizer cuts anyway. The pieces are mostly words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lineage_platform.transformations.buffers import Bytes, Offsets, kernel, large_string, utf8_buffers

# U+4E00 to U+9FA5, three bytes each: letters in every version of Unicode that a tokenizer may know.
_FIRST, _LAST = 0xE4B880, 0xE9BEA5
# Ideographic comma and full stop, full-width comma.
_COMMA, _STOP, _WIDE = 0xE38081, 0xE38082, 0xEFBC8C

_MULTIPLIER, _SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)

_LEAD = re.compile(".[\u00e4-\u00e9]", re.DOTALL)
"""A byte of the range in which Han characters begin, as a byte-level vocabulary writes it, behind another one."""

WORDS = 3
"""64-bit words of the longest piece that is remembered: eight characters."""

_SLOTS = 1 << 17

Keys = npt.NDArray[np.uint64]
Tokens = npt.NDArray[np.uint32]
Encode = Callable[[pa.Array], tuple[Tokens, Offsets]]


@dataclass(frozen=True)
class Joins:
    """What the tokens join: `table` holds keys of (bytes of the character before, bytes of the one after), hashed with
    open addressing, 0 where empty; `forms` (n, 2) are the numbers of bytes, 1 to 3 each, that occur. `ends` and
    `begins` say for every Han character which forms have it before or after, a bit each."""

    table: Keys
    forms: npt.NDArray[np.int64]
    ends: npt.NDArray[np.uint16]
    begins: npt.NDArray[np.uint16]


def joins_of(definition: dict[str, Any]) -> Joins | None:
    """The joins of a `tokenizer.json`; None where cutting is not known to be safe.

    Safe are merges alone over GPT-2's pre-tokenizer (`ByteLevel`), for which a run of letters is a word wherever it
    begins (Radford et al. 2019, section 2.2).
    """
    model = definition["model"]
    words = model.get("vocab")
    given = ("dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "ignore_merges")
    pre_tokenizer = definition.get("pre_tokenizer") or {}
    plain = (
        model.get("type") == "BPE"
        and isinstance(words, dict)
        and not any(model.get(name) for name in (*given, "byte_fallback", "fuse_unk"))
        and pre_tokenizer.get("type") == "ByteLevel"
        and pre_tokenizer.get("use_regex", True)
        and not pre_tokenizer.get("add_prefix_space", True)
        and not definition.get("normalizer")
        and all(item.get("special") for item in definition.get("added_tokens") or ())
    )
    return _joins(words) if plain else None


def _joins(words: Iterable[str]) -> Joins:
    letters = byte_of_letter()
    forms: set[tuple[int, int]] = set()
    keys: set[int] = set()
    for word in words:
        if not _LEAD.search(word) or not all(letter in letters for letter in word):
            continue  # no Han character begins inside, or it is a special token, which no merge makes
        token = bytes(letters[letter] for letter in word)
        for place in range(1, len(token)):
            if 0xE4 <= token[place] <= 0xE9 and 0x80 <= token[place - 1] <= 0xBF:
                before, after = token[max(0, place - 3) : place], token[place : place + 3]
                forms.add((len(before), len(after)))
                keys.add(_key(before, after))
    table = np.zeros(1 << max(4, (4 * len(keys)).bit_length()), np.uint64)
    found = np.array(sorted(keys), np.uint64)
    _insert(table, found)
    ordered = sorted(forms)
    numbers = np.arange(_FIRST, _LAST + 1, dtype=np.uint64)
    ends, begins = np.zeros(len(numbers), np.uint16), np.zeros(len(numbers), np.uint16)
    for bit, (held, taken) in enumerate(ordered):
        own = found[found >> np.uint64(48) == np.uint64(held << 2 | taken)]
        before, after = own >> np.uint64(24) & np.uint64(0xFFFFFF), own & np.uint64(0xFFFFFF)
        last, first = numbers & np.uint64((1 << 8 * held) - 1), numbers >> np.uint64(8 * (3 - taken))
        ends |= np.isin(last, before).astype(np.uint16) << np.uint16(bit)
        begins |= np.isin(first, after).astype(np.uint16) << np.uint16(bit)
    return Joins(table, np.array(ordered, np.int64).reshape(-1, 2), ends, begins)


def _key(before: bytes, after: bytes) -> int:
    sizes = len(before) << 2 | len(after)
    return sizes << 48 | int.from_bytes(before, "big") << 24 | int.from_bytes(after, "big")


def byte_of_letter() -> dict[str, int]:
    """The byte that each letter of a byte-level vocabulary stands for: printable ones themselves, the others from
    U+0100 on (`bytes_to_unicode` of GPT-2)."""
    own = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = [value for value in range(256) if value not in own]
    return {chr(value): value for value in own} | {chr(256 + n): value for n, value in enumerate(others)}


class Words:
    """Pieces between two cuts, which repeat, and their tokens; for one thread."""

    def __init__(self, joins: Joins) -> None:
        self._joins = joins
        self._forget()

    def _forget(self) -> None:
        self._keys = np.zeros((_SLOTS // 2, WORDS), np.uint64)
        self._numbers = np.full(_SLOTS, -1, np.int32)
        self._tokens = np.empty(0, np.uint32)
        self._offsets = np.zeros(1, np.int64)

    def encode(self, texts: pa.Array, encode: Encode) -> tuple[Tokens, Offsets]:
        """Tokens of all rows and their offsets, as `encode` would give them; it gets only what is not known."""
        if len(self._offsets) > 3 * _SLOTS // 8:
            self._forget()
        values, offsets = utf8_buffers(texts)
        size = int(offsets[-1] - offsets[0])
        bounds = np.empty(len(texts) + 1 + size // 3, np.int64)
        numbers = np.empty(len(bounds), np.int32)
        firsts = np.empty(len(texts) + 1, np.int64)
        fresh = np.empty((1024 + size // 12, 2), np.int64)
        known = len(self._offsets) - 1
        pieces, found = _cut(
            values,
            offsets,
            self._joins.table,
            self._joins.forms,
            self._joins.ends,
            self._joins.begins,
            self._keys,
            self._numbers,
            known,
            fresh,
            bounds,
            numbers,
            firsts,
        )
        if not (numbers[:pieces] >= 0).any():
            return encode(texts)
        rest = np.flatnonzero(numbers[:pieces] < 0)
        spans = np.concatenate([np.stack([bounds[rest], bounds[rest + 1]], 1), fresh[:found]])
        ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(spans[:, 1] - spans[:, 0])])
        gathered = np.empty(ends[-1], np.uint8)
        _gather(values, spans, gathered)
        try:
            tokens, starts = encode(large_string(gathered, ends))
        except BaseException:
            self._forget()  # the new words have numbers, and will have no tokens
            raise
        self._tokens = np.concatenate([self._tokens, tokens[starts[len(rest)] :]])
        own = starts[len(rest) + 1 :] - starts[len(rest)]
        self._offsets = np.concatenate([self._offsets, self._offsets[-1] + own])
        return _assemble(numbers[:pieces], firsts, tokens, starts, self._tokens, self._offsets)


@kernel
def _insert(table: Keys, keys: Keys) -> None:
    mask = np.uint64(len(table) - 1)
    for key in keys:
        place = (key * _MULTIPLIER >> np.uint64(20)) & mask
        while table[place] != 0:
            place = (place + np.uint64(1)) & mask
        table[place] = key


@kernel
def _cut(
    values: Bytes,
    offsets: Offsets,
    table: Keys,
    forms: npt.NDArray[np.int64],
    ends: npt.NDArray[np.uint16],
    begins: npt.NDArray[np.uint16],
    keys: Keys,
    slots: npt.NDArray[np.int32],
    known: int,
    fresh: Offsets,
    bounds: Offsets,
    numbers: npt.NDArray[np.int32],
    firsts: Offsets,
) -> tuple[int, int]:
    """Cut rows into pieces: `bounds` of them, `firsts` piece of each row, `numbers` of those that are words, else -1.

    A word is Han characters between two cuts. New ones get the numbers from `known` on and their place in `fresh`.
    Returns the number of pieces and of new words.
    """
    slot_mask = np.uint64(len(slots) - 1)
    pieces = found = 0
    for row in range(len(offsets) - 1):
        firsts[row] = pieces
        start = place = offsets[row]
        end = offsets[row + 1]
        whole = False
        highest = np.uint8(0)
        for at in range(start, end):
            highest = max(highest, values[at])
        if highest < 0xE3:
            place = end
        before, before_han = np.int64(0), False
        first = second = third = np.uint64(0)
        while place < end:
            lead = values[place]
            if lead < 0xE3:
                whole = False
                before = np.int64(0)
                place += 1
                continue
            after = np.int64(lead) << 16 | np.int64(values[place + 1]) << 8 | np.int64(values[place + 2])
            han = bool(_FIRST <= after <= _LAST)
            if not (han or after in (_COMMA, _STOP, _WIDE)):
                whole = False
                before = np.int64(0)
                place += 3
                continue
            if before != 0:
                if han and before_han:
                    common = ends[before - _FIRST] & begins[after - _FIRST]
                    joined = common != 0 and _joined(int(before), int(after), int(common), table, forms)
                else:
                    joined = not han and not before_han
                if not joined:
                    number = -1
                    if whole and place - start <= 8 * WORDS:
                        mixed = (first ^ second * _MULTIPLIER ^ third * _SECOND) * _MULTIPLIER
                        slot = (mixed >> np.uint64(20)) & slot_mask
                        number = slots[slot]
                        while number >= 0 and (
                            keys[number, 0] != first or keys[number, 1] != second or keys[number, 2] != third
                        ):
                            slot = (slot + np.uint64(1)) & slot_mask
                            number = slots[slot]
                        if number < 0 and found < len(fresh) and known + found < len(keys):
                            number = known + found
                            slots[slot] = number
                            keys[number, 0], keys[number, 1], keys[number, 2] = first, second, third
                            fresh[found, 0], fresh[found, 1] = start, place
                            found += 1
                    bounds[pieces] = start
                    numbers[pieces] = number
                    pieces += 1
                    start = place
                    whole = True
                    first = second = third = np.uint64(0)
            third = third << np.uint64(24) | second >> np.uint64(40)
            second = second << np.uint64(24) | first >> np.uint64(40)
            first = first << np.uint64(24) | np.uint64(after)
            before, before_han = after, han
            place += 3
        bounds[pieces] = start
        numbers[pieces] = -1
        pieces += 1
    firsts[len(offsets) - 1] = pieces
    bounds[pieces] = offsets[len(offsets) - 1]
    return pieces, found


@kernel
def _joined(before: int, after: int, common: int, table: Keys, forms: npt.NDArray[np.int64]) -> bool:
    mask = np.uint64(len(table) - 1)
    for form in range(len(forms)):
        if common >> form & 1 == 0:
            continue
        held, taken = forms[form, 0], forms[form, 1]
        left = before & ((1 << (8 * held)) - 1)
        key = np.uint64((held << 2 | taken) << 48 | left << 24 | after >> (8 * (3 - taken)))
        slot = (key * _MULTIPLIER >> np.uint64(20)) & mask
        while table[slot] != 0:
            if table[slot] == key:
                return True
            slot = (slot + np.uint64(1)) & mask
    return False


@kernel
def _gather(values: Bytes, spans: Offsets, out: Bytes) -> None:
    write = 0
    for span in range(len(spans)):
        for place in range(spans[span, 0], spans[span, 1]):
            out[write] = values[place]
            write += 1


@kernel
def _assemble(
    numbers: npt.NDArray[np.int32],
    firsts: Offsets,
    tokens: Tokens,
    starts: Offsets,
    word_tokens: Tokens,
    word_offsets: Offsets,
) -> tuple[Tokens, Offsets]:
    """Tokens of rows from those of words by number, and of the other pieces in order."""
    offsets = np.zeros(len(firsts), np.int64)
    total = rest = 0
    for row in range(len(firsts) - 1):
        for piece in range(firsts[row], firsts[row + 1]):
            number = numbers[piece]
            if number >= 0:
                total += word_offsets[number + 1] - word_offsets[number]
            else:
                total += starts[rest + 1] - starts[rest]
                rest += 1
        offsets[row + 1] = total
    out = np.empty(total, np.uint32)
    write = rest = 0
    for piece in range(len(numbers)):
        number = numbers[piece]
        if number >= 0:
            for place in range(word_offsets[number], word_offsets[number + 1]):
                out[write] = word_tokens[place]
                write += 1
        else:
            for place in range(starts[rest], starts[rest + 1]):
                out[write] = tokens[place]
                write += 1
            rest += 1
    return out, offsets
