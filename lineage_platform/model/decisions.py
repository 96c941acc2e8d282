"""Decisions: what a transformation did to a document, with a reason code that never changes its meaning."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

Outcome = Literal["kept", "edited", "dropped"]


class Reason(StrEnum):
    """Why a document was edited or dropped. `detail` of the decision row says the rest (rule, position, counts)."""

    # reading: the record could not become a document
    MALFORMED_RECORD = "malformed-record"
    UNDECODABLE_BYTES = "undecodable-bytes"
    MISSING_FIELD = "missing-field"
    OVERLONG_RECORD = "overlong-record"
    TRUNCATED_FILE = "truncated-file"
    EMPTY_TEXT = "empty-text"
    # edits
    NORMALISED = "normalised"
    REDACTED = "redacted"
    NORMALISED_AND_REDACTED = "normalised-and-redacted"
    # deduplication
    EXACT_DUPLICATE = "exact-duplicate"
    NEAR_DUPLICATE = "near-duplicate"
    # selection
    QUALITY = "quality"
    WEIGHT = "weight"
    NOT_ALLOWED = "not-allowed"
    # rights
    WITHDRAWN = "withdrawn"


EDITS = frozenset({Reason.NORMALISED, Reason.REDACTED, Reason.NORMALISED_AND_REDACTED})
"""Reasons of documents that were edited and kept."""

UNREADABLE = frozenset(
    {
        Reason.MALFORMED_RECORD,
        Reason.UNDECODABLE_BYTES,
        Reason.MISSING_FIELD,
        Reason.OVERLONG_RECORD,
        Reason.TRUNCATED_FILE,
    }
)
"""Reasons that count towards a source's `malformed` threshold."""
