"""What a steward declared, or a record says of itself -> one immutable statement of terms."""

from __future__ import annotations

from lineage_platform.model.definitions import Source
from lineage_platform.model.terms import NOASSERTION, Terms
from lineage_platform.policy.licences import Resolution, resolve
from lineage_platform.policy.vocabulary import lookup

SILENT_STEWARD = Resolution(NOASSERTION, "unknown", "the source's steward states no licence")


def terms_of(source: Source, declared: str | None) -> Terms:
    """The terms of those records of `source` that declare the licence string `declared`.

    None stands for records that declare none: they have the source's own licence. A record's own licence replaces only
    the licence; everything else is the source's. Raises InvalidInput on a consent basis that the vocabulary does not
    have.
    """
    stated = source.terms
    if declared is not None:
        resolution = resolve(declared)
    elif stated.licence == NOASSERTION:
        resolution = SILENT_STEWARD
    else:
        resolution = resolve(stated.licence)
    return Terms(
        source=source.id,
        declared=declared,
        licence=resolution.licence,
        licence_status=resolution.status,
        licence_note=resolution.note,
        consent_basis=stated.consent_basis,
        consent_iri=lookup(stated.consent_basis).iri,
        personal_data=stated.personal_data,
        scope=stated.scope,
        evidence=stated.evidence,
        valid_from=stated.valid_from,
        valid_to=stated.valid_to,
        particulars=stated.particulars,
    )
