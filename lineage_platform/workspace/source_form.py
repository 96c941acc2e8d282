"""The shape of `sources/*.yaml`: one source a file."""

from __future__ import annotations

import codecs
import re
import string
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from lineage_platform.model.definitions import Compression, DerivationKind, SourceFormat
from lineage_platform.workspace.fields import Form, Id, Name, Steward, Text, refused
from lineage_platform.workspace.terms_form import TermsForm

MAX_RECORD_BYTES = 2**30
MAX_STATEMENTS = 100


def _one_or_many(value: Any) -> Any:
    if not isinstance(value, dict | list):
        raise refused("a mapping of fields, or a list of them")
    return [value] if isinstance(value, dict) else value


Statements = Annotated[
    list[TermsForm],
    BeforeValidator(_one_or_many, json_schema_input_type=TermsForm | list[TermsForm]),
    Field(min_length=1, max_length=MAX_STATEMENTS),
]


def _homepage(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/]+\.[^\s/]+\S*", value):
        raise refused("a web address (https://...)")
    return value


def _encoding(value: str) -> str:
    try:
        text_encoding = codecs.lookup(value)._is_text_encoding
    except LookupError:
        text_encoding = False
    if not text_encoding:
        raise refused("a text encoding that Python knows, such as utf-8 or gb18030")
    return value


def _template(value: str) -> str:
    """A field name, or a template of plain {names}: no attributes, indices, conversions or formats."""
    if "{" not in value and "}" not in value:
        return value
    try:
        parts = list(string.Formatter().parse(value))
    except ValueError:
        parts = []
    names = [name for _, name, _, _ in parts if name is not None]
    plain = all(not spec and not conversion for _, name, spec, conversion in parts if name is not None)
    if not names or not plain or any(not name or re.search(r"[\[\]!:]", name) for name in names):
        raise refused('a field name, or a template over fields such as "{title}\\n{body}"')
    return value


class SignalsForm(Form):
    """Which fields hold what site and file say to machines about training (docs/signals.md)."""

    observed_at: Name | None = Field(default=None, description="When all this was fetched (RFC 3339).")
    url: Name | None = Field(
        default=None, description="The URL of the record; rules of a site are for paths."
    )
    robots_txt: Name | None = Field(default=None, description="The robots.txt of its site.")
    robots_status: Name | None = Field(default=None, description="HTTP status of the robots.txt.")
    headers: Name | None = Field(
        default=None, description="HTTP headers: a mapping, pairs, JSON of either, or as received."
    )
    content_usage: Name | None = Field(
        default=None, description="The header Content-Usage (AIPREF), where kept by itself."
    )
    tdm_reservation: Name | None = Field(
        default=None, description="The header tdm-reservation (TDMRep), where kept by itself."
    )
    html: Name | None = Field(default=None, description="The page: meta tags, links, licences in scripts.")
    text: Name | None = Field(
        default=None, description="A text with front matter, or JSON, that may be labelled."
    )
    metadata: Name | None = Field(
        default=None, description="XMP packet of a PDF or image, package document of an EPUB."
    )
    tdmrep: Name | None = Field(default=None, description="The file /.well-known/tdmrep.json.")
    rsl: Name | None = Field(default=None, description="An RSL licence document.")
    c2pa: Name | None = Field(default=None, description="C2PA manifest or CAWG assertion, as JSON.")
    ai_txt: Name | None = Field(default=None, description="The file /ai.txt.")
    aigc: Name | None = Field(default=None, description="A label of GB 45438-2025.")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set - {"observed_at", "url"}:
            raise refused("a field that holds signals beside `observed_at` and `url`", "none")
        return self


class ParentsForm(Form):
    """Which records of the sources in `derived_from` a record was made from."""

    field: Name = Field(
        description="The ids of those records, one or a list; `<source>/<id>` where `derived_from` names several sources."
    )
    kind: DerivationKind = Field(description="How the record was made of them.")


class RecordForm(Form):
    """Which fields of a record mean what."""

    text: Annotated[Text, AfterValidator(_template)] = Field(
        default="text",
        description="The text: a field name, or a template over fields. Files of plain text are one record each.",
        examples=["text", "{instruction}\n{input}\n{output}"],
    )
    id: Name | None = Field(
        default=None, description="The source's own id of a record; else file and ordinal."
    )
    licence: Name | None = Field(
        default=None, description="The record's own licence; it replaces the source's."
    )
    language: Name | None = Field(default=None, description="Language, ISO 639; else it is detected.")
    subject: Name | None = Field(
        default=None,
        description="Who the data is about, such as an e-mail address; stored only as a keyed hash.",
    )
    signals: SignalsForm | None = Field(
        default=None,
        description="What site and file say to machines; a record's answer is part of its terms.",
    )
    parents: ParentsForm | None = Field(
        default=None, description="What a record was made from; the terms of that count for it too."
    )


class SourceForm(Form):
    """A source: an origin with an owner and terms."""

    id: Id = Field(description="Name of the source; the file is called like it.", examples=["alpaca"])
    title: Text = Field(description="What people call it.")
    publisher: Text = Field(description="Who published it.")
    homepage: Annotated[str, AfterValidator(_homepage)] | None = Field(
        default=None, description="Where it comes from."
    )
    steward: Steward = Field(description="Who answers for it here: an e-mail address or team:NAME.")
    location: Text = Field(
        description="File, glob or URL (s3, gs, az, https), relative to the workspace; `python` reads the packages of "
        "the running interpreter (format python-distributions).",
        examples=["data/alpaca/*.json", "s3://bucket/prefix/*.parquet", "python"],
    )
    format: SourceFormat = Field(description="How records are stored.")
    compression: Compression = Field(
        default="auto", description="`auto` goes by the extension: .gz .zst .bz2 .xz"
    )
    encoding: Annotated[str, AfterValidator(_encoding)] = Field(
        default="utf-8", description="Encoding of the text."
    )
    record: RecordForm = Field(default=RecordForm(), description="Which fields of a record mean what.")
    terms: Statements = Field(
        description="What may be done with the records: one statement, or a list of them."
    )
    malformed_threshold: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="Share of unreadable records above which the documents check fails.",
    )
    max_record_bytes: int = Field(
        default=8 * 1024 * 1024,
        ge=1,
        le=MAX_RECORD_BYTES,
        description="A longer record is refused, not read.",
    )
    distributions: list[Name] = Field(
        default=[],
        description="Only these distributions (format python-distributions).",
        examples=[["numpy", "pandas"]],
    )
    exclude: list[Name] = Field(
        default=[], description="All distributions but these (format python-distributions)."
    )
    derived_from: list[Id] = Field(
        default=[], description="Sources that this one was made from: translated, synthesised."
    )

    @model_validator(mode="after")
    def _parents(self) -> Self:
        if self.record.parents and not self.derived_from:
            raise refused("`record.parents` together with `derived_from`", "`record.parents` alone")
        return self

    @model_validator(mode="after")
    def _python_distributions(self) -> Self:
        if self.format != "python-distributions" and (self.distributions or self.exclude):
            raise refused(
                "`distributions` and `exclude` only with python-distributions", f"`format: {self.format}`"
            )
        if self.format != "python-distributions" and self.location == "python":
            raise refused("`location: python` only with python-distributions", f"`format: {self.format}`")
        if self.distributions and self.exclude:
            raise refused("either `distributions` or `exclude`", "both")
        return self
