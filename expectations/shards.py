"""Shards: numbered without gaps, not empty, and their sums are those of the corpus version."""

from __future__ import annotations

from typing import Any

import pandas as pd

from expectations.context import expect, suite_of, validate
from expectations.frames import row
from lineage_platform.model.versions import CheckResult, Statistics

_SUMS = {
    "documents_difference": ("documents sum up", "shards less corpus version is 0"),
    "tokens_difference": ("tokens sum up", "shards less corpus version is 0"),
    "terms_documents_difference": ("documents by terms sum up", "terms less corpus version is 0"),
    "terms_tokens_difference": ("tokens by terms sum up", "terms less corpus version is 0"),
}


def suite() -> Any:
    """What every shard must be."""
    return suite_of(
        "shards",
        [
            expect(
                "ExpectColumnPairValuesToBeEqual",
                "numbers",
                "0 and up without gaps",
                of="shard",
                column_A="shard",
                column_B="position",
            ),
            *(
                expect(
                    "ExpectColumnMinToBeBetween", f"{name} of a shard", "0 or more", column=name, min_value=0
                )
                for name in ("documents", "tokens")
            ),
            *(
                expect(
                    "ExpectColumnValuesToNotBeInSet",
                    f"no shard without {name}",
                    "more than 0",
                    severity="warn",
                    column=name,
                    value_set=[0],
                )
                for name in ("documents", "tokens")
            ),
            expect(
                "ExpectColumnPairValuesToBeEqual",
                "stored tokens",
                "the documents' tokens and an end-of-document token for each, where there is one",
                of="stored_tokens",
                column_A="stored_tokens",
                column_B="expected_stored_tokens",
            ),
        ],
    )


def statistics_suite() -> Any:
    """What the counts must be."""
    return suite_of(
        "shards",
        [
            expect("ExpectColumnSumToBeBetween", name, expected, column=column, min_value=0, max_value=0)
            for column, (name, expected) in _SUMS.items()
        ],
    )


def table(statistics: Statistics) -> pd.DataFrame:
    """The shards of a corpus version: shard, documents, tokens, stored tokens."""
    columns = ["shard", "documents", "tokens", "stored_tokens"]
    return pd.DataFrame(list(statistics.details["shards"]), columns=columns, dtype="int64")


def check(*, statistics: Statistics) -> list[CheckResult]:
    """Results for the shards of one corpus version."""
    shards = table(statistics)
    ends = statistics.details["end_of_document"] is not None
    shards["position"] = range(len(shards))
    shards["expected_stored_tokens"] = shards["tokens"] + (shards["documents"] if ends else 0)
    counts = row(
        {
            "documents_difference": int(shards["documents"].sum()) - statistics.documents,
            "tokens_difference": int(shards["tokens"].sum()) - statistics.tokens,
            "terms_documents_difference": sum(d for d, _ in statistics.by_terms.values())
            - statistics.documents,
            "terms_tokens_difference": sum(t for _, t in statistics.by_terms.values()) - statistics.tokens,
        }
    )
    return validate(suite(), [shards]) + validate(statistics_suite(), [counts])
