"""Terms: what may be done with a document, as one immutable statement with its evidence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from lineage_platform.model.keys import terms_number

NOASSERTION = "NOASSERTION"

PersonalData = Literal["none", "pseudonymised", "personal", "sensitive", "unknown"]
LicenceStatus = Literal["resolved", "ambiguous", "unknown"]


@dataclass(frozen=True)
class Evidence:
    """Where the terms are written: a URI or a path in the workspace, and the SHA-256 of those bytes when known."""

    uri: str
    sha256: str | None = None


@dataclass(frozen=True)
class Scope:
    """What the terms reach; an empty tuple means that nothing was stated, not that everything is allowed."""

    fields: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    grantees: tuple[str, ...] = ()


@dataclass(frozen=True)
class Terms:
    """One statement about the records of `source` that declared the licence string `declared` (None: the source's own).

    `licence` is an SPDX licence expression, with `LicenseRef-...` for terms of our own, or `NOASSERTION`.
    `licence_status` says whether the declared string was resolved; `ambiguous` and `unknown` are listed as gaps.
    `consent_basis` is a short name of the controlled vocabulary (`lineage_platform.policy.vocabulary`), behind which
    stands a DPV IRI. Validity is a half-open interval of RFC 3339 dates, None meaning unbounded.
    """

    source: str
    declared: str | None
    licence: str
    licence_status: LicenceStatus
    licence_note: str
    consent_basis: str
    consent_iri: str
    personal_data: PersonalData
    scope: Scope = field(default_factory=Scope)
    evidence: Evidence | None = None
    valid_from: str | None = None
    valid_to: str | None = None

    @property
    def number(self) -> int:
        """The number that rows carry (63 bits, a decimal string in JSON)."""
        return terms_number(self.source, self.declared)

    def statement(self) -> dict[str, Any]:
        """The JSON form that is stored, compared and put into events; two equal statements say the same."""
        return {
            "source": self.source,
            "declared": self.declared,
            "licence": self.licence,
            "licence_status": self.licence_status,
            "licence_note": self.licence_note,
            "consent_basis": self.consent_basis,
            "consent_iri": self.consent_iri,
            "personal_data": self.personal_data,
            "scope": {
                "fields": list(self.scope.fields),
                "regions": list(self.scope.regions),
                "uses": list(self.scope.uses),
                "grantees": list(self.scope.grantees),
            },
            "evidence": None
            if self.evidence is None
            else {"uri": self.evidence.uri, "sha256": self.evidence.sha256},
            "valid_from": self.valid_from,
            "valid_to": self.valid_to,
        }

    @classmethod
    def from_statement(cls, statement: dict[str, Any]) -> Terms:
        """The inverse of `statement`."""
        evidence = statement["evidence"]
        scope = {name: tuple(values) for name, values in statement["scope"].items()}
        return cls(
            **{**statement, "scope": Scope(**scope), "evidence": Evidence(**evidence) if evidence else None}
        )
