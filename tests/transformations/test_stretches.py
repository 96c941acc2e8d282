"""Stretches hold every row once, in key order."""

from __future__ import annotations

import numpy as np
import pytest

from lineage_platform.errors import InvalidInput
from lineage_platform.transformations import stretches
from lineage_platform.transformations.parts import KeyRange
from lineage_platform.transformations.stretches import Piece, cut, cuts_of


def test_cuts_by_row_groups_in_key_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretches, "STRETCH_ROWS", 10)
    parts = [
        ("b", [KeyRange(100, 107, 8), KeyRange(110, 120, 4)]),
        ("empty", []),
        ("a", [KeyRange(0, 4, 5), KeyRange(5, 8, 4), KeyRange(9, 40, 20)]),
    ]
    made = cut(parts)
    assert [(item.number, item.start, item.rows, item.low) for item in made] == [
        (0, 0, 9, 0),
        (1, 9, 20, 9),
        (2, 29, 8, 100),
        (3, 37, 4, 110),
    ]
    assert [item.pieces for item in made] == [
        (Piece("a", (0, 1)),),
        (Piece("a", (2,)),),
        (Piece("b", (0,)),),
        (Piece("b", (1,)),),
    ]
    cuts = cuts_of(made)
    assert cuts.of_rows(np.array([0, 8, 9, 28, 29, 40])).tolist() == [0, 0, 1, 1, 2, 3]
    assert cuts.of_documents(np.array([0, 8, 9, 40, 100, 107, 110, 120])).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert cut(parts[::-1]) == made


def test_nothing_is_one_empty_stretch() -> None:
    [only] = cut([])
    assert (only.rows, only.pieces) == (0, ())
    assert list(only.batches(["document"])) == []


def test_parts_that_share_keys_are_refused() -> None:
    with pytest.raises(InvalidInput, match="another part"):
        cut([("a", [KeyRange(0, 10, 5)]), ("b", [KeyRange(10, 20, 5)])])
