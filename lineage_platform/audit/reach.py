"""What somebody wants back, found in the tables: in shards, among duplicates, and what was made from it.

Sources and terms are sums of a few rows for each shard; documents are looked up. No loop of ours goes over them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import LiteralString

from lineage_platform.audit.index import Index
from lineage_platform.audit.needs import Catalog
from lineage_platform.catalog.rows import VersionFile, VersionRow
from lineage_platform.model.keys import key_range, snapshot_of
from lineage_platform.model.withdrawals import Hits

# 36 is keys.ORDINAL_BITS
_SHARES: LiteralString = """
    SELECT snapshot, coalesce(sum(documents) FILTER (terms IN (SELECT unnest($terms::BIGINT[]))), 0)::BIGINT,
           sum(documents)::BIGINT FROM read_parquet($files) GROUP BY snapshot
"""
_WHOLE: LiteralString = """
    SELECT shard, sum(documents)::BIGINT, sum(tokens)::BIGINT FROM read_parquet($files)
    WHERE snapshot BETWEEN $first AND $last AND list_contains($whole::INTEGER[], snapshot) GROUP BY shard
"""
_SINGLE: LiteralString = """
    SELECT shard, count(*), sum(tokens)::BIGINT FROM read_parquet($files)
    WHERE document IN (SELECT unnest($documents::BIGINT[])) AND NOT list_contains($whole::BIGINT[], document >> 36)
    GROUP BY shard
"""
_MIXED: LiteralString = """
    SELECT shard, count(*), sum(tokens)::BIGINT FROM read_parquet($files) AS p
    ASOF LEFT JOIN (SELECT unnest($firsts::BIGINT[]) AS first, unnest($lasts::BIGINT[]) AS last) AS c ON p.document >= c.first
    WHERE NOT list_contains($whole::BIGINT[], p.document >> 36) AND (coalesce(c.last >= p.document, false) OR (
        list_contains($mixed::BIGINT[], p.document >> 36) AND p.terms IN (SELECT unnest($terms::BIGINT[]))))
    GROUP BY shard
"""
_MADE_OF_DOCUMENTS: LiteralString = """
    SELECT DISTINCT document FROM read_parquet($files)
    WHERE parent IN (SELECT unnest($documents::BIGINT[])) ORDER BY ALL
"""
_MADE: LiteralString = """
    SELECT DISTINCT document FROM read_parquet($files) AS p
    ASOF LEFT JOIN (SELECT unnest($firsts::BIGINT[]) AS first, unnest($lasts::BIGINT[]) AS last) AS c ON p.parent >= c.first
    WHERE coalesce(c.last >= p.parent, false) OR p.parent_terms IN (SELECT unnest($terms::BIGINT[])) ORDER BY ALL
"""
_COPIES: LiteralString = """
    SELECT count(DISTINCT cluster) FILTER (gone AND NOT taken), count(*) FILTER (taken AND NOT gone) FROM (
        SELECT d.cluster,
               coalesce(c.last >= d.child, false) OR d.child_terms IN (SELECT unnest($terms::BIGINT[])) AS taken,
               coalesce(p.last >= d.parent, false) OR d.parent_terms IN (SELECT unnest($terms::BIGINT[])) AS gone
        FROM (SELECT * FROM read_parquet($files) WHERE kind = 'duplicate-of') AS d
        ASOF LEFT JOIN (SELECT unnest($firsts::BIGINT[]) AS first, unnest($lasts::BIGINT[]) AS last) AS c ON d.child >= c.first
        ASOF LEFT JOIN (SELECT unnest($firsts::BIGINT[]) AS first, unnest($lasts::BIGINT[]) AS last) AS p ON d.parent >= p.first
    )
"""

MANY = 1000
"""Documents of one question, above which files are chosen by the snapshots' first and last document."""

Range = tuple[int, int]
"""First and last document key, both included."""


@dataclass(frozen=True)
class Reach:
    """What is wanted back: whole snapshots, terms numbers, and disjoint ranges of other documents, in order."""

    snapshots: frozenset[int] = frozenset()
    terms: frozenset[int] = frozenset()
    ranges: tuple[Range, ...] = ()

    @property
    def covers(self) -> list[Range]:
        """All ranges, in order."""
        other = (item for item in self.ranges if snapshot_of(item[0]) not in self.snapshots)
        return sorted([*map(key_range, self.snapshots), *other])


