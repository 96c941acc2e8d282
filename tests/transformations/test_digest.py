"""The content digest says what the rows are, and nothing about files, order or memory."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_platform.transformations import digest

SETS = st.lists(st.binary(min_size=20, max_size=20), max_size=60)


def rows_of(items: list[bytes]) -> digest.Rows:
    return np.frombuffer(b"".join(items), np.uint8).reshape(-1, 20)


def by_definition(items: list[bytes]) -> str:
    """The definition, word by word."""
    level = []
    for bucket in range(256):
        rows = b"".join(sorted(item for item in items if item[0] == bucket))
        level.append(hashlib.sha256(b"\0" + hashlib.sha256(rows).digest()).digest())
    while len(level) > 1:
        level = [hashlib.sha256(b"\1" + a + b).digest() for a, b in zip(level[::2], level[1::2], strict=True)]
    return level[0].hex()


@given(SETS)
def test_follows_its_definition(items: list[bytes]) -> None:
    assert digest.content_digest([rows_of(items)]) == by_definition(items)


@settings(deadline=None)
@given(SETS, st.randoms(use_true_random=False), st.integers(1, 5), st.integers(1, 40))
def test_order_grouping_and_spilling_do_not_matter(
    items: list[bytes], random: object, groups: int, span: int
) -> None:
    shuffled = list(items)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    pieces = [rows_of(shuffled[number::groups]) for number in range(groups)]
    expected = by_definition(items)
    assert digest.content_digest(pieces) == expected
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(digest, "SPAN_ROWS", span)
        spilled = [
            digest.spill_rows(Path(folder) / str(n), [piece[:2], piece[2:]]) for n, piece in enumerate(pieces)
        ]
        assert digest.content_digest(spilled) == expected
        assert digest.content_digest([pieces[0], *spilled[1:]]) == expected


@given(SETS.filter(bool), st.integers(0), st.integers(0, 19), st.integers(1, 255))
def test_any_changed_byte_changes_it(items: list[bytes], which: int, where: int, change: int) -> None:
    rows = rows_of(items).copy()
    rows[which % len(rows), where] ^= change
    assert digest.content_digest([rows]) != digest.content_digest([rows_of(items)])


def test_known_values() -> None:
    empty = "3545d73b"
    assert digest.content_digest([]).startswith(empty)
    table = pa.table(
        {
            "identity": pa.array([bytes(16), b"\xff" * 16], pa.binary(16)),
            "sha256": pa.array([b"\1" * 32, None], pa.binary(32)),
            "terms": pa.array([1, None], pa.int64()),
            "reason": pa.array(["weight", None]),
        }
    )
    batch = table.to_batches()[0]
    rows = digest.digest_rows(batch, ["sha256", "terms", "reason"])
    assert rows.shape == (2, 16 + 32 + 8 + 32)
    assert rows[1, 16:56].tobytes() == bytes(32) + b"\xff" * 8
    assert digest.content_digest([rows]) == digest.content_digest([rows[::-1]])
    encoded = batch.set_column(3, "reason", batch.column("reason").dictionary_encode())
    assert np.array_equal(digest.digest_rows(encoded, ["sha256", "terms", "reason"]), rows)
    sliced = digest.digest_rows(batch.slice(1), ["sha256", "terms", "reason"])
    assert np.array_equal(sliced, rows[1:])


def test_a_column_without_a_digest_form_is_refused() -> None:
    batch = pa.record_batch({"identity": pa.array([bytes(16)], pa.binary(16)), "ratio": [0.5]})
    with pytest.raises(TypeError, match="double"):
        digest.digest_rows(batch, ["ratio"])


def test_combined_digests_depend_on_names_and_values_alone() -> None:
    one = digest.combine({"documents": "aa", "decisions": "bb"})
    assert one == digest.combine({"decisions": "bb", "documents": "aa"})
    assert one == hashlib.sha256(b'{"decisions":"bb","documents":"aa"}').hexdigest()
    assert one != digest.combine({"documents": "bb", "decisions": "aa"})
