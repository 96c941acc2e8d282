"""Answers about where something went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from lineage_platform.audit.answers import (
    Answer,
    Gap,
    ModelUse,
    ReleaseUse,
    plain,
)


class ShardImpact(NamedTuple):
    """What of one shard is concerned."""

    shard: str
    documents: int
    tokens: int


@dataclass(frozen=True)
class CorpusImpact:
    """What of one corpus version is concerned; its shards sum to it. `quarantined` are those of them that are in quarantine."""

    corpus: str
    version: str
    shards: tuple[ShardImpact, ...]
    documents: int
    tokens: int
    quarantined: tuple[str, ...] = ()


@dataclass(frozen=True)
class Copy:
    """A document asked about that was dropped as a duplicate, and where the survivor, its text with it, is."""

    document: str
    survivor: str
    corpus: str
    version: str
    shards: tuple[ShardImpact, ...]


@dataclass(frozen=True)
class Child:
    """A document that was made from `parent`, which was asked about or was itself made from what was, and where it is."""

    document: str
    parent: str
    kind: str
    corpus: str
    version: str
    shards: tuple[ShardImpact, ...]


@dataclass(frozen=True)
class Impact(Answer):
    """Which shards hold what was asked about; `asked` is source, licence, consent_basis, document or subject.

    `copies` are the texts of a document or subject that live on in a document of somebody else, `children` what was made from them; no
    sum counts either.
    """

    asked: str
    value: str
    snapshots: tuple[str, ...]
    corpora: tuple[CorpusImpact, ...]
    gaps: tuple[Gap, ...]
    copies: tuple[Copy, ...] = ()
    children: tuple[Child, ...] = ()
    releases: tuple[ReleaseUse, ...] = ()
    models: tuple[ModelUse, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON contract: its first key is what was asked."""
        answer = super().to_dict()
        return {answer.pop("asked"): answer.pop("value"), **answer}

    def rows(self) -> list[dict[str, Any]]:
        """One row for each shard."""
        return [
            {"corpus": corpus.corpus, "version": corpus.version, **plain(shard)}
            for corpus in self.corpora
            for shard in corpus.shards
        ]
