"""What a document was made from, and what was made from it: walks over the parents that records name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import LiteralString, NamedTuple

from lineage_platform.audit.answers import Gap
from lineage_platform.audit.index import Index
from lineage_platform.audit.needs import Catalog
from lineage_platform.audit.rights import Rights
from lineage_platform.audit.traced import Parent
from lineage_platform.catalog.rows import Upstream, VersionFile
from lineage_platform.model.keys import snapshot_of

_NAMED: LiteralString = """
    SELECT document, named, kind, parent, parent_identity, parent_terms FROM read_parquet($files)
    WHERE document IN (SELECT unnest($documents::BIGINT[])) ORDER BY ALL
"""
_MADE: LiteralString = """
    SELECT DISTINCT document, parent, kind FROM read_parquet($files)
    WHERE parent IN (SELECT unnest($parents::BIGINT[])) ORDER BY ALL
"""


class Named(NamedTuple):
    """A parent as the record of `child` names it; None where there is no document of that name."""

    child: int
    name: str
    kind: str
    parent: int | None
    identity: bytes | None
    terms: int | None


class Made(NamedTuple):
    """A document that was made from another."""

    child: int
    parent: int
    kind: str


class Ancestry:
    """Walks inside the ancestry of one corpus version (`provenance.ancestry`)."""

    def __init__(self, catalog: Catalog, index: Index, upstream: Upstream) -> None:
        self._catalog, self._index, self._upstream = catalog, index, upstream
        self._versions = [row.id for row in upstream.versions]

    def documents(self) -> list[VersionFile]:
        """All files of documents: of this version, and those that they were made from."""
        return self._catalog.files(self._versions, "documents")

    def named_by(self, document: int) -> list[Named]:
        """The parents of a document and of its parents, nearest first."""
        found: list[Named] = []
        met, ahead = {document}, [document]
        while ahead:
            files = self._catalog.files(self._versions, "parents", [(key, key) for key in ahead])
            rows = [Named._make(row) for row in self._index.ask(_NAMED, files, documents=ahead)]
            found += rows
            ahead = sorted({row.parent for row in rows if row.parent is not None} - met)
            met.update(ahead)
        return found

    def made_from(self, documents: Sequence[int]) -> list[Made]:
        """The documents made from some, and those made from these, nearest first."""
        files = self._catalog.files(self._versions, "parents")
        found: list[Made] = []
        met, ahead = set(documents), sorted(documents)
        while ahead and files:
            rows = [Made._make(row) for row in self._index.ask(_MADE, files, parents=ahead)]
            found += rows
            ahead = sorted({row.child for row in rows} - met)
            met.update(ahead)
        return found

    def parents(self, document: int, rights: Rights) -> tuple[list[Parent], list[Gap], set[int]]:
        """The parents of a document with their terms, what is not known of them as gaps, and the entries that tell of them.

        A row of the overlay that covers single documents replaces the terms of these alone: what was made from them has to
        be restated too, and until then is a gap.
        """
        named = self.named_by(document)
        rights.learn(item.terms for item in named if item.terms is not None)
        snapshots = {row.number: row for row in self._upstream.snapshots}
        found, gaps, entries = [], [], set()
        for item in named:
            if item.parent is None:
                note = f"{item.child} was made from {item.name!r}, and no document of that name was read"
                gaps.append(Gap("parent-not-found", str(item.child), note))
            snapshot = None if item.parent is None else snapshots.get(snapshot_of(item.parent))
            rule = None
            if item.parent is not None and item.terms is not None:
                overlay = self._index.overlay_of(item.parent)
                rule = (item.terms, overlay)
                entries |= rights.ledger_indexes([rule])
                if overlay is not None and not rights.covers_source(overlay):
                    note = f"overlay/{overlay} replaces the terms of {item.parent}, which it was made from; restate it too"
                    gaps.append(Gap("parent-restated", str(item.child), note))
            if snapshot is not None:
                read = f"documents/{snapshot.source}"
                entries |= {snapshot.ledger_index}
                entries |= {row.ledger_index for row in self._upstream.versions if row.dataset == read}
            found.append(
                Parent(
                    child=str(item.child),
                    named=item.name,
                    kind=item.kind,
                    document=None if item.parent is None else str(item.parent),
                    identity=None if item.identity is None else bytes(item.identity).hex(),
                    source=snapshot.source if snapshot else None,
                    snapshot=snapshot.id if snapshot else None,
                    terms=rights.statement(rule) if rule else None,
                )
            )
        return found, gaps, entries
