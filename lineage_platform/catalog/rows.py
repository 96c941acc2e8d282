"""Rows of the catalog as the read side sees them: frozen values, no driver, no Arrow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from lineage_platform.model.keys import key_range
from lineage_platform.model.requests import Action
from lineage_platform.model.versions import File, Transformation


@dataclass(frozen=True)
class SnapshotRow:
    """One reading of a source; `files` counts them. `transformation` is None where its run is not recorded."""

    number: int
    source: str
    digest: str
    files: int
    bytes: int
    observed_at: datetime
    run_id: str
    ledger_index: int
    transformation: Transformation | None = None

    @property
    def id(self) -> str:
        """The name that lineage edges use."""
        return f"source/{self.source}@{self.digest[:16]}"

    @property
    def keys(self) -> tuple[int, int]:
        """First and last document key, both inclusive."""
        return key_range(self.number)


@dataclass(frozen=True)
class VersionRow:
    """One dataset version with the transformation that made it (None where its run is not recorded).

    `statistics` are without counts by terms, and without the shards.
    """

    id: str
    dataset: str
    sequence: int
    content_digest: str
    manifest_sha256: str
    statistics: Mapping[str, Any]
    run_id: str
    ledger_index: int
    committed_at: datetime
    transformation: Transformation | None = None


@dataclass(frozen=True)
class ReleaseRow:
    """A version of `<corpus>/release`, of the corpus version `made_of`, and the newest of what was recorded about its state.

    `passed` is what its checks said, `current` whether it is what the dataset's last run gave.
    """

    id: str
    corpus: str
    sequence: int
    content_digest: str
    statistics: Mapping[str, Any]
    run_id: str
    ledger_index: int
    committed_at: datetime
    transformation: Transformation
    passed: bool
    made_of: str
    current: bool
    state: str | None = None
    reason: str | None = None
    day: date | None = None

    @property
    def stands(self) -> str:
        """released, reopened, quarantined, or refused."""
        return self.state or ("released" if self.passed else "refused")


@dataclass(frozen=True, eq=False)
class Upstream:
    """Everything a version was made of. `edges` are (version id, input id); `unresolved` are ids nothing answers to.

    Large, and so compared by identity: what is worked out of one is kept for it.
    """

    versions: tuple[VersionRow, ...]
    snapshots: tuple[SnapshotRow, ...]
    edges: tuple[tuple[str, str], ...]
    unresolved: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether nothing is missing that could still be recorded."""
        made = [row.transformation for row in self.versions] + [row.transformation for row in self.snapshots]
        return not self.unresolved and None not in made


@dataclass(frozen=True)
class VersionFile:
    """A file and the version it belongs to."""

    version_id: str
    file: File


def shard_name(number: int) -> str:
    """The name of a shard."""
    return f"shard-{number:05d}"


@dataclass(frozen=True)
class ShardRow:
    """One shard of a corpus version, as counted when it was packed."""

    version_id: str
    shard: int
    name: str
    documents: int
    tokens: int
    stored_tokens: int


@dataclass(frozen=True)
class TermsRow:
    """What is believed about the records that carry a terms number."""

    number: int
    statement: Mapping[str, Any]
    ledger_index: int

    @property
    def rights(self) -> RightsRow:
        """The same in short."""
        said = self.statement
        doubt = Doubt._make(said.get(name) for name in Doubt._fields)
        share = said["licence"], said["consent_basis"], said["personal_data"]
        derived = "parents" in said or "derived_from" in said
        return RightsRow(share, self.ledger_index, doubt if doubt.open else None, derived)


class Doubt(NamedTuple):
    """What a statement says of a licence that is not known, or of terms that begin or end."""

    source: str
    licence_status: str
    licence_note: str | None
    declared: str | None
    valid_from: str | None
    valid_to: str | None

    @property
    def unresolved(self) -> bool:
        """Whether the licence is not known."""
        return self.licence_status in ("ambiguous", "unknown")

    @property
    def open(self) -> bool:
        """Whether there is anything to doubt."""
        return self.unresolved or bool(self.valid_from or self.valid_to)


class RightsRow(NamedTuple):
    """What is believed about a terms number, as far as a trace counts it: tens of thousands fit in a reader's memory.

    `share` is (licence, consent basis, personal-data class), one value for all that say the same. What is `derived` counts
    only together with what it was made from.
    """

    share: tuple[str, str, str]
    ledger_index: int
    doubt: Doubt | None
    derived: bool


@dataclass(frozen=True)
class OverlayRow:
    """Terms that replace those of a source, a terms number, a key range, a document or a data subject."""

    id: int
    statement: Mapping[str, Any]
    recorded_at: datetime
    ledger_index: int
    source: str | None = None
    terms: int | None = None
    key_from: int | None = None
    key_to: int | None = None
    document: int | None = None
    subject: bytes | None = None
    other_hashes: tuple[bytes, ...] = ()
    withdrawal: int | None = None

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """The data subject under every key."""
        return () if self.subject is None else (self.subject, *self.other_hashes)


@dataclass(frozen=True)
class Reinstatement:
    """What lifted a row of the overlay, and from when on."""

    reason: str
    author: str
    effective: datetime
    recorded_at: datetime
    ledger_index: int


@dataclass(frozen=True)
class LaidRow:
    """A row of the overlay with all that was recorded of it."""

    id: int
    withdrawal: int | None
    source: str | None
    terms: int | None
    key_from: int | None
    key_to: int | None
    document: int | None
    subject: bytes | None
    subject_key: str | None
    statement: Mapping[str, Any]
    reason: str
    author: str
    valid_from: datetime
    valid_to: datetime | None
    recorded_at: datetime
    ledger_index: int
    reinstated: Reinstatement | None


@dataclass(frozen=True)
class TrainingRow:
    """A training run: the release it read, and the model that came out at `ended_at`."""

    run_id: str
    release_id: str
    job: str
    model: str
    model_version: str
    details: Mapping[str, Any]
    ended_at: datetime
    recorded_at: datetime
    ledger_index: int


@dataclass(frozen=True)
class RequestStepRow:
    """What was done about a request; `due` is the last day from then on, where that changed."""

    action: Action
    author: str
    note: str
    withdrawal: str | None
    due: date | None
    recorded_at: datetime
    ledger_index: int


@dataclass(frozen=True)
class RequestRow:
    """A request as it came in, with the steps since, oldest first."""

    id: int
    kind: str
    jurisdiction: str
    received_at: date
    due: date
    rule: Mapping[str, Any]
    subject: bytes | None
    subject_key: str | None
    name: str | None
    about: str
    author: str
    recorded_at: datetime
    ledger_index: int
    steps: tuple[RequestStepRow, ...]


@dataclass(frozen=True)
class WithdrawalRow:
    """A withdrawal; `standing` are its rows of the overlay that were not lifted, `lifted` counts the others."""

    id: int
    kind: str
    reason: str
    author: str
    effective: datetime
    request: str | None
    erase: bool
    covers: Sequence[Mapping[str, Any]]
    documents: int
    tokens: int
    shards: int
    recorded_at: datetime
    ledger_index: int
    standing: Sequence[int]
    lifted: int


@dataclass(frozen=True)
class LeafRow:
    """A ledger entry; salt and payload are None once erased."""

    index: int
    leaf_hash: bytes
    salt: bytes | None = field(repr=False)
    payload: bytes | None = field(repr=False)
    run_id: str | None
    kind: str
    recorded_at: datetime


@dataclass(frozen=True)
class CheckpointRow:
    """A signed statement that the ledger had `size` entries under `root`."""

    size: int
    root: bytes
    note: str
    recorded_at: datetime
