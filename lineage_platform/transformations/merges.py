"""Training of a byte-pair encoding: the merges that words and their counts give.

Sennrich, Haddow and Birch 2016, algorithm 1, over bytes: the most frequent pair of neighbours becomes a token, again and
again; of equally frequent ones the pair with the lowest numbers, where a byte's number is the rank of its letter in a
byte-level vocabulary, after the special tokens. That is what the trainer of `tokenizers` does; here it is one kernel on
flat arrays, single-threaded: a third of the CPU time, and nothing for threads to reorder.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lineage_platform.transformations.buffers import kernel

Ints = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.int32]
Hashes = npt.NDArray[np.uint64]

_MULTIPLIER, _BASE = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)


def learn_merges(
    words: Sequence[tuple[bytes, int]], ranks: npt.NDArray[np.int32], vocabulary: int
) -> Numbers:
    """Merges in order, one a row: numbers of the left, the right and the made token.

    `words` are distinct, with their counts; `ranks` has the number of each of the 256 bytes, the highest of which plus one
    is the number of the first token made. Ends when there are `vocabulary` numbers or no pair is left.
    """
    sizes = np.array([len(word) for word, _ in words], np.int64)
    text = np.frombuffer(b"".join(word for word, _ in words), np.uint8)
    counts = np.array([count for _, count in words], np.int64)
    symbols = ranks[text]
    ends = np.cumsum(sizes)
    return _learn(symbols, ends, np.repeat(counts, sizes), int(ranks.max()) + 1, vocabulary)


@kernel
def _learn(symbols: Numbers, ends: Ints, counts: Ints, first: int, vocabulary: int) -> Numbers:
    """Tokens are linked lists of places in `symbols`, a place for each byte; `counts` are those of its word.

    Every pair knows where it occurred, and a heap has the pairs by count; what a merge makes untrue of either is found out
    when it is read.
    """
    size = len(symbols)
    before = np.arange(-1, size - 1, dtype=np.int32)
    after = np.arange(1, size + 1, dtype=np.int32)
    start = 0
    for end in ends:
        before[start] = -1
        after[end - 1] = -1
        start = end

    room = np.int64(1024)
    while room < size // 4:
        room *= 2
    slots = np.full(2 * room, -1, np.int32)  # hash of a pair -> its place in the arrays that follow
    pairs = np.empty(room, np.uint64)
    totals = np.empty(room, np.int64)
    heads = np.empty(room, np.int32)  # the last occurrence, and for each the one before
    stamps = np.empty(room, np.int32)
    known = 0
    where = np.empty(3 * size + 1, np.int32)
    chain = np.empty(3 * size + 1, np.int32)
    found = 0

    for place in range(size):
        if after[place] < 0:
            continue
        pair = np.uint64(symbols[place]) << np.uint64(32) | np.uint64(symbols[after[place]])
        slot = _slot(slots, pairs, pair)
        if slots[slot] < 0:
            if known == len(pairs):
                slots, pairs, totals, heads, stamps = _grown(pairs, totals, heads, stamps)
                slot = _slot(slots, pairs, pair)
            slots[slot] = known
            pairs[known], totals[known], heads[known], stamps[known] = pair, 0, -1, -1
            known += 1
        own = slots[slot]
        totals[own] += counts[place]
        where[found], chain[found] = place, heads[own]
        heads[own] = found
        found += 1

    heap = np.empty(max(1024, 2 * known), np.int32)
    keys = np.empty(len(heap), np.int64)
    filled = 0
    for own in range(known):
        filled = _push(heap, keys, filled, own, totals[own], pairs)

    merges = np.empty((max(0, 2 * vocabulary), 3), np.int32)
    hashes = np.zeros(vocabulary + 1, np.uint64)
    powers = np.ones(vocabulary + 1, np.uint64)
    for number in range(first):
        hashes[number] = np.uint64(number + 1) * _MULTIPLIER
        powers[number] = _BASE
    made = first
    done = 0
    fresh = np.empty(1024, np.int32)
    queue = np.empty(1024, np.int32)
    while filled > 0 and made < vocabulary and done < len(merges):
        own, total = heap[0], keys[0]
        filled = _pop(heap, keys, filled, pairs)
        if total != totals[own]:
            if totals[own] > 0:
                filled = _push(heap, keys, filled, own, totals[own], pairs)
            continue
        left, right = np.int32(pairs[own] >> np.uint64(32)), np.int32(pairs[own] & np.uint64(0xFFFFFFFF))
        mixed = hashes[left] * powers[right] + hashes[right]
        new = np.int32(made)
        for number in range(first, made):  # two merges may spell the same token
            if hashes[number] == mixed:
                new = np.int32(number)
                break
        if new == made:
            hashes[made], powers[made] = mixed, powers[left] * powers[right]
            made += 1
        merges[done, 0], merges[done, 1], merges[done, 2] = left, right, new
        done += 1
        totals[own] = 0

        waiting = 0
        entry = heads[own]
        heads[own] = -1
        while entry >= 0:
            if waiting == len(queue):
                queue = np.concatenate((queue, np.empty(len(queue), np.int32)))
            queue[waiting] = where[entry]
            waiting += 1
            entry = chain[entry]
        if left == right:
            queue[:waiting].sort()  # in a run of the same, the first two go first
        touched = 0
        for place in queue[:waiting]:
            next_place = after[place]
            if symbols[place] != left or next_place < 0 or symbols[next_place] != right:
                continue  # it was part of another merge meanwhile
            last, behind, weight = before[place], after[next_place], counts[place]
            symbols[place], symbols[next_place] = new, -1
            after[place] = behind
            if behind >= 0:
                before[behind] = place
            for side in range(2):
                if side == 0:
                    if last < 0:
                        continue
                    old = np.uint64(symbols[last]) << np.uint64(32) | np.uint64(left)
                    pair = np.uint64(symbols[last]) << np.uint64(32) | np.uint64(new)
                    at = last
                else:
                    if behind < 0:
                        continue
                    old = np.uint64(right) << np.uint64(32) | np.uint64(symbols[behind])
                    pair = np.uint64(new) << np.uint64(32) | np.uint64(symbols[behind])
                    at = place
                slot = _slot(slots, pairs, old)
                if slots[slot] >= 0 and slots[slot] != own:
                    totals[slots[slot]] -= weight
                slot = _slot(slots, pairs, pair)
                if slots[slot] < 0:
                    if known == len(pairs):
                        slots, pairs, totals, heads, stamps = _grown(pairs, totals, heads, stamps)
                        slot = _slot(slots, pairs, pair)
                    slots[slot] = known
                    pairs[known], totals[known], heads[known], stamps[known] = pair, 0, -1, -1
                    known += 1
                other = slots[slot]
                totals[other] += weight
                where[found], chain[found] = at, heads[other]
                heads[other] = found
                found += 1
                if stamps[other] != done:
                    stamps[other] = done
                    if touched == len(fresh):
                        fresh = np.concatenate((fresh, np.empty(len(fresh), np.int32)))
                    fresh[touched] = other
                    touched += 1
        totals[own] = 0
        if filled + touched + 1 > len(heap):
            heap = np.concatenate((heap, np.empty(len(heap) + touched, np.int32)))
            keys = np.concatenate((keys, np.empty(len(heap) - len(keys), np.int64)))
        for place in range(touched):
            if totals[fresh[place]] > 0:
                filled = _push(heap, keys, filled, fresh[place], totals[fresh[place]], pairs)
    return merges[:done].copy()


@kernel
def _slot(slots: Numbers, pairs: Hashes, pair: np.uint64) -> int:
    """Where a pair is, or would be, in `slots`."""
    mask = np.uint64(len(slots) - 1)
    place = (pair * _MULTIPLIER >> np.uint64(24)) & mask
    while slots[place] >= 0 and pairs[slots[place]] != pair:
        place = (place + np.uint64(1)) & mask
    return int(place)


@kernel
def _grown(
    pairs: Hashes, totals: Ints, heads: Numbers, stamps: Numbers
) -> tuple[Numbers, Hashes, Ints, Numbers, Numbers]:
    """The arrays of pairs at twice their length."""
    size = len(pairs)
    slots = np.full(4 * size, -1, np.int32)
    pairs = np.concatenate((pairs, np.empty(size, np.uint64)))
    for own in range(size):
        slots[_slot(slots, pairs, pairs[own])] = own
    return (
        slots,
        pairs,
        np.concatenate((totals, np.empty(size, np.int64))),
        np.concatenate((heads, np.empty(size, np.int32))),
        np.concatenate((stamps, np.empty(size, np.int32))),
    )


@kernel
def _precedes(count: int, pair: np.uint64, other_count: int, other: np.uint64) -> bool:
    return bool(count > other_count or (count == other_count and pair < other))


@kernel
def _push(heap: Numbers, keys: Ints, filled: int, own: int, total: int, pairs: Hashes) -> int:
    """Put a pair into the heap; returns how many it holds."""
    place = filled
    while place > 0:
        parent = (place - 1) // 2
        if not _precedes(total, pairs[own], keys[parent], pairs[heap[parent]]):
            break
        heap[place], keys[place] = heap[parent], keys[parent]
        place = parent
    heap[place], keys[place] = own, total
    return filled + 1


@kernel
def _pop(heap: Numbers, keys: Ints, filled: int, pairs: Hashes) -> int:
    """Take the first pair out of the heap; returns how many are left."""
    filled -= 1
    own, total = heap[filled], keys[filled]
    place = 0
    while 2 * place + 1 < filled:
        child = 2 * place + 1
        if child + 1 < filled and _precedes(
            keys[child + 1], pairs[heap[child + 1]], keys[child], pairs[heap[child]]
        ):
            child += 1
        if _precedes(total, pairs[own], keys[child], pairs[heap[child]]):
            break
        heap[place], keys[place] = heap[child], keys[child]
        place = child
    heap[place], keys[place] = own, total
    return filled
