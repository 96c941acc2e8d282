"""Which shards of a corpus version hold what was withdrawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lineage_platform.audit.needs import Catalog


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


def in_quarantine(catalog: Catalog, version: str) -> Quarantine:
    """The shards of a corpus version that are in quarantine; inside `catalog.snapshot()`."""
    return Quarantine(catalog.quarantines([version]).get(version, {}))
