"""What a withdrawal would do: what it covers, which shards, releases and models have it, what would come back, what must not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from types import TracebackType
from typing import LiteralString, Self

from lineage_platform.audit.answers import Gap
from lineage_platform.audit.expressions import licences_in, mentions
from lineage_platform.audit.impact import derived_gaps
from lineage_platform.audit.index import Index
from lineage_platform.audit.lookup import shards_dataset, was_read
from lineage_platform.audit.needs import Catalog, Files
from lineage_platform.audit.provenance import ancestry, direct_way
from lineage_platform.audit.reach import Reach, Tables, merged, runs
from lineage_platform.audit.rights import Rights, documents_of
from lineage_platform.catalog.rows import OverlayRow, SnapshotRow, VersionFile, VersionRow
from lineage_platform.errors import NotFound
from lineage_platform.model.definitions import Source
from lineage_platform.model.keys import snapshot_of
from lineage_platform.model.overlay import Cover
from lineage_platform.model.subjects import SubjectHash
from lineage_platform.model.when import When
from lineage_platform.model.withdrawals import Hits, Refusal

_RECORDS: LiteralString = """
    SELECT DISTINCT document, record_id, sha256 FROM read_parquet($files)
    WHERE document IN (SELECT unnest($documents::BIGINT[])) ORDER BY ALL
