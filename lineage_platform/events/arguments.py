"""What an event says, in our words; `build` puts it into OpenLineage's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from lineage_platform.model.terms import Terms
from lineage_platform.model.versions import CheckResult, Statistics

RunState = Literal["START", "COMPLETE", "FAIL", "ABORT"]

TermsCount = tuple[Sequence[Terms], int | None, int | None]
"""What is stated about one terms number, the piece in force first, with the documents and tokens it covers in this version;
None where nothing was counted."""


@dataclass(frozen=True)
class Size:
    """How much a dataset holds; None is unknown."""

    rows: int | None = None
    bytes: int | None = None
    files: int | None = None


@dataclass(frozen=True)
class Manifest:
    """Where the file list of a version is, by digest. `bytes` and `files` count the version's files; `content_digest`
    names its rows whatever the file layout."""

    sha256: str
    address: str
    files: int
    bytes: int
    content_digest: str


@dataclass(frozen=True)
class ColumnInput:
    """A column that another one is made from, in the words of OpenLineage's column lineage: type DIRECT (subtypes
    IDENTITY, TRANSFORMATION, AGGREGATION) or INDIRECT (JOIN, GROUP_BY, FILTER, SORT, WINDOW, CONDITIONAL). `masking`
    says that the original cannot be read from the result."""

    dataset: str
    field: str
    type: Literal["DIRECT", "INDIRECT"]
    subtype: str
    description: str
    masking: bool = False


@dataclass(frozen=True)
class ColumnLineage:
    """Inputs by output column, and those that decide which rows are there at all."""

    fields: Mapping[str, Sequence[ColumnInput]]
    dataset: Sequence[ColumnInput] = ()


@dataclass(frozen=True)
class EventDataset:
    """An input or output of a run. `size` may be left out where `statistics` are known; all but the name is optional."""

    name: str
    version: str | None = None
    description: str | None = None
    owner: str | None = None
    fields: pa.Schema | None = None
    statistics: Statistics | None = None
    size: Size | None = None
    column_lineage: ColumnLineage | None = None
    checks: Sequence[CheckResult] = ()
    terms: Sequence[TermsCount] = ()
    manifest: Manifest | None = None
