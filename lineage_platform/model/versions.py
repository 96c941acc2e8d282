"""Snapshots, transformations and dataset versions: immutable results and how they came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lineage_platform.model.terms import Terms


@dataclass(frozen=True)
class SnapshotFile:
    """One file of a snapshot. `first_ordinal` is where its records' ordinals begin; the block it owns ends at the next
    file's, and may be longer than its records are many (it is reserved from a cheap upper bound)."""

    path: str
    bytes: int
    sha256: str
    first_ordinal: int


@dataclass(frozen=True)
class Snapshot:
    """One immutable reading of a source. `number` is given by the catalog; `digest` names the content: the SHA-256 of
    the canonical list of (path, sha256), independent of where and when it was read."""

    source: str
    number: int
    digest: str
    files: tuple[SnapshotFile, ...]
    observed_at: str

    @property
    def id(self) -> str:
        """The name that lineage edges use."""
        return f"source/{self.source}@{self.digest[:16]}"


@dataclass(frozen=True)
class Transformation:
    """One step: name, code version and parameters. Equal transformations over equal inputs give equal content."""

    name: str
    code_version: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class ParentRun:
    """The run that asked for ours, in OpenLineage's words: the Dagster run."""

    namespace: str
    job: str
    run_id: str


@dataclass(frozen=True)
class Part:
    """A file that a transformation has written under its attempt's scratch folder, not yet visible to anyone.

    `low` and `high` are the least and greatest value of a table's first column, which it is sorted by, where that is a
    number: a question opens only the files that can hold its answer.
    """

    name: str  # logical name inside the version, e.g. documents/00000.parquet, shard-00003.parquet
    role: str  # the table or kind: documents, decisions, annotations, shard, shard-bin, placements-by-shard, ...
    path: str  # where it is now
    sha256: str
    bytes: int
    rows: int
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True)
class File:
    """A committed file of a version; its bytes live in the store under their digest. `low`, `high`: see `Part`."""

    name: str
    role: str
    sha256: str
    bytes: int
    rows: int
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True)
class Statistics:
    """Counts of one version. Conservation is a law: `records_in == kept + edited + dropped`, before weighting.

    `by_terms` maps a terms number to (documents, tokens) of what came out; `by_reason` maps a reason code to documents.
    """

    records_in: int
    kept: int
    edited: int
    dropped: int
    by_reason: Mapping[str, int] = field(default_factory=dict)
    by_terms: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    documents: int = 0
    tokens: int = 0
    bytes: int = 0
    details: Mapping[str, Any] = field(default_factory=dict)  # what only this dataset counts, JSON values


@dataclass(frozen=True)
class CheckResult:
    """One data-quality check of a version; a failed one of severity `error` lets nothing build on the version."""

    name: str
    success: bool
    severity: Literal["warn", "error"]
    expected: str
    actual: str
    column: str | None = None


@dataclass(frozen=True)
class Result:
    """What a transformation returns: parts, a content digest (hex) and counts; nothing of it is visible until committed.

    `terms` are the statements that the rows name and that the catalog may not have yet.
    """

    content_digest: str
    parts: tuple[Part, ...]
    statistics: Statistics
    terms: tuple[Terms, ...] = ()


@dataclass(frozen=True)
class Version:
    """An immutable, committed dataset version. `id` is `<dataset>@` and 16 hex digits that name the content and what it
    was made from; a dataset's versions are ordered by `sequence`."""

    id: str
    dataset: str
    sequence: int
    content_digest: str
    transformation: Transformation
    inputs: tuple[str, ...]  # ids of versions, and `source/<id>@...` of snapshots
    files: tuple[File, ...]
    statistics: Statistics
    checks: tuple[CheckResult, ...]
    run_id: str
    ledger_index: int
    committed_at: str

    @property
    def passed(self) -> bool:
        """Whether other versions may build on this one."""
        return all(check.success or check.severity == "warn" for check in self.checks)

    def files_of(self, role: str) -> tuple[File, ...]:
        """The files of one role, in name order."""
        return tuple(sorted((file for file in self.files if file.role == role), key=lambda file: file.name))
