"""The shape of a recipe's `release`, of `operator` in `lineage.yaml`, and of `exceptions/*.yaml`, one decision a file."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from lineage_platform.model.releases import Admit
from lineage_platform.workspace.fields import Date, Form, Id, Name, Text, one_or_many, refused

Words = Annotated[
    list[Name],
    BeforeValidator(one_or_many, json_schema_input_type=Name | list[Name]),
    Field(min_length=1),
]


class ReleaseForm(Form):
    """What the corpus is released for; `<corpus>/release` is the gate."""

    uses: Words = Field(description="For what (docs/policies.md).", examples=[["research"]])
    jurisdictions: Words = Field(
        default=["strict"],
        description="Where it must be allowed: jurisdictions, or postures.",
        examples=[["EU", "CN", "strict"]],
    )
    recipients: list[Name] = Field(
        default=[],
        description="Who receives it, the operator included; left out: those the operator declares.",
    )
    regions: list[Name] = Field(
        default=[],
        description="Where it goes: ISO 3166 codes, or EU. Terms that name regions must name these.",
    )
    admit: Admit = Field(
        default="any",
        description="any: every document is taken in, and the gate decides. "
        "allowed: documents that are not allowed for the release are left out of the selection.",
    )


class OperatorForm(Form):
    """What the operator declares of itself; some duties depend on it."""

    size: Literal["small", "large", "unknown"] = Field(
        default="unknown", description="Below the size at which laws reduce duties?"
    )
    recipients: list[Name] = Field(default=[], description="Who receives releases, the operator included.")
    crosses_border: Literal["yes", "no", "unknown"] = Field(
        default="unknown", description="Does a release, or access to it, leave the jurisdiction?"
    )
    research_organisation: Literal["yes", "no", "unknown"] = Field(
        default="unknown", description="A research organisation or cultural heritage institution?"
    )


class ExceptionForm(Form):
    """A named person's decision that a verdict of one policy does not stop a release."""

    id: Id = Field(description="Name of the decision; the file is called like it.")
    policy: Text = Field(description="Id of the policy.", examples=["no-derivatives-training"])
    sources: list[Id] = Field(default=[], description="Sources whose documents it covers; left out: any.")
    corpora: list[Id] = Field(default=[], description="Corpora it holds for; left out: any.")
    uses: Words = Field(description="Uses it holds for.")
    jurisdictions: Words = Field(description="Jurisdictions or postures it holds for.")
    approver: Name = Field(description="The person who decided.", examples=["Li Wei, general counsel"])
    reason: Text = Field(description="Why.")
    approved_at: Date = Field(description="The day of the decision, the first on which it holds.")
    expires: Date = Field(description="The first day on which it no longer holds.")

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.expires <= self.approved_at:
            raise refused(f"`expires` after `approved_at`, {self.approved_at}", f"expires {self.expires}")
        if not self.sources and not self.corpora:
            raise refused("`sources`, `corpora` or both", "neither: an exception for everything")
        return self
