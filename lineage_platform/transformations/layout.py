"""Which shard a document belongs to, and which shards are packed together.

A document's shard is a hash of (identity, epoch, seed) modulo a count of shards: that of the whole corpus (`mixed`), or
that of its source, whose shards are a run of their own (`by-source`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lineage_platform.errors import VerificationFailed
from lineage_platform.model.keys import ORDINAL_BITS
from lineage_platform.transformations.hashing import Hashes, Purpose, hash_identities

BUCKET_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class Run:
    """The shards of one source: `count` of them from `first` on; `snapshots` are the numbers of what was read of it."""

    source: str
    first: int
    count: int
    snapshots: tuple[int, ...] = ()


@dataclass(frozen=True)
class Layout:
    """Where documents go. A *bucket* is what packing holds at a time: `together` whole shards, or where shards are large
    one of the `slices` of a shard by order hash; one of the two is 1. `runs`: of every source, or none for `mixed`."""

    shards: int
    seed: int
    runs: tuple[Run, ...] = ()
    slices: int = 1
    together: int = 1

    def place(self, rows: pa.Table) -> tuple[npt.NDArray[np.int32], Hashes]:
        """Shard and order hash of each row (`identity`, `epoch`, `document`).

        Raises VerificationFailed for a document of a snapshot that no run is for.
        """
        identities = rows.column("identity").combine_chunks()
        epochs = rows.column("epoch").to_numpy()
        hashes = hash_identities(identities, Purpose.SHARD, self.seed, epochs)
        order = hash_identities(identities, Purpose.ORDER, self.seed, epochs)
        if not self.runs:
            return (hashes % np.uint64(self.shards)).astype(np.int32), order
        firsts, counts = self._runs_of(rows.column("document").to_numpy() >> ORDINAL_BITS)
        return (firsts + hashes % counts).astype(np.int32), order

    def _runs_of(self, snapshots: npt.NDArray[np.int64]) -> tuple[Hashes, Hashes]:
        table = np.array(
            sorted((number, run.first, run.count) for run in self.runs for number in run.snapshots), np.int64
        ).reshape(-1, 3)
        places = np.minimum(np.searchsorted(table[:, 0], snapshots), max(0, len(table) - 1))
        known = table[places, 0] == snapshots if len(table) else np.zeros(len(snapshots), np.bool_)
        if not known.all():
            raise VerificationFailed(
                f"got a document of snapshot {snapshots[~known][0]}, expected those of {table[:, 0].tolist()}: the "
                "sources that have shards of their own"
            )
        if not len(table):
            return np.empty(0, np.uint64), np.empty(0, np.uint64)
        return table[places, 1].astype(np.uint64), table[places, 2].astype(np.uint64)

    def bucket(self, shards: npt.NDArray[np.int32], order: Hashes) -> npt.NDArray[np.int64]:
        """The bucket of each row."""
        part = ((order >> np.uint64(32)) * np.uint64(self.slices)) >> np.uint64(32)
        return (shards.astype(np.int64) * self.slices + part.astype(np.int64)) // self.together

    def buckets(self) -> list[tuple[range, range]]:
        """What is packed together: (shards, their buckets)."""
        return [
            (
                range(first, min(first + self.together, self.shards)),
                range(
                    first * self.slices // self.together,
                    (first * self.slices + self.slices - 1) // self.together + 1,
                ),
            )
            for first in range(0, self.shards, self.together)
        ]

    def describe(self) -> str:
        """What content digests say of it; the same for other snapshots of the same sources."""
        runs = "".join(f", {run.source} {run.first}+{run.count}" for run in self.runs)
        return f"{self.shards} shards, seed {self.seed}{runs}"


def plan(shards: int, seed: int, text_bytes: int, runs: tuple[Run, ...] = ()) -> Layout:
    """A layout whose buckets hold about BUCKET_BYTES of text."""
    each = max(1, text_bytes // shards)
    slices = max(1, -(-each // BUCKET_BYTES))
    return Layout(shards, seed, runs, slices, min(shards, max(1, BUCKET_BYTES // each)))
