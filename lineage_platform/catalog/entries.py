"""Ledger entries, subtrees and checkpoints, read from the catalog."""

from __future__ import annotations

from collections.abc import Sequence

from lineage_platform.catalog.rows import CheckpointRow, LeafRow
from lineage_platform.catalog.session import Session


class Entries(Session):
    """The ledger as it is stored; whether it holds together is for `audit` to say."""

    def checkpoint(self) -> CheckpointRow | None:
        """The newest checkpoint."""
        rows = self._rows(
            "SELECT size, root, note, recorded_at FROM lineage.checkpoints ORDER BY size DESC LIMIT 1"
        )
        return CheckpointRow(**rows[0]) if rows else None

    def erased(self) -> set[int]:
        """Indexes of the ledger entries whose event was erased."""
        rows = self._rows("SELECT index FROM lineage.ledger_leaves WHERE salt IS NULL")
        return {row["index"] for row in rows}

    def leaves(self, indexes: Sequence[int]) -> dict[int, LeafRow]:
        """Ledger entries by index; those that do not exist are left out."""
        query = """
            SELECT index, leaf_hash, salt, payload, run_id::text, kind, recorded_at FROM lineage.ledger_leaves
            WHERE index = ANY(%s)
        """
        # binary: events are tens of kilobytes each, and would come as hexadecimal text
        with self._mapped(), self._connection.cursor(binary=True) as cursor:
            return {row[0]: LeafRow(*row) for row in cursor.execute(query, [list(indexes)])}

    def ledger_size(self) -> int:
        """Number of ledger entries."""
        return int(self._rows("SELECT count(*) AS n FROM lineage.ledger_leaves")[0]["n"])

    def leaf_hashes(self) -> list[bytes]:
        """The hash of every ledger entry, by index."""
        return [
            row["leaf_hash"]
            for row in self._rows("SELECT leaf_hash FROM lineage.ledger_leaves ORDER BY index")
        ]

    def nodes(self, wanted: Sequence[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        """Hashes of complete subtrees by (level, index), level 0 being the leaves; missing ones are left out."""
        leaves = [index for level, index in wanted if level == 0]
        inner = [place for place in wanted if place[0] > 0]
        rows = self._rows(
            """SELECT 0 AS level, index, leaf_hash AS hash FROM lineage.ledger_leaves WHERE index = ANY(%s)
               UNION ALL
               SELECT level, index, hash FROM lineage.ledger_nodes
               JOIN unnest(%s::int[], %s::bigint[]) AS wanted(level, index) USING (level, index)""",
            leaves,
            [level for level, _ in inner],
            [index for _, index in inner],
        )
        return {(row["level"], row["index"]): row["hash"] for row in rows}
