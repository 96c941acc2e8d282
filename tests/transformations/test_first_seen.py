"""The table of first rows against a dictionary."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_platform.transformations.first_seen import FirstSeen


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 4),
    st.lists(st.lists(st.integers(0, 12), max_size=40), max_size=6),
    st.sampled_from([1, 1 << 32, (1 << 64) - 1]),
)
def test_it_is_a_dictionary(words: int, chunks: list[list[int]], spread: int) -> None:
    """Keys that differ in their last word only, and collide in the table, are told apart."""
    seen, expected, row = FirstSeen(words, 4), dict[int, int](), 0
    arrays = [np.zeros((len(chunk), words), np.uint64) for chunk in chunks]
    for chunk, keys in zip(chunks, arrays, strict=True):
        keys[:, words - 1] = np.array(chunk, np.uint64) * np.uint64(spread)
        seen.note(keys)
    for chunk, keys in zip(chunks, arrays, strict=True):
        again, first = seen.add(keys, np.arange(row, row + len(chunk)))
        pairs = []
        for key in chunk:
            if expected.setdefault(key, row) != row:
                pairs.append((row, expected[key]))
            row += 1
        assert list(zip(again.tolist(), first.tolist(), strict=True)) == pairs


def test_many_keys() -> None:
    seen = FirstSeen(1, 100_000)
    once = np.random.default_rng(0).permutation(200_000).astype(np.uint64)[:, None]
    chunks = [once[start : start + 30_000] for start in range(0, 200_000, 30_000)] + [once[::-1].copy()]
    for keys in chunks:
        seen.note(keys)
    row = 0
    for keys in chunks[:-1]:
        again, _ = seen.add(keys, np.arange(row, row + len(keys)))
        assert len(again) == 0
        row += len(keys)
    again, first = seen.add(chunks[-1], np.arange(200_000, 400_000))
    assert again.tolist() == list(range(200_000, 400_000))
    assert first.tolist() == list(range(199_999, -1, -1))
