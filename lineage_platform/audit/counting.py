"""The documents of a corpus version, counted under the statements that hold for them: whole, by shard, for one shard.

    with catalog.snapshot(), closing(Counting(catalog, files, version, When())) as counting:
        rules = counting.corpus()

A whole version is counted from its sums by terms; only the documents that the overlay covers are looked up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, LiteralString

from lineage_platform.audit.answers import Gap
from lineage_platform.audit.index import Index
from lineage_platform.audit.needs import Catalog, Files
from lineage_platform.audit.parents import Proposed
from lineage_platform.audit.rights import Rights
from lineage_platform.audit.rights import Rule as Place
from lineage_platform.catalog.rows import VersionFile, VersionRow
from lineage_platform.model.terms import NOASSERTION
from lineage_platform.model.when import When
from lineage_platform.policy.ruling import Rule

_SUMS: LiteralString = """
    SELECT terms, sum(documents)::BIGINT, sum(tokens)::BIGINT FROM read_parquet($files) GROUP BY ALL
"""
_COVERED: LiteralString = """
    SELECT terms, overlay, count(*), sum(tokens)::BIGINT FROM placements($files) WHERE overlay IS NOT NULL GROUP BY ALL
"""
_SHARDS: LiteralString = """
    SELECT shard, terms, overlay, count(*), sum(tokens)::BIGINT FROM placements($files)
    WHERE $shard IS NULL OR shard = $shard GROUP BY ALL
"""
SILENT: Final[Mapping[str, Any]] = {"licence": NOASSERTION, "licence_status": "unknown"}
"""What holds for documents about which nothing was stated."""


class Counting:
    """Counts of one corpus version, with the terms believed at one time, or those `proposed`; close it when done."""

    def __init__(
        self,
        catalog: Catalog,
        files: Files,
        version: VersionRow,
        when: When,
        proposed: Proposed | None = None,
    ) -> None:
        self._catalog, self._version = catalog, version
        self._rights = Rights(catalog, when, proposed)
        self._index = Index(files)
        upstream = [row.id for row in catalog.upstream(version.id).versions]
        self._intervals = self._rights.lay_over(self._index, lambda: catalog.files(upstream, "documents"))

    def close(self) -> None:
        """Free what was laid over."""
        self._index.close()

    def corpus(self) -> list[Rule]:
        """All documents."""
        counts: dict[Place, list[int]] = defaultdict(lambda: [0, 0])
        for terms, documents, tokens in self._index.ask(_SUMS, self._files("terms-by-snapshot")):
            _add(counts[terms, None], documents, tokens)
        if self._intervals:
            within = [(item.first, item.last) for item in self._intervals]
            covered = self._files("placements-by-document", within)
            for terms, overlay, documents, tokens in self._index.ask(_COVERED, covered):
                _add(counts[terms, None], -documents, -tokens)
                _add(counts[terms, overlay], documents, tokens)
        kept = [(place, documents, tokens) for place, (documents, tokens) in counts.items() if documents]
        self._rights.learn([terms for (terms, _), _, _ in kept])
        return [
            Rule(*place, documents, tokens, self._rights.statement(place) or SILENT)
            for place, documents, tokens in sorted(kept, key=_in_order)
        ]

    def shard(self, number: int) -> list[Rule]:
        """The documents of one shard."""
        return self._by_shard([(number, number)], number).get(number, [])

    def shards(self) -> dict[int, list[Rule]]:
        """The documents of every shard, by its number."""
        return self._by_shard(None, None)

    def gaps(self, rules: Iterable[Rule]) -> list[Gap]:
        """What the statements leave open."""
        return self._rights.gaps((rule.terms, rule.overlay) for rule in rules)

    def _by_shard(
        self, within: Sequence[tuple[int, int]] | None, number: int | None
    ) -> dict[int, list[Rule]]:
        found: dict[int, list[tuple[Place, int, int]]] = defaultdict(list)
        placements = self._files("placements-by-shard", within)
        for shard, terms, overlay, documents, tokens in self._index.ask(_SHARDS, placements, shard=number):
            found[shard].append(((terms, overlay), documents, tokens))
        places = {place for counts in found.values() for place, _, _ in counts}
        self._rights.learn({terms for terms, _ in places})
        statements = {place: self._rights.statement(place) or SILENT for place in places}
        return {
            shard: [
                Rule(*place, documents, tokens, statements[place])
                for place, documents, tokens in sorted(counts, key=_in_order)
            ]
            for shard, counts in sorted(found.items())
        }

    def _files(self, role: str, within: Sequence[tuple[int, int]] | None = None) -> list[VersionFile]:
        return self._catalog.files([self._version.id], role, within)


def _in_order(count: tuple[Place, int, int]) -> tuple[int, int]:
    (terms, overlay), _, _ = count
    return terms, overlay or 0


def _add(count: list[int], documents: int, tokens: int) -> None:
    count[0] += documents
    count[1] += tokens
