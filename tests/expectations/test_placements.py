from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from expectations import placements
from lineage_platform.model import tables
from lineage_platform.model.versions import CheckResult
from tests.expectations.worlds import (
    SHARDS,
    TERMS,
    failed,
    frame,
    shard_counts,
)

pytestmark = pytest.mark.slow


def placement_frame(**values: Any) -> pd.DataFrame:
    given = {
        "shard": [0, 0, 1],
        "row": [0, 1, 0],
        "terms": [TERMS[0], TERMS[0], TERMS[1]],
        "tokens": [10, 20, 12],
    }
    return frame(tables.PLACEMENTS_BY_SHARD, placements.COLUMNS, 3, **{**given, **values})


def check_placements(*frames: pd.DataFrame, **more: Any) -> list[CheckResult]:
    arguments = {"known_terms": set(TERMS), "statistics": shard_counts(*SHARDS)}
    return placements.check(frames, **{**arguments, **more})


def test_placements_as_they_should_be() -> None:
    whole = placement_frame()
    assert failed(check_placements(whole)) == set()
    assert failed(check_placements(whole.iloc[:1], whole.iloc[1:2], whole.iloc[:0], whole.iloc[2:])) == set()


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"row": [0, 2, 0]}, {"rows run from 0 without gaps"}),
        ({"row": [1, 0, 0]}, {"rows run from 0 without gaps"}),
        ({"row": [0, 0, 0]}, {"rows run from 0 without gaps", "one document a row"}),
        ({"row": [0, 1, 1]}, {"rows run from 0 without gaps"}),
        ({"terms": [TERMS[0], TERMS[0], 5]}, {"terms are known"}),
        ({"tokens": [10, 21, 12]}, {"tokens of the shards"}),
        ({"tokens": [31, -1, 12]}, {"tokens"}),
        (
            {"shard": [0, 0, 2]},
            {"documents of the shards", "tokens of the shards"},
        ),
    ],
)
def test_placements_with_one_thing_wrong(values: dict[str, Any], names: set[str]) -> None:
    assert failed(check_placements(placement_frame(**values))) == names


def test_a_shard_without_placements() -> None:
    missing = {"documents of the shards", "tokens of the shards"}
    assert failed(check_placements(placement_frame().iloc[:2])) == missing
    assert failed(check_placements()) == missing
    empty = shard_counts({"shard": 0, "documents": 0, "tokens": 0, "stored_tokens": 0})
    assert failed(check_placements(statistics=empty)) == set()


def test_a_shard_that_comes_twice() -> None:
    whole = placement_frame()
    found = check_placements(whole, whole.iloc[:2])
    assert "rows run from 0 without gaps" in failed(found)
