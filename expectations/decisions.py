"""Decisions: outcomes and reasons of the enumerations, one row a document, and the law of conservation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from expectations.context import expect, suite_of, validate
from expectations.frames import row, unaccounted
from lineage_platform.model.decisions import EDITS, Reason
from lineage_platform.model.versions import CheckResult, Statistics

COLUMNS = ("document", "outcome", "reason")
"""What the frames hold."""

_OUTCOMES = ("edited", "dropped")  # what was kept as it was has no row

_CONSERVATION = {
    "unaccounted": ("conservation", "records in less kept, edited and dropped is 0"),
    "edited_difference": ("edited rows are counted", "rows less the count of edited documents is 0"),
    "dropped_difference": ("dropped rows are counted", "rows less the count of dropped documents is 0"),
    "reason_difference": ("reasons are counted", "no reason whose rows and count differ"),
}


def suite() -> Any:
    """What every row must be."""
    return suite_of(
        "decisions",
        [
            expect(
                "ExpectColumnValuesToBeInSet",
                "outcome",
                f"one of {', '.join(_OUTCOMES)}",
                column="outcome",
                value_set=list(_OUTCOMES),
            ),
            expect(
                "ExpectColumnValuesToBeInSet",
                "reason",
                "a reason code of the enumeration",
                column="reason",
                value_set=[reason.value for reason in Reason],
            ),
            expect(
                "ExpectColumnValuesToBeInSet",
                "reason fits the outcome",
                "edits have reasons of edits, drops those of drops",
                of="reason",
                column="fits",
                value_set=[True],
            ),
            *(
                expect("ExpectColumnValuesToNotBeNull", f"{name} is there", "a value", column=name)
                for name in ("outcome", "reason")
            ),
            expect(
                "ExpectColumnValuesToBeUnique", "one row a document", "no document twice", column="document"
            ),
        ],
    )


def statistics_suite() -> Any:
    """What the counts must be."""
    return suite_of(
        "decisions",
        [
            expect("ExpectColumnSumToBeBetween", name, expected, column=column, min_value=0, max_value=0)
            for column, (name, expected) in _CONSERVATION.items()
        ],
    )


def check(frames: Iterable[pd.DataFrame], *, statistics: Statistics) -> list[CheckResult]:
    """Results for the decisions of one transformation; `frames` hold `COLUMNS`, one a file."""
    outcomes: Counter[str] = Counter()
    reasons: Counter[str] = Counter()

    def derived() -> Iterator[pd.DataFrame]:
        for frame in frames:
            outcomes.update(_counts(frame["outcome"]))
            reasons.update(_counts(frame["reason"]))
            edited = frame["outcome"] == "edited"
            yield frame.assign(fits=edited == frame["reason"].isin([reason.value for reason in EDITS]))

    results = validate(suite(), derived())
    counted = {str(reason): count for reason, count in statistics.by_reason.items()}
    differing = {reason for reason in {*reasons, *counted} if reasons[reason] != counted.get(reason, 0)}
    counts = row(
        {
            "unaccounted": unaccounted(statistics),
            "edited_difference": outcomes["edited"] - statistics.edited,
            "dropped_difference": outcomes["dropped"] - statistics.dropped,
            "reason_difference": len(differing),
        }
    )
    return results + validate(statistics_suite(), [counts])


def _counts(values: pd.Series[str]) -> dict[str, int]:
    return {str(value): int(count) for value, count in values.value_counts().items()}
