"""Answers about where a shard, a corpus version or a document came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lineage_platform.audit.answers import (
    Answer,
    Evidence,
    Gap,
    ModelUse,
    ReleaseUse,
    SourceShare,
    Step,
    plain,
)


@dataclass(frozen=True)
class ShardTrace(Answer):
    """Where a shard came from: `lineage trace SHARD`. `quarantined` are the withdrawals of what it holds."""

    corpus: str
    version: str
    shard: str
    documents: int
    tokens: int
    sources: tuple[SourceShare, ...]
    transformations: tuple[Step, ...]
    evidence: Evidence
    gaps: tuple[Gap, ...]
    releases: tuple[ReleaseUse, ...] = ()
    models: tuple[ModelUse, ...] = ()
    quarantined: tuple[str, ...] = ()

    def rows(self) -> list[dict[str, Any]]:
        """One row for each source, snapshot and rights."""
        return by_source(self.sources)


@dataclass(frozen=True)
class CorpusTrace(Answer):
    """Where a whole corpus version came from: `lineage trace` without a shard. `quarantined` are the withdrawals of what it holds."""

    corpus: str
    version: str
    shards: int
    documents: int
    tokens: int
    sources: tuple[SourceShare, ...]
    transformations: tuple[Step, ...]
    evidence: Evidence
    gaps: tuple[Gap, ...]
    releases: tuple[ReleaseUse, ...] = ()
    models: tuple[ModelUse, ...] = ()
    quarantined: tuple[str, ...] = ()

    def rows(self) -> list[dict[str, Any]]:
        """One row for each source, snapshot and rights."""
        return by_source(self.sources)


def by_source(sources: Sequence[SourceShare]) -> list[dict[str, Any]]:
    """One row for each source, snapshot and rights."""
    return [
        {"source": source.source, "snapshot": source.snapshot, **plain(terms)}
        for source in sources
        for terms in source.terms
    ]


@dataclass(frozen=True)
class SnapshotFileRef:
    """The file a record came from, by its path in the snapshot and the SHA-256 of its bytes."""

    path: str
    sha256: str
    bytes: int


@dataclass(frozen=True)
class TokenSpan:
    """Where a document's own tokens are in its shard's token stream."""

    offset: int
    count: int


@dataclass(frozen=True)
class DecisionStep:
    """What one dataset version did to the document; a document without a decision row was kept as it was."""

    dataset: str
    version: str
    outcome: str
    reason: str | None
    detail: str | None
    run_id: str
    ledger_index: int


@dataclass(frozen=True)
class Duplicate:
    """Another document with the same or nearly the same text, which this one stands for.

    `rank` says how much its terms restrict (`policy.rights`), lower is better; it `could_replace` the document where it ranks
    no worse. None: nothing was stated about it.
    """

    document: str
    source: str
    snapshot: str
    file: str | None
    record: int | None
    record_id: str | None
    method: str
    terms: Mapping[str, Any] | None
    rank: int | None
    could_replace: bool


@dataclass(frozen=True)
class DerivationStep:
    """child <- parent."""

    child: str
    parent: str
    kind: str
    method: str


@dataclass(frozen=True)
class Signals:
    """What the document's own signals say about training: `effective` is their answer together, `by` are those that
    decided it, under the rules of `rule_version`; `found` are all of them, as `policy.signals.Signal.to_json` has them."""

    effective: str
    by: tuple[str, ...]
    rule_version: str
    found: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Parent:
    """What `child` (the document, or a parent of it) was made from, as its record names it.

    None stands for what is not known: where no document of that name was read, all but the name and the kind.
    """

    child: str
    named: str
    kind: str
    document: str | None
    identity: str | None
    source: str | None
    snapshot: str | None
    terms: Mapping[str, Any] | None


@dataclass(frozen=True)
class PlacementRef:
    """Another place of the same document in the same corpus version."""

    shard: str
    row: int
    token_offset: int
    tokens: int


@dataclass(frozen=True)
class DocumentTrace(Answer):
    """Where one document of a shard came from: `lineage trace SHARD --row N` or `--token N`.

    `rank` is that of its terms, as in `duplicates`; `quarantined` are the withdrawals of what its shard holds.
    """

    corpus: str
    version: str
    shard: str
    row: int
    token_span: TokenSpan
    document: str
    identity: str | None
    source: str
    snapshot: str
    file: SnapshotFileRef | None
    record: int | None
    record_id: str | None
    fields: tuple[str, ...] | None
    text_sha256: str | None
    text: str | None
    terms: Mapping[str, Any] | None
    signals: Signals | None
    decisions: tuple[DecisionStep, ...]
    duplicates: tuple[Duplicate, ...]
    derivations: tuple[DerivationStep, ...]
    parents: tuple[Parent, ...]
    other_placements: tuple[PlacementRef, ...]
    transformations: tuple[Step, ...]
    evidence: Evidence
    gaps: tuple[Gap, ...]
    releases: tuple[ReleaseUse, ...] = ()
    models: tuple[ModelUse, ...] = ()
    rank: int | None = None
    quarantined: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON contract; `text` only where it was asked for."""
        answer = super().to_dict()
        if self.text is None:
            del answer["text"]
        return answer

    def rows(self) -> list[dict[str, Any]]:
        """One row for each decision on the way."""
        return [plain(step) for step in self.decisions]
