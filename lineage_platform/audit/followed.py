"""Where texts live on: copies that stand for documents that were dropped, and what was made from documents."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import LiteralString

from lineage_platform.audit.ancestry import Ancestry
from lineage_platform.audit.impacted import Child, Copy, ShardImpact
from lineage_platform.audit.index import Index
from lineage_platform.audit.lookup import shards_dataset
from lineage_platform.audit.needs import Catalog
from lineage_platform.audit.provenance import ancestry, direct_way
from lineage_platform.catalog.rows import VersionRow, shard_name

_SURVIVORS: LiteralString = """
    SELECT DISTINCT child, parent FROM read_parquet($files)
    WHERE kind = 'duplicate-of' AND child IN (SELECT unnest($documents::BIGINT[])) ORDER BY ALL
"""
_PLACES: LiteralString = """
    SELECT document, shard, count(*), sum(tokens)::BIGINT FROM read_parquet($files)
    WHERE document BETWEEN $first AND $last AND list_contains($documents::BIGINT[], document)
    GROUP BY ALL ORDER BY ALL
"""


class Followed:
    """Follows documents inside the corpus versions of an inquiry."""

    def __init__(self, catalog: Catalog, index: Index) -> None:
        self._catalog, self._index = catalog, index

    def copies(self, version: VersionRow, documents: Sequence[int]) -> list[Copy]:
        """Those of `documents` that were dropped for a copy which is in the shards, with its places."""
        way = direct_way(self._catalog.upstream(version.id), version.id)
        ids = [row.id for row in way.versions]
        derivations = self._catalog.files(ids, "derivations", [(key, key) for key in documents])
        survivors = self._index.ask(_SURVIVORS, derivations, documents=list(documents)) if documents else []
        placed = self._placed(version, {survivor for _, survivor in survivors})
        return [
            Copy(str(document), str(survivor), corpus_of(version), version.id, tuple(placed[survivor]))
            for document, survivor in survivors
            if survivor in placed
        ]

    def children(self, version: VersionRow, documents: Sequence[int]) -> list[Child]:
        """What was made from `documents`, with its places in the shards, if any."""
        if not documents:
            return []
        upstream = ancestry(self._catalog.upstream(version.id), version.id)
        made = Ancestry(self._catalog, self._index, upstream).made_from(documents)
        placed = self._placed(version, {item.child for item in made})
        corpus = corpus_of(version)
        return [
            Child(
                str(item.child),
                str(item.parent),
                item.kind,
                corpus,
                version.id,
                tuple(placed.get(item.child, ())),
            )
            for item in made
        ]

    def _placed(self, version: VersionRow, documents: Collection[int]) -> dict[int, list[ShardImpact]]:
        """The shards that hold some documents."""
        last = self._catalog.last_shard(version.id) if documents else -1
        placed: dict[int, list[ShardImpact]] = {}
        for document, shard, count, tokens in self._ask(version, documents):
            placed.setdefault(document, []).append(ShardImpact(name_of(shard, last), count, tokens))
        return placed

    def _ask(self, version: VersionRow, documents: Collection[int]) -> Sequence[Sequence[int]]:
        """(document, shard, copies, tokens) of the documents that are in the shards."""
        if not documents:
            return []
        wanted = sorted(documents)
        placements = self._catalog.files(
            [version.id], "placements-by-document", [(key, key) for key in wanted]
        )
        return self._index.ask(_PLACES, placements, documents=wanted, first=wanted[0], last=wanted[-1])


def names_of(numbers: Sequence[int], last: int) -> Iterable[str]:
    """The names of shards, which are in order."""
    if numbers[0] < 0 or numbers[-1] > last:
        return (name_of(number, last) for number in numbers)
    if len(numbers) < last // 4:
        return map(shard_name, numbers)
    return map(_shard_names(last).__getitem__, numbers)


@lru_cache(maxsize=4)
def _shard_names(last: int) -> list[str]:
    """The names of the shards from 0 to `last`."""
    return list(map(shard_name, range(last + 1)))


def name_of(shard: int, last: int) -> str:
    """A shard's name; shards are numbered from 0 to `last`."""
    return shard_name(shard) if 0 <= shard <= last else f"shard-number/{shard}"


def corpus_of(version: VersionRow) -> str:
    """The corpus that a corpus version is of."""
    return version.dataset.removesuffix(shards_dataset(""))
