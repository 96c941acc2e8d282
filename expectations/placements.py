"""Placements: rows 0..n-1 in every shard, known terms, and sums equal to those of the shards."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

import pandas as pd

from expectations.context import expect, suite_of, validate
from expectations.frames import unknown
from expectations.shards import table
from lineage_platform.model.versions import CheckResult, Statistics

COLUMNS = ("shard", "row", "terms", "tokens")
"""What the frames hold."""


def suite() -> Any:
    """What every row must be."""
    return suite_of(
        "placements",
        [
            expect(
                "ExpectColumnValuesToBeInSet",
                "rows run from 0 without gaps",
                "shards in order, in each the rows 0 to n - 1",
                of="row",
                column="follows",
                value_set=[True],
            ),
            expect(
                "ExpectCompoundColumnsToBeUnique",
                "one document a row",
                "no shard and row twice",
                of="row",
                column_list=["shard", "row"],
            ),
            expect("ExpectColumnMinToBeBetween", "tokens", "0 or more", column="tokens", min_value=0),
            expect(
                "ExpectColumnValuesToBeNull",
                "terms are known",
                "terms that a source of the corpus states",
                of="terms",
                column="unknown_terms",
            ),
        ],
    )


def statistics_suite() -> Any:
    """What the sums of every shard must be."""
    return suite_of(
        "placements",
        [
            expect(
                "ExpectColumnPairValuesToBeEqual",
                f"{name} of the shards",
                f"as many {name} placed as the shard has",
                column_A=f"placed_{name}",
                column_B=name,
            )
            for name in ("documents", "tokens")
        ],
    )


def check(
    frames: Iterable[pd.DataFrame], *, known_terms: Collection[int], statistics: Statistics
) -> list[CheckResult]:
    """Results for the placements of one corpus version; `frames` hold `COLUMNS`, by shard and row, one a file."""
    sums: list[pd.DataFrame] = []

    def derived() -> Iterator[pd.DataFrame]:
        shard, position = -1, 0
        for frame in frames:
            if frame.empty:
                continue
            shards, rows = frame["shard"], frame["row"]
            before, above = shards.shift(1, fill_value=shard), rows.shift(1, fill_value=position)
            follows = (shards.eq(before) & rows.eq(above + 1)) | (shards.gt(before) & rows.eq(0))
            shard, position = int(shards.iloc[-1]), int(rows.iloc[-1])
            sums.append(frame.groupby("shard")["tokens"].agg(["size", "sum"]))
            yield frame.assign(follows=follows, unknown_terms=unknown(frame["terms"], known_terms))

    results = validate(suite(), derived())
    placed = pd.concat(sums).groupby(level=0).sum() if sums else pd.DataFrame({"size": [], "sum": []})
    shards = table(statistics).set_index("shard")
    compared = shards.join(
        placed.rename(columns={"size": "placed_documents", "sum": "placed_tokens"}), how="outer"
    )
    return results + validate(statistics_suite(), [compared.fillna(0).astype("int64")])
