"""The placing hash never changes, spreads evenly, and decides each purpose on its own."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_platform.transformations.hashing import Purpose, below, hash_identities

MASK = 2**64 - 1
VECTORS = [
    (bytes(16), Purpose.WEIGHT, 0, 0, 0x348C3D1AF8BEC8E5),
    (bytes(16), Purpose.SHARD, 0, 0, 0x7BD5A964748A48D8),
    (bytes(16), Purpose.ORDER, 0, 1, 0x27EC23E4C47E6ADB),
    (bytes(range(16)), Purpose.SHARD, 42, 3, 0x5D42F959217E4961),
    (b"\xff" * 16, Purpose.SAMPLE, -1, 0, 0xD4410B48A2AF19C9),
]


def by_definition(identity: bytes, purpose: int, seed: int, epoch: int) -> int:
    """The definition, in integers."""
    words = [
        purpose,
        seed % 2**64,
        *(int.from_bytes(identity[at : at + 8], "little") for at in (0, 8)),
        epoch,
    ]
    state = 0
    for word in words:
        state = ((state ^ word) + 0x9E3779B97F4A7C15) & MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & MASK
        state ^= state >> 31
    return state


def identities(*values: bytes) -> pa.Array:
    return pa.array(values, pa.binary(16))


def numbered(count: int) -> pa.Array:
    return identities(*(hashlib.blake2b(str(n).encode(), digest_size=16).digest() for n in range(count)))


@pytest.mark.parametrize(("identity", "purpose", "seed", "epoch", "expected"), VECTORS)
def test_pinned_for_ever(identity: bytes, purpose: Purpose, seed: int, epoch: int, expected: int) -> None:
    assert hash_identities(identities(identity), purpose, seed, epoch).tolist() == [expected]


@given(
    st.lists(st.tuples(st.binary(min_size=16, max_size=16), st.integers(0, 2**15 - 1)), max_size=5),
    st.sampled_from(Purpose),
    st.integers(-(2**70), 2**70),
)
def test_follows_its_definition(rows: list[tuple[bytes, int]], purpose: Purpose, seed: int) -> None:
    epochs = np.array([epoch for _, epoch in rows], np.int16)
    column = identities(b"x" * 16, *(identity for identity, _ in rows)).slice(1)
    got = hash_identities(column, purpose, seed, epochs).tolist()
    assert got == [by_definition(identity, purpose, seed, epoch) for identity, epoch in rows]


@pytest.mark.parametrize("purpose", Purpose)
def test_spreads_evenly(purpose: Purpose) -> None:
    consecutive = identities(*(n.to_bytes(16, "big") for n in range(100_000)))
    for column in (numbered(100_000), consecutive):
        counts = np.bincount(
            (hash_identities(column, purpose, 7) % np.uint64(100)).astype(int), minlength=100
        )
        assert ((counts - 1000) ** 2 / 1000).sum() < 160  # chi-square, 99 degrees of freedom, p = 0.0001


def test_purposes_seeds_and_epochs_are_independent() -> None:
    column = numbered(20_000)
    hashes = [
        hash_identities(column, purpose, seed, epoch)
        for purpose in Purpose
        for seed in (0, 1)
        for epoch in (0, 1)
    ]
    halves = np.array([value >> np.uint64(63) for value in hashes], float)
    correlation = np.corrcoef(halves) - np.eye(len(hashes))
    assert np.abs(correlation).max() < 0.035


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_greater_fraction_only_adds(one: float, other: float) -> None:
    hashes = hash_identities(numbered(500), Purpose.WEIGHT, 0)
    less, more = (below(hashes, fraction) for fraction in sorted((one, other)))
    assert not (less & ~more).any()
    assert not below(hashes, 0).any()
    assert below(hashes, 1).all()
