"""Signals: keys in order and of their snapshot, digests, answers of the enumeration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from expectations.context import expect, suite_of, validate
from expectations.frames import Keys, snapshots
from lineage_platform.model.tables import SHA256
from lineage_platform.model.versions import CheckResult

COLUMNS = ("document", "raw_sha256", "effective")
"""What the frames hold."""

_ANSWERS = ("y", "n", "unknown")


def suite(snapshot: int) -> Any:
    """What every row must be."""
    return suite_of(
        "signals",
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
                "digest of what was found",
                f"{SHA256.byte_width} bytes of SHA-256",
                of="raw_sha256",
                column="sha256_bytes",
                value_set=[SHA256.byte_width],
            ),
            expect(
                "ExpectColumnValuesToBeInSet",
                "answer",
                f"one of {', '.join(_ANSWERS)}",
                column="effective",
                value_set=list(_ANSWERS),
            ),
        ],
    )


def check(frames: Iterable[pd.DataFrame], *, snapshot: int) -> list[CheckResult]:
    """Results for the signals of one snapshot; `frames` hold `COLUMNS`, in key order, one a file."""
    keys = Keys()

    def derived() -> Iterator[pd.DataFrame]:
        for frame in frames:
            yield pd.DataFrame(
                {
                    "ascends": keys.ascend(frame["document"]),
                    "snapshot": snapshots(frame["document"]),
                    "sha256_bytes": frame["raw_sha256"].str.len().fillna(0),
                    "effective": frame["effective"],
                }
            )

    return validate(suite(snapshot), derived())
