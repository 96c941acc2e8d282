"""Documents: keys in order and of their snapshot, content hashes, known terms, placeholders, unreadable share."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

import pandas as pd

from expectations.context import expect, suite_of, validate
from expectations.frames import Keys, row, snapshots, unknown
from lineage_platform.model.decisions import UNREADABLE
from lineage_platform.model.tables import REDACTION_TYPES, SHA256
from lineage_platform.model.versions import CheckResult, Statistics

COLUMNS = ("document", "sha256", "terms", *REDACTION_TYPES)
"""What the frames hold."""

_MOST_PLACEHOLDERS = 2**31 - 1  # more is a negative number in an unsigned column


def suite(snapshot: int) -> Any:
    """What every row must be."""
    return suite_of(
        "documents",
        [
            expect(
                "ExpectColumnValuesToBeInSet",
                "keys increase",
                "every document key greater than the one before",
                of="document",
                column="increases",
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
                "content hash",
                f"{SHA256.byte_width} bytes of SHA-256",
                of="sha256",
                column="sha256_bytes",
                value_set=[SHA256.byte_width],
            ),
            expect(
                "ExpectColumnValuesToBeNull",
                "terms are known",
                "terms that the source states",
                of="terms",
                column="unknown_terms",
            ),
            *(
                expect(
                    f"ExpectColumn{bound}ToBeBetween",
                    f"placeholders for {name}",
                    "a count",
                    column=name,
                    min_value=0,
                    max_value=_MOST_PLACEHOLDERS,
                )
                for name in REDACTION_TYPES
                for bound in ("Min", "Max")
            ),
        ],
    )


def statistics_suite(malformed_threshold: float) -> Any:
    """What the counts must be."""
    return suite_of(
        "documents",
        [
            expect(
                "ExpectColumnSumToBeBetween",
                "unreadable records",
                f"a share of at most {malformed_threshold:g}",
                column="unreadable_share",
                min_value=0,
                max_value=malformed_threshold,
            ),
            expect(
                "ExpectColumnSumToBeBetween",
                "rows are the documents kept or edited",
                "a difference of 0",
                column="row_difference",
                min_value=0,
                max_value=0,
            ),
        ],
    )


def check(
    frames: Iterable[pd.DataFrame],
    *,
    snapshot: int,
    known_terms: Collection[int],
    statistics: Statistics,
    malformed_threshold: float,
) -> list[CheckResult]:
    """Results for the documents of one snapshot; `frames` hold `COLUMNS`, in key order, one a file."""
    keys = Keys()

    def derived() -> Iterator[pd.DataFrame]:
        for frame in frames:
            yield pd.DataFrame(
                {
                    "increases": keys.increase(frame["document"]),
                    "snapshot": snapshots(frame["document"]),
                    "sha256_bytes": frame["sha256"].str.len().fillna(0),
                    "unknown_terms": unknown(frame["terms"], known_terms),
                    **{name: frame[name] for name in REDACTION_TYPES},
                }
            )

    results = validate(suite(snapshot), derived())
    unreadable = sum(statistics.by_reason.get(reason, 0) for reason in UNREADABLE)
    counts = row(
        {
            "unreadable_share": unreadable / statistics.records_in if statistics.records_in else 0.0,
            "row_difference": keys.rows - statistics.kept - statistics.edited,
        }
    )
    return results + validate(statistics_suite(malformed_threshold), [counts])
