"""The shape of a source's `terms`: what a steward states about the rights in its records."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from lineage_platform.model.terms import (
    Anonymisation,
    Answer,
    Basis,
    ConsentStatus,
    Duty,
    ImportantData,
    Kind,
    PersonalData,
    SeparateConsent,
    Transfer,
)
from lineage_platform.workspace.fields import Date, Form, Name, Text, refused


def _copyright_basis(value: str) -> str:
    if not re.fullmatch(
        r"licence|public-domain|none|unknown|exception:[A-Za-z0-9][A-Za-z0-9 .()-]{0,63}", value
    ):
        raise refused("licence, public-domain, none, unknown, or exception: with its article")
    return value


Jurisdiction = Annotated[str, Field(pattern="^[A-Z]{2}$")]
CopyrightBasis = Annotated[str, AfterValidator(_copyright_basis)]


class EvidenceForm(Form):
    """Where the terms are written."""

    uri: Text = Field(
        description="A file of the workspace, or a web address (kept as a reference, never fetched).",
        examples=["LICENSE", "https://example.org/terms"],
    )
    sha256: str | None = Field(
        default=None,
        pattern="^[0-9a-f]{64}$",
        description="SHA-256 of those bytes, in hex. A file that has others is an error; for a file it may be left out.",
    )


class ScopeForm(Form):
    """What the terms reach. What is left out was not stated; it is not thereby allowed."""

    fields: list[Name] = Field(default=[], description="Fields of a record that the terms cover.")
    regions: list[Name] = Field(
        default=[], description="Where use is allowed: ISO 3166 codes.", examples=[["CN", "EU"]]
    )
    uses: list[Name] = Field(default=[], description="For what.", examples=[["pre-training", "evaluation"]])
    grantees: list[Name] = Field(default=[], description="To whom the rights were given.")


class TermsForm(Form):
    """What may be done with the records of this source, and on what basis: one statement, or one of several.

    Together the statements say licence, consent basis and personal data; `terms_pieces` puts them together.
    """

    licence: Text | None = Field(
        default=None,
        description="SPDX licence expression; LicenseRef-... for own terms; NOASSERTION where it is unknown.",
        examples=["CC-BY-4.0", "MIT OR Apache-2.0", "LicenseRef-vendor-contract-2026-17", "NOASSERTION"],
    )
    consent_basis: Name | None = Field(
        default=None,
        description="Basis on which personal data is held: a term of the controlled vocabulary, by name or IRI.",
    )
    personal_data: PersonalData | None = Field(
        default=None, description="The most personal data a record may hold."
    )
    scope: ScopeForm = Field(
        default=ScopeForm(), description="Fields, regions, uses and grantees that the terms name."
    )
    evidence: EvidenceForm | None = Field(default=None, description="Where the terms are written.")
    valid_from: Date | None = Field(default=None, description="First day of validity.")
    valid_to: Date | None = Field(default=None, description="First day on which the terms no longer hold.")

    found_at: Text | None = Field(
        default=None, description="Where the licence was found: a web address or a path."
    )
    rightsholders: list[Name] = Field(default=[], description="Who holds the rights.")
    copyright_basis: dict[Jurisdiction, CopyrightBasis] = Field(
        default={},
        description="Why copying is lawful, by jurisdiction: licence, public-domain, exception:ARTICLE, none, unknown.",
        examples=[{"CN": "licence", "EU": "exception:DSM 4", "JP": "exception:30-4"}],
    )
    consent_bases: dict[Jurisdiction, Name] = Field(
        default={},
        description="The consent basis where the law of a jurisdiction has one of its own.",
        examples=[{"EU": "gdpr:6-1-f", "CN": "pipl:13-1"}],
    )
    consent_records: list[Text] = Field(default=[], description="URIs of consent records (ISO/IEC TS 27560).")
    consent_status: ConsentStatus = Field(default="unknown", description="What those records say now.")
    separate_consent: list[SeparateConsent] = Field(
        default=[], description="Consents that PIPL asks for apart (articles 23, 29, 39, 31)."
    )
    personal_categories: list[Name] = Field(default=[], description="Kinds of personal data.")
    minors: Answer = Field(default="unknown", description="Whether data about minors is among it.")
    anonymisation: Anonymisation = Field(
        default="unknown", description="Level: de-identified data stays personal data, anonymised does not."
    )
    important_data: ImportantData = Field(
        default="unknown", description="Class by the Data Security Law of the PRC, art. 21."
    )
    duties: list[Duty] = Field(default=[], description="What use obliges to, beyond what the licence says.")
    embargo_until: Date | None = Field(default=None, description="First day of use.")
    embargo_then: Literal["open", "review"] | None = Field(
        default=None, description="What happens on that day: use is open, or reviewed first."
    )
    transfer: Transfer = Field(default="unknown", description="Mechanism of transfer abroad.")
    generators: list[Name] = Field(default=[], description="Models that made the records.")
    generator_terms: Text | None = Field(
        default=None, description="Licence expression of the generators' terms; NOASSERTION where unknown."
    )
    opt_out: Literal["y", "n", "unknown"] = Field(
        default="unknown",
        description="What machine-readable signals say about training: y leaves it open, n reserves it.",
    )
    kind: Kind = Field(default="unknown", description="How the source came to us.")
    collected_lawfully: Answer = Field(
        default="unknown", description="Whether there is evidence of lawful access."
    )
    admission: Answer = Field(default="unknown", description="no: the records may not even be taken in.")
    basis: Basis = Field(default="declared", description="How all this is known.")
    author: Name | None = Field(default=None, description="Who states it, if not the steward.")
    stated_at: Date | None = Field(default=None, description="Since when.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.embargo_until is None) != (self.embargo_then is None):
            raise refused("embargo_until together with embargo_then", "one of them")
        if self.embargo_until and self.valid_to and self.embargo_until >= self.valid_to:
            raise refused("embargo_until before valid_to", f"{self.embargo_until} and {self.valid_to}")
        if self.minors == "yes" and self.personal_data == "none":
            raise refused("personal data where minors are", "`minors: yes` with `personal_data: none`")
        if self.valid_from and self.valid_to and self.valid_from >= self.valid_to:
            raise refused("valid_from before valid_to", f"{self.valid_from} to {self.valid_to}")
        if self.consent_basis == "not-personal-data" and self.personal_data not in {"none", "unknown"}:
            raise refused(
                "a basis for the personal data, or `personal_data: none`",
                f"`consent_basis: not-personal-data` with `personal_data: {self.personal_data}`",
            )
        return self
