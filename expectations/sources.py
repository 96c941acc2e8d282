"""Sources: files that hold something, terms that say something."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from expectations.context import expect, suite_of, validate
from expectations.frames import row
from lineage_platform.model.definitions import Source
from lineage_platform.model.terms import Terms
from lineage_platform.model.versions import CheckResult, Snapshot

_ATTRIBUTABLE = frozenset({"personal", "sensitive"})


def snapshot_suite() -> Any:
    """What a snapshot must be, as one row."""
    return suite_of(
        "sources",
        [
            expect(
                "ExpectColumnSumToBeBetween", f"{name} of the snapshot", "1 or more", column=name, min_value=1
            )
            for name in ("files", "bytes", "terms")
        ],
    )


def suite() -> Any:
    """What every statement of terms must be."""
    return suite_of(
        "sources",
        [
            expect(
                "ExpectColumnValuesToBeInSet",
                "licence is resolved",
                "a licence expression that was not guessed",
                severity="warn",
                column="licence_status",
                value_set=["resolved"],
            ),
            expect(
                "ExpectColumnValuesToMatchRegex",
                "consent basis is of the vocabulary",
                "a term with its IRI",
                of="consent_basis",
                column="consent_iri",
                regex="^[a-z][a-z0-9+.-]*:",
            ),
            expect(
                "ExpectColumnValuesToNotBeInSet",
                "consent basis is known",
                "a basis other than unknown",
                severity="warn",
                column="consent_basis",
                value_set=["unknown"],
            ),
            expect(
                "ExpectColumnValuesToNotBeInSet",
                "personal data is classified",
                "a class other than unknown",
                severity="warn",
                column="personal_data",
                value_set=["unknown"],
            ),
            expect(
                "ExpectColumnValuesToBeInSet",
                "data subjects can be found",
                "a subject field where records are personal data",
                severity="warn",
                of="personal_data",
                column="attributable",
                value_set=[True],
            ),
            expect(
                "ExpectColumnValuesToBeInSet",
                "terms have evidence",
                "a place where they are written",
                severity="warn",
                of="evidence",
                column="has_evidence",
                value_set=[True],
            ),
        ],
    )


def check(*, source: Source, snapshot: Snapshot, terms: Sequence[Terms]) -> list[CheckResult]:
    """Results for one snapshot of a source and the statements that hold for its records."""
    files = snapshot.files
    size = row({"files": len(files), "bytes": sum(file.bytes for file in files), "terms": len(terms)})
    statements = pd.DataFrame(
        {
            "licence_status": [item.licence_status for item in terms],
            "consent_basis": [item.consent_basis for item in terms],
            "consent_iri": [item.consent_iri for item in terms],
            "personal_data": [item.personal_data for item in terms],
            "attributable": [
                item.personal_data not in _ATTRIBUTABLE or source.record.subject is not None for item in terms
            ],
            "has_evidence": [item.evidence is not None for item in terms],
        }
    )
    return validate(snapshot_suite(), [size]) + validate(suite(), [statements])