"""


@dataclass(frozen=True)
class Plan:
    """What is covered, and what has it, in the corpus versions that are current or released (`examined`).

    `children` were made from what was asked for. Where it was asked for: `restored` are clusters of duplicates of which another copy
    would stay, `remaining` are copies whose text lives on in a document of somebody else.
    """

    covers: tuple[Cover, ...]
    refusals: tuple[Refusal, ...]
    hits: tuple[Hits, ...]
    examined: tuple[VersionRow, ...]
    children: int
    restored: int | None
    remaining: int | None
    gaps: tuple[Gap, ...]


@dataclass(frozen=True)
class _Asked:
    """What was asked for, before what was made from it."""

    covers: tuple[Cover, ...]
    reach: Reach
    documents: tuple[int, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    gaps: tuple[Gap, ...] = ()


class Planner:
    """Plans at one moment of the catalog; with `duplicates` what becomes of them is counted, which takes longer than all else.

    with Planner(catalog, files) as planner:
        plan = planner.source("press", declared=workspace.sources)
    """

    def __init__(
        self, catalog: Catalog, files: Files, *, keep_children: bool = False, duplicates: bool = False
    ) -> None:
        self._catalog, self._files = catalog, files
        self._keep_children, self._duplicates = keep_children, duplicates
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(self._catalog.snapshot())
        self._index = self._stack.enter_context(closing(Index(self._files)))
        self._tables = Tables(self._catalog, self._index)
        released = {row.made_of for row in self._catalog.releases()}
        self._versions: list[VersionRow] = []
        for corpus in self._catalog.corpora():
            current = self._catalog.current(shards_dataset(corpus))
            wanted = released | ({current.id} if current else set())
            found = self._catalog.versions_of(shards_dataset(corpus))
            self._versions += [row for row in found if row.id in wanted]
        self._snapshots = {row.number: row for row in self._catalog.snapshots()}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def source(self, source: str, declared: Sequence[Source] | None = ()) -> Plan:
        """Everything from a source, which may be unknown yet."""
        numbers = frozenset(row.number for row in self._of(source))
        gaps = derived_gaps(source, declared)
        if not numbers:
            known = {row.source for row in self._snapshots.values()}
            gaps.append(Gap("never-seen", source, f"no record of it was read; {_nearest(source, known)}"))
        asked = _Asked(
            (Cover(source=source),),
            Reach(snapshots=numbers),
            refusals=(Refusal(source),),
            gaps=tuple(gaps),
        )
        return self._plan(asked)

    def documents(self, keys: Collection[int]) -> Plan:
        """Documents by their keys. Raises NotFound for one that was never read."""
        wanted = sorted(set(keys))
        refusals = self._refusals(wanted)
        for key in sorted(set(wanted) - refusals.keys()):
            if not was_read(self._catalog, self._index, key):
                raise NotFound("document", str(key))
        asked = _Asked(
            tuple(Cover(document=key) for key in wanted),
            Reach(ranges=tuple((key, key) for key in wanted)),
            tuple(wanted),
            tuple(refusals.values()),
        )
        return self._plan(asked)

    def subject(self, subject: SubjectHash) -> Plan:
        """The documents of a data subject, who may be unknown yet."""
        files = self._catalog.files(self._everything(), "documents")
        found = sorted({document for _, document in documents_of(self._index, files, subject.all)})
        gaps = () if found else (Gap("never-seen", subject.hash.hex(), "no document of theirs was read"),)
        asked = _Asked(
            (Cover.of_subject(subject),),
            Reach(ranges=tuple((key, key) for key in found)),
            tuple(found),
            tuple(self._refusals(found).values()),
            gaps,
        )
        return self._plan(asked)

    def licence(self, licence: str) -> Plan:
        """Everything whose licence names `licence`, as is believed now. Raises NotFound.

        Where the overlay replaced the terms of a source, a range, a document or a subject by such, that is covered in its place.
        """
        rights = Rights(self._catalog, When())
        rights.learn(None)
        stated = {row.number: row.statement for row in self._catalog.terms(When()).values()}
        known = stated if self._keep_children else rights.known
        overlay = self._catalog.overlay(When())
        replaced = {row.source for row in overlay if row.source is not None}
        numbers = [
            number
            for number, statement in known.items()
            if mentions(statement["licence"], licence) and stated[number]["source"] not in replaced
        ]
        rows = [row for row in overlay if mentions(row.statement["licence"], licence)]
        if not numbers and not rows:
            named = {name for item in known.values() for name in licences_in(item["licence"])}
            raise NotFound("licence", licence, named)
        documents = self._catalog.files(self._everything(), "documents")
        reaches = [self._reach_of(row, documents) for row in rows]
        asked = _Asked(
            (*(Cover(terms=number) for number in sorted(numbers)), *map(_cover_of, rows)),
            Reach(
                frozenset(number for item in reaches for number in item.snapshots),
                frozenset(numbers),
                merged(span for item in reaches for span in item.ranges),
            ),
        )
        return self._plan(asked)

    def _reach_of(self, row: OverlayRow, documents: Sequence[VersionFile]) -> Reach:
        if row.source is not None:
            return Reach(snapshots=frozenset(item.number for item in self._of(row.source)))
        if row.document is not None:
            return Reach(ranges=((row.document, row.document),))
        if row.key_from is not None and row.key_to is not None:
            return Reach(ranges=((row.key_from, row.key_to),))
        found = {key for _, key in documents_of(self._index, documents, row.hashes)} if row.hashes else set()
        return Reach(ranges=tuple((key, key) for key in sorted(found)))

    def _of(self, source: str) -> list[SnapshotRow]:
        return [row for row in self._snapshots.values() if row.source == source]

    def _everything(self) -> list[str]:
        """The versions that corpora were made of, and those of documents that are current."""
        made_of = {row.id for version in self._versions for row in self._upstream(version)}
        return sorted(made_of | set(self._catalog.current_documents()))

    def _upstream(self, version: VersionRow) -> tuple[VersionRow, ...]:
        return ancestry(self._catalog.upstream(version.id), version.id).versions

    def _documents_of(self, keys: Sequence[int]) -> list[VersionFile]:
        """The files that hold some documents."""
        sources = sorted(
            {
                self._snapshots[number].source
                for number in set(map(snapshot_of, keys)) & self._snapshots.keys()
            }
        )
        read = [row.id for source in sources for row in self._catalog.versions_of(f"documents/{source}")]
        return self._catalog.files(read, "documents", [(key, key) for key in keys]) if read else []

    def _refusals(self, keys: Sequence[int]) -> dict[int, Refusal]:
        """What is known of each document that there is, so that it does not come back."""
        rows = self._index.ask(_RECORDS, self._documents_of(keys), documents=keys) if keys else []
        return {
            document: Refusal(self._snapshots[snapshot_of(document)].source, record, bytes(digest))
            for document, record, digest in rows
        }

    def _plan(self, asked: _Asked) -> Plan:
        made = self._tables.made_from(asked.reach, self._everything())
        children = sorted(set(made) - set(asked.documents))
        children = [key for key in children if snapshot_of(key) not in asked.reach.snapshots]
        gaps = list(asked.gaps)
        if children and self._keep_children:
            note = f"{len(children):,} documents were made from what is withdrawn, and are kept"
            gaps.append(Gap("children-kept", "parents", note))
            children = []
        reach = replace(asked.reach, ranges=merged([*asked.reach.ranges, *((key, key) for key in children)]))
        covers = [
            Cover(document=first) if first == last else Cover(keys=(first, last))
            for first, last in runs(children)
        ]
        found = [
            hits for version in self._versions if (hits := self._tables.hits(version, reach)) is not None
        ]
        restored, remaining = self._copies(reach) if self._duplicates else (None, None)
        return Plan(
            (*asked.covers, *covers),
            (*asked.refusals, *self._refusals(children).values()),
            tuple(found),
            tuple(self._versions),
            len(children),
            restored,
            remaining,
            tuple(gaps),
        )

    def _copies(self, reach: Reach) -> tuple[int, int]:
        way = {
            row.id
            for version in self._versions
            for row in direct_way(self._catalog.upstream(version.id), version.id).versions
        }
        return self._tables.duplicates(reach, sorted(way))


def _cover_of(row: OverlayRow) -> Cover:
    keys = None if row.key_from is None or row.key_to is None else (row.key_from, row.key_to)
    return Cover(
        source=row.source,
        terms=row.terms,
        keys=keys,
        document=row.document,
        subject=row.subject,
        subject_earlier=row.other_hashes,
    )


def _nearest(name: str, known: Iterable[str]) -> str:
    near = NotFound("source", name, known).nearest
    return f"nearest: {', '.join(near)}" if near else "it is refused when it comes"
