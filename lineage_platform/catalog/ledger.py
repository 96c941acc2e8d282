"""The ledger inside one transaction: entries, the Merkle nodes they complete, and a signed checkpoint.

ledger = Ledger(connection)                      # waits for whoever appends now
index = ledger.append("COMPLETE", event, run_id)
ledger.write(key)                                # once, before the transaction ends
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, func, insert, literal, select, tuple_

from lineage_platform.catalog import locks
from lineage_platform.catalog.forms import storable
from lineage_platform.catalog.tables import checkpoints, deployment, ledger_leaves, ledger_nodes
from lineage_platform.ledger import merkle
from lineage_platform.ledger.canonical import canonical
from lineage_platform.ledger.checkpoint import Checkpoint, sign


def namespace(deployment_id: UUID) -> str:
    """Name of a deployment: OpenLineage's namespace of its jobs and datasets, and the origin of its checkpoints."""
    return f"lineage-platform/{deployment_id}"


class Ledger:
    """Holds the ledger's lock from here to the end of the transaction.

    `time` is the moment of everything this transaction records: later than all that was recorded before, even where
    clocks disagree or step back.
    """

    def __init__(self, connection: Connection) -> None:
        locks.take(connection, locks.LEDGER)
        self._connection = connection
        last = select(ledger_leaves.c.index, ledger_leaves.c.recorded_at)
        last = last.order_by(ledger_leaves.c.index.desc()).limit(1)
        tail = last.subquery("tail")
        row = connection.execute(
            select(deployment.c.id, func.clock_timestamp(), tail.c.index, tail.c.recorded_at).outerjoin(
                tail, literal(True)
            )
        ).one()
        self.namespace = namespace(row[0])
        self.time: datetime.datetime = row[1]
        self.size = 0
        if row[2] is not None:
            self.size = row[2] + 1
            self.time = max(self.time, row[3] + datetime.timedelta(microseconds=1))
        self._size_before = self.size
        self._leaves: list[dict[str, Any]] = []

    def append(self, kind: str, event: Mapping[str, Any], run_id: UUID | None) -> int:
        """Add an entry that commits to a fresh salt and the canonical bytes of `event`, in storable form; returns its index."""
        salt, payload = merkle.new_salt(), canonical(storable(event))
        self._leaves.append(
            {
                "index": self.size,
                "leaf_hash": merkle.leaf_hash(merkle.commitment(salt, payload)),
                "salt": salt,
                "payload": payload,
                "run_id": run_id,
                "kind": kind,
                "recorded_at": self.time,
            }
        )
        self.size += 1
        return self.size - 1

    def write(self, key: Ed25519PrivateKey | None = None) -> None:
        """Store what was appended; with a key also a checkpoint over everything up to here."""
        if not self._leaves:
            return
        hashes = [leaf["leaf_hash"] for leaf in self._leaves]
        nodes = {(0, leaf["index"]): leaf["leaf_hash"] for leaf in self._leaves} | self._peaks()
        fresh = merkle.new_nodes(self._size_before, hashes, lambda *place: nodes[place])
        self._connection.execute(insert(ledger_leaves), self._leaves)
        if fresh:
            rows = [{"level": level, "index": index, "hash": digest} for level, index, digest in fresh]
            self._connection.execute(insert(ledger_nodes), rows)
        if key is not None:
            nodes |= {(level, index): digest for level, index, digest in fresh}
            root = merkle.root(self.size, lambda *place: nodes[place])
            note = sign(Checkpoint(self.namespace, self.size, root), key)
            row = {"size": self.size, "root": root, "note": note, "recorded_at": self.time}
            self._connection.execute(insert(checkpoints), row)
        self._leaves, self._size_before = [], self.size

    def _peaks(self) -> dict[tuple[int, int], bytes]:
        """The largest complete subtrees of what stood before: one for each set bit of the size."""
        size = self._size_before
        places = [(level, (size >> level) - 1) for level in range(size.bit_length()) if size >> level & 1]
        if not places:
            return {}
        zero = literal(0).label("level")
        leaves = select(zero, ledger_leaves.c.index, ledger_leaves.c.leaf_hash.label("hash"))
        leaves = leaves.where(ledger_leaves.c.index == size - 1)
        inner = select(ledger_nodes).where(tuple_(ledger_nodes.c.level, ledger_nodes.c.index).in_(places))
        rows = self._connection.execute(leaves.union_all(inner))
        return {(level, index): digest for level, index, digest in rows}
