"""Terms: what may be done with a document, as one immutable statement with its evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from typing import Any, Literal, Protocol, TypeVar

from lineage_platform.model.keys import OptOut, Said, terms_number

NOASSERTION = "NOASSERTION"

PersonalData = Literal["none", "pseudonymised", "personal", "sensitive", "unknown"]
LicenceStatus = Literal["resolved", "ambiguous", "unknown"]
Answer = Literal["yes", "no", "unknown"]
ConsentStatus = Literal[
    "given", "renewed", "expired", "refused", "withdrawn", "revoked", "invalidated", "not-needed", "unknown"
]
SeparateConsent = Literal["provide", "sensitive", "abroad", "guardian"]
Anonymisation = Literal["none", "deidentified", "anonymised", "unknown"]
ImportantData = Literal["general", "important", "core", "unknown"]
Duty = Literal["attribution", "notice", "share-alike", "revenue-share"]
Transfer = Literal[
    "security-assessment", "certification", "standard-contract", "adequacy", "other", "none", "unknown"
]
Kind = Literal[
    "open-dataset",
    "licensed",
    "third-party",
    "crawled",
    "user-interaction",
    "synthetic",
    "public-authorised",
    "self-produced",
    "unknown",
]
Basis = Literal["measured", "declared", "concluded", "attested", "inferred"]


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
class Assertion:
    """What one author said, before it was put together with what others say of the same days.

    `said` has the fields of a source's `terms` as they were written, those too that a stronger assertion overrules.
    """

    basis: Basis
    author: str | None
    stated_at: str | None
    said: Mapping[str, Any] = field(hash=False)


@dataclass(frozen=True, kw_only=True)
class Particulars:
    """What a statement may say beyond licence, consent basis, personal data, scope and validity.

    Nothing here has to be stated: what is not is "unknown", or an empty tuple. Pairs are (jurisdiction, value), where a
    jurisdiction is `EU` or an ISO 3166 code.

    | field | meaning |
    | --- | --- |
    | found_at | where the licence string was found: a URL or a path |
    | rightsholders | who holds the rights |
    | copyright_basis | `licence`, `public-domain`, `exception:<article>`, `none` or `unknown`, by jurisdiction |
    | consent_bases | the consent basis where a jurisdiction's law has one of its own |
    | consent_records, consent_status | URIs of consent records (ISO/IEC TS 27560), and what they say now |
    | separate_consent | consents that PIPL asks for apart: art. 23 (provide), 29 (sensitive), 39 (abroad), 31 (guardian) |
    | personal_categories, minors | kinds of personal data; whether people under the age of consent are among them |
    | anonymisation | level: anonymised data is outside of PIPL (art. 4, 73) and of GDPR (recital 26), de-identified inside |
    | important_data | class by the Data Security Law of the PRC, art. 21 |
    | duties | what use obliges to, beyond what the licence says |
    | embargo_until, embargo_then | first day of use, and what happens then: `open`, or a `review` |
    | transfer | mechanism of transfer abroad (PIPL art. 38, GDPR art. 45 and 46) |
    | generators, generator_terms | models that made the records, and the licence expression of their terms |
    | opt_out | what machine-readable signals say about training: `y` leaves it open, `n` reserves it |
    | kind, collected_lawfully | how the source came to us; whether there is evidence of lawful access |
    | admission | `no`: the records may not even be taken in |
    | basis, author, stated_at | how the statement is known, by whom, and since when (a date) |
    | assertions | where several were put together: all of them, the strongest first |
    """

    found_at: str | None = None
    rightsholders: tuple[str, ...] = ()
    copyright_basis: tuple[tuple[str, str], ...] = ()
    consent_bases: tuple[tuple[str, str], ...] = ()
    consent_records: tuple[str, ...] = ()
    consent_status: ConsentStatus = "unknown"
    separate_consent: tuple[SeparateConsent, ...] = ()
    personal_categories: tuple[str, ...] = ()
    minors: Answer = "unknown"
    anonymisation: Anonymisation = "unknown"
    important_data: ImportantData = "unknown"
    duties: tuple[Duty, ...] = ()
    embargo_until: str | None = None
    embargo_then: Literal["open", "review"] | None = None
    transfer: Transfer = "unknown"
    generators: tuple[str, ...] = ()
    generator_terms: str | None = None
    opt_out: OptOut = "unknown"
    kind: Kind = "unknown"
    collected_lawfully: Answer = "unknown"
    admission: Answer = "unknown"
    basis: Basis = "declared"
    author: str | None = None
    stated_at: str | None = None
    assertions: tuple[Assertion, ...] = ()

    def stated(self) -> dict[str, Any]:
        """The JSON form of what was stated, without what was not."""
        said = {item.name: getattr(self, item.name) for item in fields(self)}
        kept = {name: value for name, value in said.items() if value != getattr(_SILENT, name)}
        return {name: _plain(name, value) for name, value in kept.items()}

    @classmethod
    def from_stated(cls, said: dict[str, Any]) -> Particulars:
        """The inverse of `stated`."""
        values = {name: _frozen(value) for name, value in said.items() if name != "assertions"}
        return cls(**values, assertions=tuple(Assertion(**item) for item in said.get("assertions", ())))


_PAIRS = ("copyright_basis", "consent_bases")
_SILENT = Particulars()
_PARTICULARS = frozenset(item.name for item in fields(Particulars))


def _plain(name: str, value: Any) -> Any:
    if name in _PAIRS:
        return dict(value)
    if name == "assertions":
        return [asdict(item) for item in value]
    return list(value) if isinstance(value, tuple) else value


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return tuple(sorted(value.items()))
    return tuple(value) if isinstance(value, list) else value


class Valid(Protocol):
    """What holds for some days: from the first day to the first day no longer, None meaning unbounded."""

    @property
    def valid_from(self) -> str | None:
        """First day."""

    @property
    def valid_to(self) -> str | None:
        """First day no longer."""


V = TypeVar("V", bound=Valid)


def in_force(pieces: Sequence[V], day: date) -> V:
    """What holds on a day, of pieces that are disjoint in valid time, at least one.

    Where none does: the one that ended last, and where none has begun, the one that begins first.
    """
    today = day.isoformat()
    begun = [piece for piece in pieces if not piece.valid_from or piece.valid_from <= today]
    if begun:
        return max(begun, key=lambda piece: piece.valid_to or "9999-99-99")
    return min(pieces, key=lambda piece: piece.valid_from or "")


@dataclass(frozen=True)
class Terms:
    """One statement about the records of `source` that declared the licence string `declared` (None: the source's own).

    `licence` is an SPDX licence expression, with `LicenseRef-...` for terms of our own, or `NOASSERTION`.
    `licence_status` says whether the declared string was resolved; `ambiguous` and `unknown` are listed as gaps.
    `consent_basis` is a short name of the controlled vocabulary (`lineage_platform.policy.vocabulary`), behind which
    stands a DPV IRI. Validity is a half-open interval of RFC 3339 dates, None meaning unbounded.

    `signalled` is what the machine-readable signals of the documents themselves were measured to say (None: they have
    none), `parents` the terms numbers of what they were made from: see `keys.Said`. `derived_from` names the sources that
    all records of the source were made from.
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
    particulars: Particulars = field(default_factory=Particulars)
    signalled: OptOut | None = None
    parents: tuple[str, ...] = ()
    derived_from: tuple[str, ...] = ()

    @property
    def said(self) -> Said:
        """What the documents say themselves."""
        return Said(self.declared, self.signalled, self.parents)

    @property
    def number(self) -> int:
        """The number that rows carry (63 bits, a decimal string in JSON)."""
        return terms_number(self.source, *self.said)

    def statement(self) -> dict[str, Any]:
        """The JSON form that is stored, compared and put into events; two equal statements say the same.

        Particulars stand beside the rest, where they were stated.
        """
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
            **self.particulars.stated(),
            **(
                {}
                if self.signalled is None
                else {"signalled": self.signalled, "opt_out": self.particulars.opt_out}
            ),
            **({"parents": list(self.parents)} if self.parents else {}),
            **({"derived_from": list(self.derived_from)} if self.derived_from else {}),
        }

    @classmethod
    def from_statement(cls, statement: dict[str, Any]) -> Terms:
        """The inverse of `statement`."""
        said = {name: value for name, value in statement.items() if name not in _PARTICULARS}
        evidence = said.pop("evidence")
        scope = {name: tuple(values) for name, values in said.pop("scope").items()}
        parents, derived_from = (tuple(said.pop(name, ())) for name in ("parents", "derived_from"))
        particulars = {name: statement[name] for name in _PARTICULARS & statement.keys()}
        return cls(
            **said,
            scope=Scope(**scope),
            evidence=Evidence(**evidence) if evidence else None,
            particulars=Particulars.from_stated(particulars),
            parents=parents,
            derived_from=derived_from,
        )