class Tables:
    """Asks the tables of corpus versions about a reach."""

    def __init__(self, catalog: Catalog, index: Index) -> None:
        self._catalog, self._index = catalog, index

    def hits(self, version: VersionRow, reach: Reach) -> Hits | None:
        """The shards of a corpus version that hold what is wanted back; None where none does."""
        whole, mixed = set(reach.snapshots), set[int]()
        if reach.terms:
            sums = self._of(version, "terms-by-snapshot")
            for snapshot, found, documents in self._index.ask(_SHARES, sums, terms=sorted(reach.terms)):
                if found:
                    (whole if found == documents else mixed).add(snapshot)
        counts: dict[int, tuple[int, int]] = {}
        if whole:
            ends = {"first": min(whole), "last": max(whole)}
            sums = self._of(version, "shards-by-snapshot", [(number, number) for number in sorted(whole)])
            for shard, documents, tokens in self._index.ask(_WHOLE, sums, whole=sorted(whole), **ends):
                counts[shard] = documents, tokens
        rest = [item for item in reach.ranges if snapshot_of(item[0]) not in whole]
        if rest or mixed:
            within = [*_within(rest), *map(key_range, sorted(mixed))]
            looked_up = self._of(version, "placements-by-document", within)
            if not mixed and _are_single(rest):
                own = self._index.ask(
                    _SINGLE, looked_up, whole=sorted(whole), documents=_ends(rest)["firsts"]
                )
            else:
                terms = {"mixed": sorted(mixed), "terms": sorted(reach.terms)}
                own = self._index.ask(_MIXED, looked_up, whole=sorted(whole), **terms, **_ends(rest))
            for shard, documents, tokens in own:
                had = counts.get(shard, (0, 0))
                counts[shard] = had[0] + documents, had[1] + tokens
        found = sorted((shard, *sums) for shard, sums in counts.items() if sums[0])
        if not found:
            return None
        shards, documents, tokens = zip(*found, strict=True)
        return Hits(version.id, shards, documents, tokens)

    def made_from(self, reach: Reach, versions: Sequence[str]) -> list[int]:
        """The documents of some versions that were made from what is wanted back, at any remove, ascending."""
        files = self._catalog.files(versions, "parents")
        met: set[int] = set()
        covers, terms = reach.covers, sorted(reach.terms)
        while files and (covers or terms):
            if not terms and _are_single(covers):
                rows = self._index.ask(_MADE_OF_DOCUMENTS, files, documents=_ends(covers)["firsts"])
            else:
                rows = self._index.ask(_MADE, files, terms=terms, **_ends(covers))
            new = {document for (document,) in rows} - met
            met |= new
            covers, terms = [(document, document) for document in sorted(new)], []
        return sorted(met)

    def duplicates(self, reach: Reach, versions: Sequence[str]) -> tuple[int, int]:
        """Clusters of duplicates whose survivor is wanted back while a copy is not, and copies wanted back while the survivor, with
        the same text, is not."""
        files = self._catalog.files(versions, "derivations")
        rows = self._index.ask(_COPIES, files, terms=sorted(reach.terms), **_ends(reach.covers))
        return (int(rows[0][0]), int(rows[0][1])) if rows else (0, 0)

    def _of(self, version: VersionRow, role: str, within: Sequence[Range] | None = None) -> list[VersionFile]:
        return self._catalog.files([version.id], role, within)


def merged(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """The same keys in disjoint ranges, in order; ranges that only touch stay two."""
    found: list[Range] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], last)
        else:
            found.append((first, last))
    return tuple(found)


def runs(documents: Iterable[int]) -> tuple[Range, ...]:
    """Document keys, ascending, as ranges of keys that follow each other."""
    found: list[Range] = []
    for document in documents:
        if found and found[-1][1] + 1 == document:
            found[-1] = found[-1][0], document
        else:
            found.append((document, document))
    return tuple(found)


def _within(ranges: Sequence[Range]) -> list[Range]:
    """Fewer ranges that hold the same keys, to choose files by."""
    if len(ranges) <= MANY:
        return list(ranges)
    ends: dict[int, Range] = {}
    for first, last in ranges:
        low, high = ends.get(snapshot_of(first), (first, last))
        ends[snapshot_of(first)] = min(low, first), max(high, last)
    return sorted(ends.values())


def _are_single(ranges: Sequence[Range]) -> bool:
    return all(first == last for first, last in ranges)


def _ends(ranges: Sequence[Range]) -> dict[str, list[int]]:
    return {"firsts": [first for first, _ in ranges], "lasts": [last for _, last in ranges]}
