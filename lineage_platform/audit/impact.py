"""Which shards hold what was asked about: the walk from a source, terms, a document or a data subject to shards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from datetime import datetime
from types import TracebackType
from typing import LiteralString, Self

from lineage_platform.audit.answers import Copy, CorpusImpact, Gap, Impact, ShardImpact
from lineage_platform.audit.index import Index
from lineage_platform.audit.lookup import document_key, shards_dataset
from lineage_platform.audit.needs import Catalog, Files
from lineage_platform.audit.provenance import direct_way
from lineage_platform.audit.rights import Rights, Statement, documents_of
from lineage_platform.catalog.rows import SnapshotRow, VersionFile, VersionRow
from lineage_platform.errors import NotFound
from lineage_platform.model.definitions import Source
from lineage_platform.model.keys import snapshot_of

_BY_SNAPSHOT: LiteralString = """
    SELECT shard, snapshot, sum(documents)::BIGINT, sum(tokens)::BIGINT FROM read_parquet($files)
    WHERE snapshot IN (SELECT unnest($snapshots::INTEGER[])) GROUP BY ALL
"""
_BY_TERMS: LiteralString = """
    SELECT shard, snapshot, sum(documents)::BIGINT, sum(tokens)::BIGINT FROM read_parquet($files)
    WHERE terms IN (SELECT unnest($terms::BIGINT[])) GROUP BY ALL
"""
# What the overlay changes: the documents it brings under the terms asked about, less those it takes out.
_BY_OVERLAY: LiteralString = """
    SELECT shard, snapshot, sum(sign)::BIGINT, sum(sign * tokens)::BIGINT FROM (
        SELECT *, list_contains($overlays::BIGINT[], overlay)::INTEGER
                  - list_contains($terms::BIGINT[], terms)::INTEGER AS sign
        FROM placements($files) WHERE overlay IS NOT NULL
    ) WHERE sign <> 0 GROUP BY ALL
"""
_BY_DOCUMENT: LiteralString = """
    SELECT shard, snapshot, count(*), sum(tokens)::BIGINT FROM placements($files)
    WHERE document IN (SELECT unnest($documents::BIGINT[])) GROUP BY ALL
"""
_SURVIVORS: LiteralString = """
    SELECT DISTINCT child, parent FROM read_parquet($files)
    WHERE kind = 'duplicate-of' AND child IN (SELECT unnest($documents::BIGINT[])) ORDER BY ALL
"""
_PLACES: LiteralString = """
    SELECT document, shard, count(*), sum(tokens)::BIGINT FROM read_parquet($files)
    WHERE document IN (SELECT unnest($documents::BIGINT[])) GROUP BY ALL ORDER BY ALL
"""
_EXISTS: LiteralString = """
    SELECT document FROM read_parquet($files, union_by_name = true) WHERE document = $document LIMIT 1
