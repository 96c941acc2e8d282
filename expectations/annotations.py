"""Annotations: one row a document, measures in their ranges, a language code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from expectations.context import expect, suite_of, validate
from expectations.frames import Keys, row
from lineage_platform.model.tables import MEASURES
from lineage_platform.model.versions import CheckResult, Statistics

_FRACTIONS = tuple(name for name in MEASURES.names if name.endswith("_fraction"))
_COUNTS = ("bytes", *(name for name in MEASURES.names if name not in _FRACTIONS))

COLUMNS = ("document", "language", "language_score", *_COUNTS, *_FRACTIONS)
"""What the frames hold."""


def suite() -> Any:
    """What every row must be."""
    ranges = [(name, 1) for name in ("language_score", *_FRACTIONS)] + [(name, None) for name in _COUNTS]
    return suite_of(
        "annotations",
        [
            expect(
                "ExpectColumnValuesToBeInSet",
                "one row a document",
                "every document key greater than the one before",
                of="document",
                column="increases",
                value_set=[True],
            ),
            expect(
                "ExpectColumnValuesToMatchRegex",
                "language",
                "an ISO 639 code",
                column="language",
                regex=r"^[a-z]{2,3}\Z",
            ),
            expect(
                "ExpectColumnValuesToNotBeNull", "language is there", "a language or und", column="language"
            ),
            *(
                expect(
                    f"ExpectColumn{bound}ToBeBetween",
                    f"range of {name}",
                    "0 or more" if most is None else f"0 to {most}",
                    column=name,
                    min_value=0,
                    max_value=most,
                )
                for name, most in ranges
                for bound in ("Min", "Max")
            ),
        ],
    )


def statistics_suite() -> Any:
    """What the counts must be."""
    return suite_of(
        "annotations",
        [
            expect(
                "ExpectColumnSumToBeBetween",
                "rows are the documents",
                "a difference of 0",
                column="row_difference",
                min_value=0,
                max_value=0,
            )
        ],
    )


def check(frames: Iterable[pd.DataFrame], *, statistics: Statistics) -> list[CheckResult]:
    """Results for the annotations of one source; `frames` hold `COLUMNS`, in key order, one a file."""
    keys = Keys()

    def derived() -> Iterator[pd.DataFrame]:
        for frame in frames:
            increases = keys.increase(frame["document"])
            yield frame.drop(columns="document").assign(increases=increases)

    results = validate(suite(), derived())
    return results + validate(
        statistics_suite(), [row({"row_difference": keys.rows - statistics.records_in})]
    )
