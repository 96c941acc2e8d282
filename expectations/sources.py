"""Sources: files that hold something, terms that say something."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import pandas as pd

from expectations.context import expect, suite_of, validate
from expectations.frames import row
from lineage_platform.model.definitions import Source
from lineage_platform.model.terms import NOASSERTION, Terms
from lineage_platform.model.versions import CheckResult, SnapshotFile

_PERSONAL = frozenset({"personal", "sensitive"})


def snapshot_suite() -> Any:
    """What a snapshot must be, as one row."""
    return suite_of(
        "sources",
        [
            expect(
                "ExpectColumnSumToBeBetween", f"{name} of the snapshot", "1 or more", column=name, min_value=1
            )
            for name in ("files", "bytes", "terms")
        ]
        + [
            expect(
                "ExpectColumnSumToBeBetween",
                "records may be taken in",
                "terms that do not say `admission: no` today",
                of="admission",
                column="refused",
                max_value=0,
            )
        ],
    )


def suite() -> Any:
    """What every statement of terms must be."""
    return suite_of(
        "sources",
        [
            expect(
                "ExpectColumnValuesToBeInSet",
                "licence is resolved, or a gap",
                "an expression that was not guessed, or NOASSERTION with a note why",
                of="licence",
                column="accounted",
                value_set=[True],
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
                "ExpectColumnValuesToBeInSet",
                "data subjects can be found",
                "a subject field where personal data rest on consent, which can be withdrawn",
                severity="warn",
                of="personal_data",
                column="attributable",
                value_set=[True],
            ),
            expect(
                "ExpectColumnValuesToBeInSet",
                "terms have evidence",
                "a place where the licence of the source is written",
                severity="warn",
                of="evidence",
                column="has_evidence",
                value_set=[True],
            ),
        ],
    )


def check(
    *, source: Source, files: Sequence[SnapshotFile], terms: Sequence[Terms], withdrawable: Collection[str]
) -> list[CheckResult]:
    """Results for the files of one snapshot of a source and the statements that hold for its records.

    `withdrawable` are the consent bases that a person can withdraw. What is unknown is no failure here: it is listed as a
    gap in every answer, and is not allow at a release.
    """
    today = source.terms_on()
    size = row(
        {
            "files": len(files),
            "bytes": sum(file.bytes for file in files),
            "terms": len(terms),
            "refused": int(today.particulars.admission == "no"),
        }
    )
    statements = pd.DataFrame(
        {
            "accounted": [
                item.licence_status == "resolved" or (item.licence == NOASSERTION and item.licence_note != "")
                for item in terms
            ],
            "consent_iri": [item.consent_iri for item in terms],
            "attributable": [
                item.personal_data not in _PERSONAL
                or item.consent_basis not in withdrawable
                or source.record.subject is not None
                for item in terms
            ],
            "has_evidence": [
                item.evidence is not None or item.declared is not None or item.licence == NOASSERTION
                for item in terms
            ],
        }
    )
    return validate(snapshot_suite(), [size]) + validate(suite(), [statements])
