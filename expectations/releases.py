"""Releases: every document allowed for every use in every jurisdiction, by policies, and nothing held back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from expectations.context import expect, suite_of, validate
from expectations.frames import row
from lineage_platform.model.versions import CheckResult

COUNTS = ("refused", "undetermined", "unknown", "duties", "excepted")
"""Documents of a use in a jurisdiction."""


def suite() -> Any:
    """What holds for each use in each jurisdiction."""
    return suite_of(
        "releases",
        [
            *(
                expect(
                    "ExpectColumnMaxToBeBetween",
                    name,
                    f"0 documents that are {name}",
                    column=name,
                    max_value=0,
                )
                for name in ("refused", "undetermined", "unknown")
            ),
            expect(
                "ExpectColumnMaxToBeBetween",
                "duties",
                "0 documents with duties or doubts to look at",
                severity="warn",
                column="duties",
                max_value=0,
            ),
            expect(
                "ExpectColumnMaxToBeBetween",
                "exceptions",
                "0 documents that only an exception allows",
                severity="warn",
                column="excepted",
                max_value=0,
            ),
        ],
    )


def statistics_suite() -> Any:
    """What holds for the whole."""
    return suite_of(
        "releases",
        [
            *(
                expect("ExpectColumnMinToBeBetween", name, f"1 or more {name}", column=name, min_value=1)
                for name in ("policies", "documents", "questions")
            ),
            expect(
                "ExpectColumnMaxToBeBetween",
                "quarantine",
                "0 releases of this corpus version in quarantine",
                column="quarantined",
                max_value=0,
            ),
        ],
    )


def check(
    cells: Sequence[Mapping[str, Any]], *, policies: int, documents: int, quarantined: int
) -> list[CheckResult]:
    """Results for one release; `cells` are documents by verdict, one mapping for each use in each jurisdiction."""
    frame = pd.DataFrame(
        [{name: cell[name] for name in COUNTS} for cell in cells], columns=COUNTS, dtype="int64"
    )
    counts = row(
        {
            "policies": policies,
            "documents": documents,
            "questions": len(cells),
            "quarantined": quarantined,
        }
    )
    return validate(suite(), [frame]) + validate(statistics_suite(), [counts])
