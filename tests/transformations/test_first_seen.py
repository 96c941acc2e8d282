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
    seen, expected, row = FirstSeen(words), dict[int, int](), 0
    for chunk in chunks:
        keys = np.zeros((len(chunk), words), np.uint64)
        keys[:, words - 1] = np.array(chunk, np.uint64) * np.uint64(spread)
        again, first = seen.add(keys, np.arange(row, row + len(chunk)))
        pairs = []
        for key in chunk:
            if expected.setdefault(key, row) != row:
                pairs.append((row, expected[key]))
            row += 1
        assert list(zip(again.tolist(), first.tolist(), strict=True)) == pairs


def test_many_keys() -> None:
    seen = FirstSeen(1)
    keys = np.random.default_rng(0).permutation(200_000).astype(np.uint64)[:, None]
    for start in range(0, 200_000, 30_000):
        again, _ = seen.add(keys[start : start + 30_000], np.arange(start, min(start + 30_000, 200_000)))
        assert len(again) == 0
    again, first = seen.add(keys[::-1].copy(), np.arange(200_000, 400_000))
    assert again.tolist() == list(range(200_000, 400_000))
    assert first.tolist() == list(range(199_999, -1, -1))
