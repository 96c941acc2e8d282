"""What a steward declared, or a record says of itself -> one immutable statement of terms."""

from __future__ import annotations

from dataclasses import replace

from lineage_platform.model.definitions import DeclaredTerms, Source
from lineage_platform.model.keys import OptOut, Said
from lineage_platform.model.terms import NOASSERTION, Particulars, Terms
from lineage_platform.policy.licences import Resolution, resolve
from lineage_platform.policy.vocabulary import lookup

SILENT_STEWARD = Resolution(NOASSERTION, "unknown", "the source's steward states no licence")


def terms_of(
    source: Source, declared: str | None, opt_out: OptOut | None = None, parents: tuple[str, ...] = ()
) -> tuple[Terms, ...]:
    """The terms of those records of `source` that declare the licence string `declared`: pieces, disjoint in valid time.

    None stands for records that declare none: they have the source's own licence. A record's own licence replaces only
    the licence; everything else is the source's. `opt_out` is the answer of the documents' own signals, where they have
    any: it replaces the steward's, but for a refusal, which no document lifts. `parents` are the terms numbers of what
    they were made from (`model.keys.Said`). Raises InvalidInput on a consent basis that the vocabulary does not
    have.
    """
    said = Said(declared, opt_out, parents)
    return tuple(piece(source.id, stated, said, source.derived_from) for stated in source.terms)


def piece(source: str, stated: DeclaredTerms, said: Said, derived_from: tuple[str, ...] = ()) -> Terms:
    """One of those pieces: what `stated` comes to for documents that say `said` themselves."""
    declared = said.declared
    if declared is not None:
        resolution = resolve(declared)
    elif stated.licence == NOASSERTION:
        resolution = SILENT_STEWARD
    else:
        resolution = resolve(stated.licence)
    return Terms(
        source=source,
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
        particulars=_particulars(stated.particulars, said.opt_out),
        signalled=said.opt_out,
        parents=said.parents,
        derived_from=derived_from,
    )


def _particulars(stated: Particulars, signalled: OptOut | None) -> Particulars:
    if signalled is None or stated.opt_out == "n":
        return stated
    return replace(stated, opt_out=signalled)