"""
_TERMS: LiteralString = "SELECT DISTINCT terms FROM read_parquet($files)"

Hit = tuple[int, int, int, int]
"""(shard, snapshot number, documents, tokens)"""


class Inquiry:
    """Questions over all corpora at one moment: their current versions, or with `every` all they ever had.

    with Inquiry(catalog, files, every=False, as_of=None) as inquiry:
        print(inquiry.source("alpaca").to_dict())
    """

    def __init__(self, catalog: Catalog, files: Files, every: bool, as_of: datetime | None) -> None:
        self._catalog = catalog
        self._files = files
        self._every = every
        self._as_of = as_of
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(self._catalog.snapshot())
        self._index = self._stack.enter_context(closing(Index(self._files)))
        self._versions: list[VersionRow] = []
        for corpus in self._catalog.corpora():
            dataset = shards_dataset(corpus)
            current = self._catalog.current(dataset)
            chosen = self._catalog.versions_of(dataset) if self._every else [current] if current else []
            self._versions.extend(chosen)
        self._snapshots = {row.number: row for row in self._catalog.snapshots()}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def source(self, source: str, declared: Sequence[Source] | None = ()) -> Impact:
        """Everything from a source. Raises NotFound.

        Sources that were made from it are gaps, as far as `declared` says so; None: what is declared cannot be read.
        """
        snapshots = [row for row in self._snapshots.values() if row.source == source]
        if not snapshots:
            raise NotFound("source with a snapshot", source, {row.source for row in self._snapshots.values()})
        numbers = [row.number for row in snapshots]
        hits = {
            version.id: self._index.ask(_BY_SNAPSHOT, self._of(version, "rollup"), snapshots=numbers)
            for version in self._versions
        }
        return self._answer("source", source, hits, snapshots=numbers, gaps=_derived(source, declared))

    def licence(self, licence: str) -> Impact:
        """Everything whose licence expression names an SPDX licence, or is the expression asked for.

        Unresolved licences in the corpora are gaps: they may hide the one asked about. Raises NotFound.
        """
        return self._by_terms(
            "licence",
            licence,
            lambda statement: mentions(statement["licence"], licence),
            lambda statement: licences_in(statement["licence"]),
        )

    def consent_basis(self, basis: str) -> Impact:
        """Everything on a consent basis, by its short name. Raises NotFound."""
        return self._by_terms(
            "consent_basis",
            basis,
            lambda statement: statement["consent_basis"] == basis,
            lambda statement: {statement["consent_basis"]},
        )

    def document(self, text: str) -> Impact:
        """The places of one document, by its key. Raises InvalidInput, NotFound."""
        key = document_key(text)
        snapshot = self._snapshots.get(snapshot_of(key))
        if snapshot is None or not self._exists(key, snapshot):
            raise NotFound("document", text)
        return self._by_documents(
            "document", text, {version.id: [key] for version in self._versions}, snapshots=[snapshot.number]
        )

    def subject(self, subject: bytes) -> Impact:
        """The documents of one data subject, by the keyed hash; the answer names the hash, never the person."""
        found = {
            version.id: [
                document for _, document in documents_of(self._index, self._documents(version), [subject])
            ]
            for version in self._versions
        }
        return self._by_documents("subject", subject.hex(), found)

    def _by_documents(
        self,
        asked: str,
        value: str,
        documents: Mapping[str, Sequence[int]],
        snapshots: Sequence[int] | None = None,
    ) -> Impact:
        """The places of the documents of each corpus version, and of the survivors of those that were copies."""
        hits = {version.id: self._places(version, documents[version.id]) for version in self._versions}
        copies = [copy for version in self._versions for copy in self._copies(version, documents[version.id])]
        return self._answer(asked, value, hits, snapshots=snapshots, copies=copies)

    def _by_terms(
        self,
        asked: str,
        value: str,
        matches: Callable[[Statement], bool],
        words: Callable[[Statement], set[str]],
    ) -> Impact:
        rights = Rights(self._catalog, self._as_of)
        rights.learn(None)
        terms = [number for number, statement in rights.known.items() if matches(statement)]
        overlays = [number for number, statement in rights.overlays.items() if matches(statement)]
        if not terms and not overlays:
            statements = [*rights.known.values(), *rights.overlays.values()]
            known = {word for statement in statements for word in words(statement)}
            raise NotFound(asked.replace("_", " "), value, known)
        if rights.overlaid:
            rights.lay_over(
                self._index, [item for version in self._versions for item in self._documents(version)]
            )
        hits: dict[str, list[Hit]] = {}
        used: set[int] = set()
        for version in self._versions:
            rollup = self._of(version, "rollup")
            used |= {row[0] for row in self._index.ask(_TERMS, rollup)}
            found = self._index.ask(_BY_TERMS, rollup, terms=terms)
            if rights.overlaid:
                placements = self._of(version, "placements-by-document")
                found += self._index.ask(_BY_OVERLAY, placements, terms=terms, overlays=overlays)
            hits[version.id] = found
        unresolved = rights.gaps((number, None) for number in used) if asked == "licence" else []
        return self._answer(asked, value, hits, gaps=unresolved)

    def _answer(
        self,
        asked: str,
        value: str,
        hits: Mapping[str, Sequence[Hit]],
        snapshots: Sequence[int] | None = None,
        gaps: Sequence[Gap] = (),
        copies: Sequence[Copy] = (),
    ) -> Impact:
        """Hits summed by shard and corpus version; `snapshots` default to those of the hits."""
        corpora = []
        met: set[int] = set()
        for version in self._versions:
            by_shard: dict[int, list[int]] = {}
            for shard, snapshot, documents, tokens in hits[version.id]:
                met.add(snapshot)
                counts = by_shard.setdefault(shard, [0, 0])
                counts[0] += documents
                counts[1] += tokens
            names = self._names(version)
            shards = tuple(
                ShardImpact(names.get(shard, f"shard-number/{shard}"), documents, tokens)
                for shard, (documents, tokens) in sorted(by_shard.items())
                if documents
            )
            if shards:
                corpora.append(
                    CorpusImpact(
                        corpus=_corpus(version),
                        version=version.id,
                        shards=shards,
                        documents=sum(item.documents for item in shards),
                        tokens=sum(item.tokens for item in shards),
                    )
                )
        named = sorted(met if snapshots is None else snapshots)
        unknown = [
            Gap(
                "unresolved-id",
                f"snapshot-number/{number}",
                "documents carry a snapshot number that is not recorded",
            )
            for number in named
            if number not in self._snapshots
        ]
        return Impact(
            asked=asked,
            value=value,
            snapshots=tuple(self._snapshots[number].id for number in named if number in self._snapshots),
            corpora=tuple(corpora),
            gaps=(*gaps, *unknown),
            copies=tuple(copies),
        )

    def _copies(self, version: VersionRow, documents: Sequence[int]) -> list[Copy]:
        """Those of `documents` that were dropped for a copy which is in the shards, with its places."""
        way = direct_way(self._catalog.upstream(version.id), version)
        derivations = self._catalog.files([row.id for row in way.versions], "derivations")
        survivors = self._index.ask(_SURVIVORS, derivations, documents=list(documents)) if documents else []
        if not survivors:
            return []
        names = self._names(version)
        placed: dict[int, list[ShardImpact]] = {}
        for survivor, shard, count, tokens in self._index.ask(
            _PLACES,
            self._of(version, "placements-by-document"),
            documents=sorted({survivor for _, survivor in survivors}),
        ):
            name = names.get(shard, f"shard-number/{shard}")
            placed.setdefault(survivor, []).append(ShardImpact(name, count, tokens))
        return [
            Copy(str(document), str(survivor), _corpus(version), version.id, tuple(placed[survivor]))
            for document, survivor in survivors
            if survivor in placed
        ]

    def _names(self, version: VersionRow) -> dict[int, str]:
        return {row.shard: row.name for row in self._catalog.shards(version.id)}

    def _of(self, version: VersionRow, role: str) -> list[VersionFile]:
        return self._catalog.files([version.id], role)

    def _documents(self, version: VersionRow) -> list[VersionFile]:
        upstream = self._catalog.upstream(version.id)
        return self._catalog.files([row.id for row in upstream.versions], "documents")

    def _places(self, version: VersionRow, documents: Sequence[int]) -> list[Hit]:
        placements = self._of(version, "placements-by-document")
        if not documents:
            return []
        return self._index.ask(_BY_DOCUMENT, placements, documents=list(documents))

    def _exists(self, key: int, snapshot: SnapshotRow) -> bool:
        """Whether a record of that key was ever read, as a document or as one that could not become one."""
        read = [row.id for row in self._catalog.versions_of(f"documents/{snapshot.source}")]
        files = self._catalog.files(read, "documents") + self._catalog.files(read, "decisions")
        return bool(self._index.ask(_EXISTS, files, document=key))


def _derived(source: str, declared: Sequence[Source] | None) -> list[Gap]:
    """A gap for every source that was made from `source`, at first or at second hand."""
    if declared is None:
        note = "the workspace's YAML has errors, so that sources derived from this one are not known"
        return [Gap("definition-invalid", source, note)]
    met = {source}
    ahead = [source]
    gaps = []
    while ahead:
        parent = ahead.pop(0)
        for child in sorted(
            item.id for item in declared if parent in item.derived_from and item.id not in met
        ):
            met.add(child)
            ahead.append(child)
            note = f"{child} declares that it was derived from {parent}; ask for its impact too, it is not counted here"
            gaps.append(Gap("derived-source", child, note))
    return gaps


def _corpus(version: VersionRow) -> str:
    return version.dataset.removesuffix(shards_dataset(""))


def licences_in(expression: str) -> set[str]:
    """The licence and exception ids that an SPDX expression names."""
    words = expression.replace("(", " ").replace(")", " ").split()
    return {word for word in words if word.upper() not in ("AND", "OR", "WITH")}


def mentions(expression: str, licence: str) -> bool:
    """Whether an SPDX expression names a licence, or is the expression asked for; ids are compared without case."""
    if len(licence.split()) > 1:
        return " ".join(expression.split()).casefold() == " ".join(licence.split()).casefold()
    return licence.casefold() in {name.casefold() for name in licences_in(expression)}
