"""The shape of `corpora/*.yaml`, one recipe a file, and of `lineage.yaml`."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from lineage_platform.model.definitions import ShardFormat, ShardLayout
from lineage_platform.model.requests import Kind
from lineage_platform.workspace.cron import expected_cron
from lineage_platform.workspace.fields import Form, Id, Seed, Steward, Text, one_or_many, refused
from lineage_platform.workspace.release_form import OperatorForm, ReleaseForm


def _cron(value: str) -> str:
    if expected := expected_cron(value):
        raise refused(expected)
    return value


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise refused("a time zone of the IANA database, such as Asia/Shanghai") from None
    return value


def _with_weight(value: Any) -> Any:
    return {"id": value} if isinstance(value, str) else value


def _off(value: Any) -> Any:
    if value is None or value is True:
        raise refused("false, or a mapping of ngram, bands and rows")
    return None if value is False else value


class WeightedSourceForm(Form):
    """A source of a corpus and its weight."""

    id: Id = Field(description="Id of the source.")
    weight: float = Field(
        default=1.0,
        gt=0,
        le=100,
        allow_inf_nan=False,
        description="0.5 keeps half, sampled by seed; 2 gives two epochs.",
    )


class MinHashForm(Form):
    """Near duplicates by MinHash over word n-grams; a pair of similarity s is found with 1 - (1 - s^rows)^bands."""

    ngram: int = Field(default=5, ge=1, le=20, description="Words in an n-gram.")
    bands: int = Field(default=14, ge=1, le=256, description="Bands b.")
    rows: int = Field(default=8, ge=1, le=64, description="Rows r in a band.")


class DeduplicationForm(Form):
    """Which duplicates are dropped; the copy with the best rights survives."""

    exact: bool = Field(default=True, description="Equal text.")
    minhash: Annotated[
        MinHashForm | None, BeforeValidator(_off, json_schema_input_type=MinHashForm | Literal[False])
    ] = Field(default=MinHashForm(), description="Near duplicates; false switches it off.")


class TrainForm(Form):
    """A tokenizer trained on the corpus."""

    vocabulary: int = Field(ge=300, le=1_000_000, description="Entries of the vocabulary.")


class TokenizerForm(Form):
    """A tokenizer.json by path, or one trained on the corpus."""

    path: Text | None = Field(default=None, description="A tokenizer.json, relative to the workspace.")
    train: TrainForm | None = Field(default=None, description="Train one on the corpus.")

    @model_validator(mode="after")
    def _either(self) -> Self:
        if (self.path is None) == (self.train is None):
            raise refused("either `path` or `train`", "neither" if self.path is None else "both")
        return self


class ShardsForm(Form):
    """Layout of the training files."""

    tokens: int = Field(default=1_000_000, ge=1, le=10**12, description="Tokens in a shard, about.")
    format: Annotated[
        list[ShardFormat],
        BeforeValidator(one_or_many, json_schema_input_type=ShardFormat | list[ShardFormat]),
        Field(min_length=1),
    ] = Field(
        default=["parquet"], description="What to write.", examples=["parquet", ["parquet", "megatron"]]
    )
    seed: Seed = Field(default=0, description="Of the order inside a shard, and of the shard of a document.")
    layout: ShardLayout = Field(
        default="mixed",
        description="mixed: every shard has documents of all sources; by-source: every source has shards of its own.",
    )


class CorpusForm(Form):
    """A corpus: a recipe for training shards."""

    id: Id = Field(description="Name of the corpus; the file is called like it.", examples=["demo"])
    title: Text | None = Field(default=None, description="What people call it.")
    purpose: Text = Field(description="What it is for.")
    steward: Steward = Field(description="Who answers for it: an e-mail address or team:NAME.")
    sources: Annotated[
        list[
            Annotated[
                WeightedSourceForm,
                BeforeValidator(_with_weight, json_schema_input_type=Id | WeightedSourceForm),
            ]
        ],
        Field(min_length=1),
    ] = Field(
        description="Ids of sources, or {id, weight}.", examples=[["alpaca", {"id": "news", "weight": 0.5}]]
    )
    quality: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*@[0-9]+$")] | None = Field(
        default=None,
        description="Quality standard by name and version; left out: no standard.",
        examples=["gopher@1"],
    )
    deduplication: DeduplicationForm = Field(
        default=DeduplicationForm(), description="Which duplicates are dropped."
    )
    tokenizer: TokenizerForm
    shards: ShardsForm = Field(default=ShardsForm(), description="Layout of the training files.")
    seed: Seed = Field(default=0, description="Of the sampling by weight.")
    schedule: Annotated[str, AfterValidator(_cron)] | None = Field(
        default=None, description="When to bring it up to date: cron, five fields.", examples=["0 3 * * *"]
    )
    timezone: Annotated[str, AfterValidator(_timezone)] = Field(
        default="UTC", description="Of the schedule: an IANA name."
    )
    release: ReleaseForm | None = Field(default=None, description="What the corpus is released for.")


class WorkspaceForm(Form):
    """The optional file lineage.yaml."""

    name: Id | None = Field(
        default=None, description="Name of the workspace in events; else the directory's."
    )
    operator: OperatorForm = Field(
        default=OperatorForm(), description="What the operator declares of itself; some duties depend on it."
    )
    deadlines: dict[Literal[Kind, "any"], Annotated[int, Field(ge=1, le=366)]] = Field(
        default={},
        description="Days in which the operator answers requests, by kind of request; `any`: the rest. Where a law gives less, the "
        "law counts.",
        examples=[{"any": 15, "takedown": 2}],
    )
