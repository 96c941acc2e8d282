"""Which shards hold what was asked about: the walk from a source, terms, a document or a data subject to shards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from types import TracebackType
from typing import LiteralString, Self

from lineage_platform.audit.answers import Gap
from lineage_platform.audit.consumers import consumers_of
from lineage_platform.audit.expressions import licences_in, mentions
from lineage_platform.audit.followed import Followed, corpus_of, name_of, names_of
from lineage_platform.audit.impacted import Child, Copy, CorpusImpact, Impact, ShardImpact
from lineage_platform.audit.index import Index
from lineage_platform.audit.lookup import document_key, shards_dataset, was_read
from lineage_platform.audit.needs import Catalog, Files
from lineage_platform.audit.quarantine import in_quarantine
from lineage_platform.audit.rights import Rights, Statement, documents_of
from lineage_platform.catalog.rows import VersionFile, VersionRow
from lineage_platform.errors import NotFound
from lineage_platform.model.definitions import Source
from lineage_platform.model.keys import key_range, snapshot_of
from lineage_platform.model.subjects import SubjectHash
from lineage_platform.model.when import When

_BY_SNAPSHOT: LiteralString = """
    SELECT shard, snapshot, documents, tokens FROM read_parquet($files)
    WHERE snapshot BETWEEN $first AND $last AND list_contains($snapshots::INTEGER[], snapshot)
"""
_SUMS: LiteralString = """
    SELECT shard, sum(documents)::BIGINT, sum(tokens)::BIGINT FROM read_parquet($files)
    WHERE snapshot BETWEEN $first AND $last AND list_contains($snapshots::INTEGER[], snapshot)
    GROUP BY shard HAVING sum(documents) <> 0 ORDER BY shard
"""
# How many documents of each snapshot carry the terms asked about, and how many there are.
_SHARES: LiteralString = """
    SELECT snapshot, coalesce(sum(documents) FILTER (terms IN (SELECT unnest($terms::BIGINT[]))), 0)::BIGINT AS found,
           sum(documents)::BIGINT FROM read_parquet($files) GROUP BY snapshot
"""
_BY_TERMS: LiteralString = """
    SELECT shard, snapshot, count(*), sum(tokens)::BIGINT FROM placements($files)
    WHERE list_contains($snapshots::BIGINT[], snapshot) AND terms IN (SELECT unnest($terms::BIGINT[])) GROUP BY ALL
"""
_COVERED: LiteralString = (
    "SELECT DISTINCT terms, overlay FROM placements($files) WHERE overlay IS NOT NULL ORDER BY ALL"
)
# What the overlay changes: the documents it brings under the terms asked about, less those it takes out.
_BY_OVERLAY: LiteralString = """
    SELECT shard, snapshot, sum(sign)::BIGINT, sum(sign * tokens)::BIGINT FROM (
        SELECT *, ((terms, overlay) IN (SELECT (unnest($numbers::BIGINT[]), unnest($overlays::BIGINT[]))))::INTEGER
                  - list_contains($terms::BIGINT[], terms)::INTEGER AS sign
        FROM placements($files) WHERE overlay IS NOT NULL
    ) WHERE sign <> 0 GROUP BY ALL
"""
_BY_DOCUMENT: LiteralString = """
    SELECT shard, snapshot, count(*), sum(tokens)::BIGINT FROM placements($files)
    WHERE document BETWEEN $first AND $last AND list_contains($documents::BIGINT[], document) GROUP BY ALL
