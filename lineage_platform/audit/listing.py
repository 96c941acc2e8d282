"""What there is: sources with their terms, shards with their files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lineage_platform.audit.answers import Answer, plain
from lineage_platform.audit.lookup import corpus_version
from lineage_platform.audit.needs import Catalog, Files
from lineage_platform.audit.quarantine import in_quarantine
from lineage_platform.audit.rights import Statement
from lineage_platform.model.definitions import Source
from lineage_platform.model.when import When


@dataclass(frozen=True)
class SourceEntry:
    """A source as declared and as last seen; what was never observed is None.

    `declared` is the licence as the steward wrote it, `licence` what it was resolved to. `in_workspace` is False for a
    source that was observed once and is no longer declared.
    """

    source: str
    title: str | None
    format: str | None
    steward: str | None
    declared: str | None
    licence: str
    licence_status: str
    consent_basis: str
    personal_data: str
    snapshot: str | None
    files: int | None
    bytes: int | None
    documents: int | None
    in_workspace: bool


@dataclass(frozen=True)
class SourceList(Answer):
    """All sources by id: `lineage sources`."""

    sources: tuple[SourceEntry, ...]

    def rows(self) -> list[dict[str, Any]]:
        """One row a source."""
        return [plain(entry) for entry in self.sources]


@dataclass(frozen=True)
class ShardFile:
    """A file of a shard: `path` is where its bytes are, read only."""

    name: str
    role: str
    path: str
    sha256: str
    bytes: int


@dataclass(frozen=True)
class ShardEntry:
    """A shard; `stored_tokens` counts end-of-document tokens too. `quarantined` are the withdrawals of what it holds."""

    shard: str
    documents: int
    tokens: int
    stored_tokens: int
    files: tuple[ShardFile, ...]
    quarantined: tuple[str, ...]


@dataclass(frozen=True)
class ShardList(Answer):
    """The shards of one corpus version: `lineage shards`."""

    corpus: str
    version: str
    documents: int
    tokens: int
    shards: tuple[ShardEntry, ...]

    def rows(self) -> list[dict[str, Any]]:
        """One row for each file of each shard."""
        return [
            {
                "shard": entry.shard,
                "documents": entry.documents,
                "tokens": entry.tokens,
                "quarantined": ", ".join(entry.quarantined),
                **plain(file),
            }
            for entry in self.shards
            for file in entry.files
        ]


def list_shards(catalog: Catalog, files: Files, corpus: str, version: str | None) -> ShardList:
    """Raises NotFound."""
    with catalog.snapshot():
        found = corpus_version(catalog, corpus, version)
        shards = catalog.shards(found.id)
        quarantine = in_quarantine(catalog, found.id)
        by_shard: dict[str, list[ShardFile]] = {}
        for item in catalog.files([found.id]):
            file = item.file
            stem = file.name.partition(".")[0]
            described = ShardFile(file.name, file.role, str(files.path(file)), file.sha256, file.bytes)
            by_shard.setdefault(stem, []).append(described)
    entries = tuple(
        ShardEntry(
            row.name,
            row.documents,
            row.tokens,
            row.stored_tokens,
            tuple(by_shard.get(row.name, ())),
            quarantine.of(row.shard),
        )
        for row in shards
    )
    return ShardList(
        corpus, found.id, sum(row.documents for row in shards), sum(row.tokens for row in shards), entries
    )


def list_sources(
    catalog: Catalog | None, declared: Sequence[Source], statements: Mapping[str, Statement]
) -> SourceList:
    """Sources of the workspace and of the catalog (None: nothing was recorded yet).

    `statements` are the terms of the declared sources themselves; the catalog's overlay goes before them.
    """
    defined = {source.id: source for source in declared}
    terms = dict(statements)
    if catalog is not None:
        with catalog.snapshot():
            numbers = {}
            for row in catalog.terms(When()).values():
                if row.statement["declared"] is None:
                    terms.setdefault(row.statement["source"], row.statement)
                    numbers[row.number] = row.statement["source"]
            overlay = catalog.overlay(When())
            terms |= {row.source: row.statement for row in overlay if row.source is not None}
            terms |= {numbers[row.terms]: row.statement for row in overlay if row.terms in numbers}
            names = {row.source for row in catalog.snapshots()} | set(defined)
            entries = [_entry(catalog, name, defined.get(name), terms.get(name)) for name in names]
    else:
        entries = [_entry(None, name, source, terms.get(name)) for name, source in defined.items()]
    return SourceList(tuple(sorted(entries, key=lambda entry: entry.source)))


def _entry(
    catalog: Catalog | None, name: str, source: Source | None, statement: Statement | None
) -> SourceEntry:
    snapshot = catalog.current_snapshot(name) if catalog is not None else None
    documents = catalog.current(f"documents/{name}") if catalog is not None else None
    said = statement or {}
    return SourceEntry(
        source=name,
        title=source.title if source else None,
        format=source.format if source else None,
        steward=source.steward if source else None,
        declared=source.terms_on().licence if source else None,
        licence=said.get("licence", "NOASSERTION"),
        licence_status=said.get("licence_status", "unknown"),
        consent_basis=said.get("consent_basis", "unknown"),
        personal_data=said.get("personal_data", "unknown"),
        snapshot=snapshot.id if snapshot else None,
        files=snapshot.files if snapshot else None,
        bytes=snapshot.bytes if snapshot else None,
        documents=documents.statistics["documents"] if documents else None,
        in_workspace=source is not None,
    )
