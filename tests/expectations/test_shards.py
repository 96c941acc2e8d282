from __future__ import annotations

import pytest

from expectations import shards
from lineage_platform.model.versions import Statistics
from tests.expectations.worlds import (
    SHARDS,
    failed,
    shard_counts,
)

pytestmark = pytest.mark.slow


def test_shards_as_they_should_be() -> None:
    assert failed(shards.check(statistics=shard_counts(*SHARDS))) == set()
    plain = [{**item, "stored_tokens": item["tokens"]} for item in SHARDS]
    assert failed(shards.check(statistics=shard_counts(*plain, end=None))) == set()


def test_an_empty_shard_warns() -> None:
    empty = {"shard": 2, "documents": 0, "tokens": 0, "stored_tokens": 0}
    found = shards.check(statistics=shard_counts(*SHARDS, empty))
    assert failed(found) == {"no shard without documents", "no shard without tokens"}
    assert {result.severity for result in found if not result.success} == {"warn"}


@pytest.mark.parametrize(
    ("statistics", "names"),
    [
        (shard_counts(SHARDS[0], {**SHARDS[1], "shard": 2}), {"numbers"}),
        (shard_counts(SHARDS[0], {**SHARDS[1], "stored_tokens": 12}), {"stored tokens"}),
        (shard_counts(*SHARDS, end=None), {"stored tokens"}),
        (
            shard_counts(SHARDS[0], {**SHARDS[1], "documents": -1, "stored_tokens": 11}),
            {"documents of a shard", "documents sum up"},
        ),
        (shard_counts(*SHARDS, documents=4), {"documents sum up", "documents by terms sum up"}),
        (shard_counts(*SHARDS, tokens=41), {"tokens sum up", "tokens by terms sum up"}),
        (shard_counts(*SHARDS, by_terms={1: (3, 41)}), {"tokens by terms sum up"}),
    ],
)
def test_shards_with_one_thing_wrong(statistics: Statistics, names: set[str]) -> None:
    assert failed(shards.check(statistics=statistics)) == names
