"""Parents: keys in order and of their snapshot, kinds of the enumeration, parents that were found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from expectations.context import expect, suite_of, validate
from expectations.frames import Keys, row, snapshots
from lineage_platform.model.versions import CheckResult

COLUMNS = ("document", "kind", "parent", "parent_terms")
"""What the frames hold."""


def suite(snapshot: int, kind: str) -> Any:
    """What every row must be."""
    return suite_of(
        "parents",
        [
            expect(
                "ExpectColumnValuesToBeInSet",
                "keys ascend",
                "every document key that before it, or greater",
                of="document",
                column="ascends",
                value_set=[True],
            ),
            expect(
                "ExpectColumnValuesToBeInSet",
                "keys belong to the snapshot",
                f"snapshot number {snapshot} in every document key",
                of="document",
                column="snapshot",
                value_set=[snapshot],
            ),
            expect(
                "ExpectColumnValuesToBeInSet",
                "kind",
                f"{kind}, as the source declares",
                column="kind",
                value_set=[kind],
            ),
            expect(
                "ExpectColumnValuesToBeInSet",
                "parents have terms",
                "terms where there is a parent, and nowhere else",
                of="parent_terms",
                column="has_terms",
                value_set=[True],
            ),
        ],
    )


def statistics_suite() -> Any:
    """What the counts should be."""
    return suite_of(
        "parents",
        [
            expect(
                "ExpectColumnSumToBeBetween",
                "parents are found",
                "0 names that no document has",
                severity="warn",
                of="parent",
                column="lost",
                min_value=0,
                max_value=0,
            )
        ],
    )


def check(frames: Iterable[pd.DataFrame], *, snapshot: int, kind: str) -> list[CheckResult]:
    """Results for the parents of one snapshot's documents; `frames` hold `COLUMNS`, in key order, one a file."""
    keys = Keys()
    lost = 0

    def derived() -> Iterator[pd.DataFrame]:
        nonlocal lost
        for frame in frames:
            lost += int(frame["parent"].isna().sum())
            yield pd.DataFrame(
                {
                    "ascends": keys.ascend(frame["document"]),
                    "snapshot": snapshots(frame["document"]),
                    "kind": frame["kind"],
                    "has_terms": frame["parent"].isna() == frame["parent_terms"].isna(),
                }
            )

    results = validate(suite(snapshot, kind), derived())
    return results + validate(statistics_suite(), [row({"lost": lost})])
