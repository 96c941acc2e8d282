from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from expectations import decisions
from lineage_platform.model import tables
from lineage_platform.model.versions import Statistics
from tests.expectations.worlds import (
    counted,
    failed,
    frame,
    keys,
)

pytestmark = pytest.mark.slow


OUTCOMES = ["edited", "dropped", "dropped"]
REASONS = ["redacted", "quality", "quality"]
COUNTS = Statistics(10, 7, 1, 2, by_reason={"redacted": 1, "quality": 2})


def decision_frame(**values: Any) -> pd.DataFrame:
    given = {"document": keys(3), "outcome": OUTCOMES, "reason": REASONS}
    return frame(tables.DECISIONS, decisions.COLUMNS, 3, **{**given, **values})


def test_decisions_as_they_should_be() -> None:
    assert failed(decisions.check([decision_frame()], statistics=COUNTS)) == set()
    halves = [decision_frame().iloc[:1], decision_frame().iloc[1:]]
    assert failed(decisions.check(halves, statistics=COUNTS)) == set()
    assert failed(decisions.check([], statistics=counted(5))) == set()


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"document": [*keys(2), keys(2)[0]]}, {"one row a document"}),
        ({"outcome": ["edited", "dropped", "lost"]}, {"outcome", "dropped rows are counted"}),
        ({"reason": ["redacted", "quality", "mood"]}, {"reason", "reasons are counted"}),
        ({"reason": ["redacted", "quality", None]}, {"reason is there", "reasons are counted"}),
        ({"reason": ["quality", "redacted", "quality"]}, {"reason fits the outcome"}),
        (
            {"outcome": ["dropped"] * 3, "reason": ["quality"] * 3},
            {"edited rows are counted", "dropped rows are counted", "reasons are counted"},
        ),
    ],
)
def test_decisions_with_one_thing_wrong(values: dict[str, Any], names: set[str]) -> None:
    assert failed(decisions.check([decision_frame(**values)], statistics=COUNTS)) == names


def test_a_record_that_nothing_accounts_for() -> None:
    found = decisions.check([decision_frame()], statistics=replace(COUNTS, records_in=11))
    assert failed(found) == {"conservation"}