"""
_TERMS: LiteralString = "SELECT DISTINCT terms FROM read_parquet($files)"

Hit = tuple[int, int, int, int]
"""(shard, snapshot number, documents, tokens)"""

Sums = Sequence[Sequence[int]]
"""Three columns (shards in order, documents, tokens) where there are documents; or nothing."""


class Inquiry:
    """Questions over all corpora at one moment: their current versions, or with `every` all they ever had.

    with Inquiry(catalog, files, every=False, when=When()) as inquiry:
        print(inquiry.source("alpaca").to_dict())
    """

    def __init__(self, catalog: Catalog, files: Files, every: bool, when: When) -> None:
        self._catalog = catalog
        self._files = files
        self._every = every
        self._when = when
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
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def source(self, source: str, declared: Sequence[Source] | None = ()) -> Impact:
        """Everything from a source. Raises NotFound.

        Sources that were made from it are gaps, as far as `declared` says so; None: what is declared cannot be read.
        """
        snapshots = self._catalog.snapshots(source)
        if not snapshots:
            raise NotFound(
                "source with a snapshot", source, {row.source for row in self._catalog.snapshots()}
            )
        numbers = [row.number for row in snapshots]
        sums = {version.id: self._sums_of(version, numbers) for version in self._versions}
        return self._answer("source", source, sums, numbers, gaps=derived_gaps(source, declared))

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
        snapshot = next(iter(self._catalog.snapshots(numbers=[snapshot_of(key)])), None)
        asked = {version.id: [key] for version in self._versions}
        hits = {version.id: self._places(version, [key]) for version in self._versions}
        if snapshot is None or not (any(hits.values()) or was_read(self._catalog, self._index, key)):
            raise NotFound("document", text)
        return self._by_documents("document", text, asked, hits, snapshots=[snapshot.number])

    def subject(self, subject: SubjectHash) -> Impact:
        """The documents of one data subject, by the keyed hashes; the answer names the newest hash, never the person."""
        found = {
            version.id: [
                document for _, document in documents_of(self._index, self._documents(version), subject.all)
            ]
            for version in self._versions
        }
        hits = {version.id: self._places(version, found[version.id]) for version in self._versions}
        return self._by_documents("subject", subject.hash.hex(), found, hits)

    def _by_documents(
        self,
        asked: str,
        value: str,
        documents: Mapping[str, Sequence[int]],
        hits: Mapping[str, Sequence[Hit]],
        snapshots: Sequence[int] | None = None,
    ) -> Impact:
        """The places of the documents of each corpus version, of the survivors of those that were copies, and of what was
        made from them."""
        followed = Followed(self._catalog, self._index)
        each = [(version, documents[version.id]) for version in self._versions]
        copies = [copy for version, keys in each for copy in followed.copies(version, keys)]
        children = [child for version, keys in each for child in followed.children(version, keys)]
        return self._answer(
            asked, value, _sums(hits), snapshots or _met(hits), copies=copies, children=children
        )

    def _by_terms(
        self,
        asked: str,
        value: str,
        matches: Callable[[Statement], bool],
        words: Callable[[Statement], set[str]],
    ) -> Impact:
        rights = Rights(self._catalog, self._when)
        intervals = rights.lay_over(
            self._index, lambda: [item for version in self._versions for item in self._documents(version)]
        )
        rights.learn(None)
        terms = [number for number, statement in rights.known.items() if matches(statement)]
        overlays = [number for number, statement in rights.overlays.items() if matches(statement)]
        if not terms and not overlays:
            statements = [*rights.known.values(), *rights.overlays.values()]
            known = {word for statement in statements for word in words(statement)}
            raise NotFound(asked.replace("_", " "), value, known)
        hits: dict[str, list[Hit]] = {}
        used: set[int] = set()
        for version in self._versions:
            if asked == "licence":
                used |= {row[0] for row in self._index.ask(_TERMS, self._of(version, "terms-by-snapshot"))}
            hits[version.id] = self._with_terms(version, terms)
            if intervals:
                within = [(item.first, item.last) for item in intervals]
                placements = self._of(version, "placements-by-document", within)
                hits[version.id] += self._covered(rights, placements, matches, terms)
        unresolved = rights.gaps((number, None) for number in used)
        return self._answer(asked, value, _sums(hits), _met(hits), gaps=unresolved)

    def _covered(
        self,
        rights: Rights,
        placements: Sequence[VersionFile],
        matches: Callable[[Statement], bool],
        terms: Sequence[int],
    ) -> list[Hit]:
        """What the overlay changes of the documents with some terms: fewer than none where it takes some out."""
        rules = [(number, overlay) for number, overlay in self._index.ask(_COVERED, placements)]
        under = [rule for rule in rules if (found := rights.statement(rule)) is not None and matches(found)]
        numbers, overlays = [number for number, _ in under], [overlay for _, overlay in under]
        return self._index.ask(_BY_OVERLAY, placements, terms=terms, numbers=numbers, overlays=overlays)

    def _answer(
        self,
        asked: str,
        value: str,
        sums: Mapping[str, Sums],
        snapshots: Sequence[int],
        gaps: Sequence[Gap] = (),
        copies: Sequence[Copy] = (),
        children: Sequence[Child] = (),
    ) -> Impact:
        """`sums` by corpus version. A source can be in a hundred thousand shards: no loop of ours goes over them."""
        corpora = []
        for version in self._versions:
            if sums[version.id] and sums[version.id][0]:
                numbers, documents, tokens = sums[version.id]
                last = self._catalog.last_shard(version.id)
                names = names_of(numbers, last)
                held = in_quarantine(self._catalog, version.id).shards
                corpora.append(
                    CorpusImpact(
                        corpus=corpus_of(version),
                        version=version.id,
                        shards=tuple(map(ShardImpact._make, zip(names, documents, tokens, strict=True))),
                        documents=sum(documents),
                        tokens=sum(tokens),
                        quarantined=tuple(name_of(number, last) for number in numbers if number in held)
                        if held
                        else (),
                    )
                )
        named = sorted(snapshots)
        known = {row.number: row.id for row in self._catalog.snapshots(numbers=named)}
        unknown = [
            Gap(
                "unresolved-id",
                f"snapshot-number/{number}",
                "documents carry a snapshot number that is not recorded",
            )
            for number in named
            if number not in known
        ]
        asked_about = [(corpus_of(version), version.id) for version in self._versions]
        hit = {item.version for item in corpora} | {item.version for item in copies}
        hit |= {item.version for item in children if item.shards}
        consumers, others = consumers_of(self._catalog, asked_about, hit)
        return Impact(
            asked=asked,
            value=value,
            snapshots=tuple(known[number] for number in named if number in known),
            corpora=tuple(corpora),
            gaps=(*gaps, *unknown, *others),
            copies=tuple(copies),
            children=tuple(children),
            releases=consumers.releases,
            models=consumers.models,
        )

    def _sums_of(self, version: VersionRow, numbers: Sequence[int]) -> Sums:
        """All documents of some snapshots by shard."""
        sums = self._of(version, "shards-by-snapshot", [(number, number) for number in numbers])
        return self._index.ask_columns(
            _SUMS, sums, snapshots=list(numbers), first=min(numbers), last=max(numbers)
        )

    def _by_snapshots(self, version: VersionRow, numbers: Sequence[int]) -> list[Hit]:
        """All documents of some snapshots, from their sums."""
        if not numbers:
            return []
        sums = self._of(version, "shards-by-snapshot", [(number, number) for number in numbers])
        return self._index.ask(
            _BY_SNAPSHOT, sums, snapshots=list(numbers), first=min(numbers), last=max(numbers)
        )

    def _with_terms(self, version: VersionRow, terms: Sequence[int]) -> list[Hit]:
        """The documents under some terms: sums of the snapshots that are so altogether, and a search through others."""
        whole: list[int] = []
        mixed: list[int] = []
        sums = self._of(version, "terms-by-snapshot")
        for number, found, documents in self._index.ask(_SHARES, sums, terms=terms):
            if found:
                (whole if found == documents else mixed).append(number)
        placements = self._of(version, "placements-by-document", [key_range(number) for number in mixed])
        return self._by_snapshots(version, whole) + self._index.ask(
            _BY_TERMS, placements, snapshots=mixed, terms=terms
        )

    def _of(
        self, version: VersionRow, role: str, within: Sequence[tuple[int, int]] | None = None
    ) -> list[VersionFile]:
        return self._catalog.files([version.id], role, within)

    def _documents(self, version: VersionRow) -> list[VersionFile]:
        upstream = self._catalog.upstream(version.id)
        return self._catalog.files([row.id for row in upstream.versions], "documents")

    def _places(self, version: VersionRow, documents: Sequence[int]) -> list[Hit]:
        """Placements of some documents."""
        if not documents:
            return []
        placements = self._of(version, "placements-by-document", [(key, key) for key in documents])
        return self._index.ask(
            _BY_DOCUMENT,
            placements,
            documents=list(documents),
            first=min(documents),
            last=max(documents),
        )


def derived_gaps(source: str, declared: Sequence[Source] | None) -> list[Gap]:
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


def _sums(hits: Mapping[str, Sequence[Hit]]) -> dict[str, Sums]:
    """Hits of each corpus version summed by shard."""
    found: dict[str, Sums] = {}
    for version, its in hits.items():
        sums: dict[int, tuple[int, int]] = {}
        for shard, _, documents, tokens in its:
            had = sums.get(shard, (0, 0))
            sums[shard] = (had[0] + documents, had[1] + tokens)
        counted = sorted((shard, *counts) for shard, counts in sums.items() if counts[0])
        found[version] = tuple(zip(*counted, strict=True))
    return found


def _met(hits: Mapping[str, Sequence[Hit]]) -> list[int]:
    """The snapshots of hits."""
    return list({snapshot for its in hits.values() for _, snapshot, _, _ in its})
