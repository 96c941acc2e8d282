"""A small log from real parts: leaves and their complete subtrees in memory."""

from __future__ import annotations

from collections.abc import Iterable

from lineage_platform.ledger import merkle


class Log:
    def __init__(self, leaves: Iterable[bytes] = (), batch: int = 1) -> None:
        self.nodes: dict[tuple[int, int], bytes] = {}
        self.size = 0
        pending: list[bytes] = []
        for leaf in leaves:
            pending.append(leaf)
            if len(pending) == batch:
                self.append(pending)
                pending = []
        self.append(pending)

    def append(self, leaves: Iterable[bytes]) -> None:
        hashes = [merkle.leaf_hash(leaf) for leaf in leaves]
        made = merkle.new_nodes(self.size, hashes, self.node)
        for index, leaf in enumerate(hashes, start=self.size):
            self.nodes[0, index] = leaf
        for level, index, value in made:
            assert (level, index) not in self.nodes
            self.nodes[level, index] = value
        self.size += len(hashes)

    def node(self, level: int, index: int) -> bytes:
        return self.nodes[level, index]
