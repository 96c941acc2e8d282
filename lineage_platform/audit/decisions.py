"""Every record of a corpus version that did not make it, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import Any, LiteralString

from lineage_platform.audit.answers import Answer, Gap, plain
from lineage_platform.audit.index import Index
from lineage_platform.audit.lookup import corpus_version
from lineage_platform.audit.needs import Catalog, Files
from lineage_platform.audit.provenance import direct_way
from lineage_platform.catalog.rows import SnapshotRow, VersionFile
from lineage_platform.errors import InvalidInput, NotFound
from lineage_platform.model.decisions import Reason
from lineage_platform.model.keys import snapshot_of

# 36 is keys.ORDINAL_BITS
_TOTALS: LiteralString = """
    SELECT document >> 36, reason, count(*) FROM read_parquet($files) WHERE outcome = 'dropped'
      AND ($snapshots IS NULL OR list_contains($snapshots::BIGINT[], document >> 36))
      AND ($reason IS NULL OR reason = $reason::VARCHAR) GROUP BY ALL
"""
_ROWS: LiteralString = """
    SELECT document, reason, detail, file, record FROM read_parquet($files) WHERE outcome = 'dropped'
      AND ($snapshots IS NULL OR list_contains($snapshots::BIGINT[], document >> 36))
      AND ($reason IS NULL OR reason = $reason::VARCHAR) ORDER BY document LIMIT $rows
"""
_RECORDS: LiteralString = """
    SELECT document, file, record, record_id FROM read_parquet($files)
    WHERE document IN (SELECT unnest($documents::BIGINT[]))
"""

Position = tuple[int | None, int | None, str | None]
"""(file position in the snapshot, record ordinal in the file, record id)"""


@dataclass(frozen=True)
class Dropped:
    """One record that did not make it, by the dataset that dropped it."""

    dataset: str
    source: str
    file: str | None
    record: int | None
    record_id: str | None
    document: str
    reason: str
    detail: str


@dataclass(frozen=True)
class ReasonTotal:
    """How many records a dataset dropped for one reason."""

    dataset: str
    reason: str
    records: int


@dataclass(frozen=True)
class Decisions(Answer):
    """What did not make it into a corpus version; `totals` count all of it, `decisions` are the first of it."""

    corpus: str
    version: str
    records: int
    totals: tuple[ReasonTotal, ...]
    decisions: tuple[Dropped, ...]
    gaps: tuple[Gap, ...]

    def rows(self) -> list[dict[str, Any]]:
        """One row for each record listed."""
        return [plain(row) for row in self.decisions]


def list_decisions(
    catalog: Catalog,
    files: Files,
    corpus: str,
    *,
    source: str | None = None,
    reason: str | None = None,
    limit: int | None = 20,
) -> Decisions:
    """What the current version of a corpus left out, in the order of its way, then by document key; `limit` None: all.

    Read are the datasets that the version was made of itself: a pinned tokenizer was trained on older ones, whose
    decisions are not this version's. Raises InvalidInput, NotFound.
    """
    if limit is not None and limit < 0:
        raise InvalidInput(f"limit: got {limit}, expected 0 or more")
    if reason is not None and reason not in list(Reason):
        raise NotFound("reason", reason, map(str, Reason))
    with catalog.snapshot(), closing(Index(files)) as index:
        return _Listing(catalog, index, corpus, source, reason).answer(limit)


class _Listing:
    """What the parts of one listing share."""

    def __init__(
        self, catalog: Catalog, index: Index, corpus: str, source: str | None, reason: str | None
    ) -> None:
        self.catalog, self.index, self.corpus = catalog, index, corpus
        self.version = corpus_version(catalog, corpus, None)
        way = direct_way(catalog.upstream(self.version.id), self.version.id)
        self.snapshots = {row.number: row for row in way.snapshots}
        self.by_dataset = {row.dataset: row.id for row in way.versions}
        self.chosen = {"reason": reason, "snapshots": self._numbers(source)}
        self.gaps = [
            Gap("unresolved-id", name, "named as an input, but neither a version nor a snapshot")
            for name in way.unresolved
        ]
        self._paths: dict[tuple[int, int], str | None] = {}

    def answer(self, limit: int | None) -> Decisions:
        counts: Counter[tuple[str, str]] = Counter()
        listed: list[Dropped] = []
        own = [f"{self.corpus}/deduplicated", f"{self.corpus}/selection"]
        read = [name for name in sorted(self.by_dataset) if name.startswith("documents/") and name not in own]
        for dataset, names in ((None, read), *((name, [name]) for name in own)):
            decisions = self._files(names, "decisions")
            met: Counter[tuple[str, str]] = Counter()
            for number, why, count in self.index.ask(_TOTALS, decisions, **self.chosen):
                met[dataset or f"documents/{self._source(number)}", why] += count
            counts.update(met)
            room = sum(met.values()) if limit is None else limit - len(listed)
            if met and room:
                listed += self._rows(dataset, decisions, self._files(read, "documents"), room)
        return Decisions(
            corpus=self.corpus,
            version=self.version.id,
            records=counts.total(),
            totals=tuple(ReasonTotal(*name, count) for name, count in counts.items()),
            decisions=tuple(listed),
            gaps=tuple(dict.fromkeys(self.gaps)),
        )

    def _numbers(self, source: str | None) -> list[int] | None:
        if source is None:
            return None
        numbers = [row.number for row in self.snapshots.values() if row.source == source]
        if not numbers:
            known = {row.source for row in self.snapshots.values()}
            raise NotFound(f"source of {self.version.id}", source, known)
        return numbers

    def _files(self, datasets: Iterable[str], role: str) -> list[VersionFile]:
        versions = [self.by_dataset[name] for name in datasets if name in self.by_dataset]
        return self.catalog.files(versions, role)

    def _rows(
        self, dataset: str | None, decisions: list[VersionFile], documents: list[VersionFile], room: int
    ) -> list[Dropped]:
        """The first `room` rows of one step; None is reading, which drops what is no document yet."""
        rows = self.index.ask(_ROWS, decisions, **self.chosen, rows=room)
        keys = [row[0] for row in rows]
        known: dict[int, Position] = {
            key: (file, record, name)
            for key, file, record, name in self.index.ask(_RECORDS, documents, documents=keys)
        }
        found = []
        for key, why, detail, file, record in rows:
            place = known.get(key, (file, record, None))
            source = self._source(snapshot_of(key))
            found.append(
                Dropped(
                    dataset=dataset or f"documents/{source}",
                    source=source,
                    file=self._path(key, place[0]),
                    record=place[1],
                    record_id=place[2],
                    document=str(key),
                    reason=why,
                    detail=detail,
                )
            )
        return found

    def _source(self, number: int) -> str:
        snapshot: SnapshotRow | None = self.snapshots.get(number)
        if snapshot is None:
            note = "documents carry a snapshot number that is not recorded"
            self.gaps.append(Gap("unresolved-id", f"snapshot-number/{number}", note))
            return "unresolved"
        return snapshot.source

    def _path(self, key: int, position: int | None) -> str | None:
        if position is None:
            self.gaps.append(Gap("unresolved-id", str(key), "no documents file upstream holds this document"))
            return None
        place = snapshot_of(key), position
        if place not in self._paths:
            file = self.catalog.snapshot_file(*place)
            self._paths[place] = file.path if file else None
        if self._paths[place] is None:
            name = f"snapshot-number/{place[0]}#{position}"
            self.gaps.append(Gap("unresolved-id", name, "the snapshot has no file at this position"))
        return self._paths[place]
