"""Which shards of a corpus version hold what was withdrawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lineage_platform.audit.needs import Catalog
from lineage_platform.model.when import When


@dataclass(frozen=True)
class Quarantine:
    """The withdrawals in force by shard."""

    shards: Mapping[int, Sequence[int]]

    @property
    def withdrawals(self) -> tuple[int, ...]:
        """All of them."""
        return tuple(sorted({number for own in self.shards.values() for number in own}))

    def of(self, shard: int) -> tuple[str, ...]:
        """The withdrawals for which a shard is in quarantine; none: it is not."""
        return tuple(map(str, self.shards.get(shard, ())))


def withdrawn_in(catalog: Catalog, version: str, rules: Iterable[tuple[int, int | None]]) -> list[int]:
    """The withdrawals for which nothing of a corpus version may be released: those that have shards in quarantine, and those that count
    for documents under (terms number, overlay row), in versions that were made meanwhile."""
    rows = [row for row in catalog.overlay(When()) if row.withdrawal is not None]
    by_row = {row.id: row.withdrawal for row in rows}
    by_number = {row.terms: row.withdrawal for row in rows if row.terms is not None}
    counting = (
        found for number, overlay in rules for found in (by_row.get(overlay or 0), by_number.get(number))
    )
    found = {number for number in counting if number is not None}
    return sorted(found.union(in_quarantine(catalog, version).withdrawals))


def in_quarantine(catalog: Catalog, version: str) -> Quarantine:
    """The shards of a corpus version that are in quarantine; inside `catalog.snapshot()`."""
    return Quarantine(catalog.quarantines([version]).get(version, {}))
