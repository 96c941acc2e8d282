"""Shards that have not changed since an earlier version: found without reading a text, and shared by digest.

A shard's *fingerprint* is the SHA-256 of everything its files are made from: identity, epoch and text digest of its
documents in order, the tokenizer, the formats, and the code that writes them. Keys and terms are not in it: a new snapshot
of a source, or other terms, change placements and no training file. Equal fingerprints are equal files, so what is packed
does not depend on whether there was an earlier version.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lineage_platform.files import Place, length, place
from lineage_platform.model.keys import ORDINAL_BITS
from lineage_platform.model.tables import SELECTION, SHARD_FINGERPRINTS
from lineage_platform.model.versions import Part
from lineage_platform.transformations.digest import digest_rows
from lineage_platform.transformations.engine import Engine
from lineage_platform.transformations.layout import Layout
from lineage_platform.transformations.parts import key_ranges, read_batches, read_table, write_table
from lineage_platform.transformations.shard_files import Counts
from lineage_platform.transformations.shuffle import PLACED, Chosen, placed_rows, read_bucket
from lineage_platform.transformations.spill import SpillWriter

SPREAD_TASKS = 512

_BATCH_ROWS = 64 * 1024


@dataclass(frozen=True)
class Earlier:
    """A committed version of the same corpus: its `shard-fingerprints`, its `placements-by-shard`, the files of its shards
    where they are now, and the encoder that made its tokens."""

    fingerprints: tuple[Place, ...]
    placements: tuple[Place, ...]
    files: tuple[Part, ...]
    encoder: str


@dataclass(frozen=True)
class Kept:
    """A shard of an earlier version."""

    fingerprint: bytes
    parts: tuple[Part, ...]


class Fingerprint:
    """Add the rows of one shard in order, then read `value`; `common` is what all shards of a version share."""

    def __init__(self, common: bytes) -> None:
        self._hash = hashlib.sha256(common)

    def add(self, rows: pa.RecordBatch) -> None:
        """Take the next rows (`identity`, `epoch`, `sha256`)."""
        self._hash.update(digest_rows(rows, ("epoch", "sha256")).data)

    @property
    def value(self) -> bytes:
        """32 bytes."""
        return self._hash.digest()


@dataclass(frozen=True)
class Unchanged:
    """What of an earlier version stays: `spills` hold the rows of all shards (PLACED), `kept` the files of those that
    are the same; `rows` are those of the others, and `snapshots` the numbers of what these rows were read from (None: of
    anything)."""

    spills: tuple[str, ...]
    kept: Mapping[int, tuple[Part, ...]]
    placements: tuple[tuple[str, int, int], ...]
    rows: int
    snapshots: frozenset[int] | None

    def chosen(self, shards: int) -> Chosen:
        """The shards that are packed anew."""
        chosen = np.ones(shards, np.bool_)
        chosen[list(self.kept)] = False
        return chosen

    def tokens(self, shards: range) -> tuple[str, ...]:
        """Parts of the earlier placements that may hold rows of these shards."""
        return tuple(
            path for path, low, high in self.placements if low < shards.stop and high >= shards.start
        )


@dataclass(frozen=True)
class _Spread:
    selection: tuple[str, ...]
    layout: Layout
    spill: str


@dataclass(frozen=True)
class _Compare:
    shards: range
    buckets: range
    spills: tuple[str, ...]
    common: bytes
    known: Mapping[int, bytes]


def unchanged(
    earlier: Earlier,
    selection: Sequence[Place],
    layout: Layout,
    common: bytes,
    files: int,
    *,
    work: Place,
    engine: Engine,
) -> Unchanged:
    """Compare a selection with an earlier version; `files` are those that a shard has in the formats wanted."""
    known = _known(earlier, files)
    each = -(-len(selection) // SPREAD_TASKS) or 1
    spread = [
        _Spread(
            tuple(map(str, selection[start : start + each])), layout, str(work / f"placed-{start:05d}-all")
        )
        for start in range(0, len(selection), each)
    ]
    spills = tuple(engine.map(_spread, spread))
    tasks = [
        _Compare(shards, buckets, spills, common, {n: known[n].fingerprint for n in shards if n in known})
        for shards, buckets in layout.buckets()
    ]
    outcomes = engine.map(_compare, tasks)
    same = {shard for found, _, _ in outcomes for shard in found}
    kept = {shard: known[shard].parts for shard in sorted(same) if _there(known[shard])}
    rows = sum(count for _, counts, _ in outcomes for shard, count in counts.items() if shard not in kept)
    snapshots = frozenset(
        number
        for _, _, numbers in outcomes
        for shard, own in numbers.items()
        if shard not in kept
        for number in own
    )
    return Unchanged(spills, kept, tuple(_ranges(earlier.placements)) if kept else (), rows, snapshots)


def earlier_tokens(placements: Sequence[str], shards: range) -> dict[int, Counts]:
    """Tokens of the rows of some shards, in row order, from placements by shard."""
    found: dict[int, list[Counts]] = defaultdict(list)
    for path in placements:
        where = place(path)
        groups = [
            number
            for number, keys in enumerate(key_ranges(where, "shard"))
            if keys.low < shards.stop and keys.high >= shards.start
        ]
        for batch in read_batches(where, ["shard", "tokens"], _BATCH_ROWS, groups):
            numbers, tokens = batch.column("shard").to_numpy(), batch.column("tokens").to_numpy()
            starts = np.flatnonzero(np.diff(numbers, prepend=-1))
            for start, end in zip(starts, [*starts[1:], len(numbers)], strict=True):
                if numbers[start] in shards:
                    found[int(numbers[start])].append(tokens[start:end])
    return {shard: np.concatenate(pieces) for shard, pieces in found.items()}


def pieces(
    spills: Sequence[str], shards: range, buckets: range, schema: pa.Schema
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """(shard, its rows in order) for each shard of each bucket, also where a shard has none."""
    for bucket in buckets:
        rows = read_bucket(spills, bucket, schema)
        numbers, found = np.array(shards), rows.column("shard").to_numpy()
        first, last = np.searchsorted(found, numbers), np.searchsorted(found, numbers, side="right")
        for shard, start, end in zip(shards, first.tolist(), last.tolist(), strict=True):
            yield shard, rows.slice(start, end - start)


def write_fingerprints(scratch: Place, fingerprints: Mapping[int, bytes]) -> Part:
    """The part of role `shard-fingerprints`, by shard."""
    columns = {"shard": list(fingerprints), "fingerprint": list(fingerprints.values())}
    table = pa.table(columns, schema=SHARD_FINGERPRINTS).sort_by("shard")
    return write_table(scratch, "fingerprints.parquet", "shard-fingerprints", SHARD_FINGERPRINTS, table)


def _known(earlier: Earlier, files: int) -> dict[int, Kept]:
    """Shards of the earlier version that have all their files; none where its tables are lost."""
    if any(length(path) is None for path in (*earlier.fingerprints, *earlier.placements)):
        return {}
    parts: dict[str, list[Part]] = defaultdict(list)
    for part in earlier.files:
        parts[part.name.partition(".")[0]].append(part)
    known = {}
    for path in earlier.fingerprints:
        for row in read_table(path).to_pylist():
            own = parts.get(f"shard-{row['shard']:05d}", [])
            if len(own) == files:
                known[row["shard"]] = Kept(row["fingerprint"], tuple(own))
    return known


def _there(kept: Kept) -> bool:
    return all(length(place(part.path)) == part.bytes for part in kept.parts)


def _ranges(placements: Sequence[Place]) -> Iterator[tuple[str, int, int]]:
    for path in placements:
        if ranges := key_ranges(path, "shard"):
            yield str(path), min(keys.low for keys in ranges), max(keys.high for keys in ranges)


def _spread(task: _Spread) -> str:
    columns = [name for name in SELECTION.names if name != "bytes"]
    with SpillWriter(place(task.spill), PLACED) as spill:
        for path in task.selection:
            for batch in read_batches(place(path), columns, _BATCH_ROWS):
                rows = placed_rows(pa.table(batch), task.layout).select(PLACED.names).cast(PLACED)
                shards, order = rows.column("shard").to_numpy(), rows.column("order").to_numpy()
                spill.write(rows, task.layout.bucket(shards, order))
    return spill.path


def _compare(task: _Compare) -> tuple[list[int], dict[int, int], dict[int, set[int]]]:
    """Shards that are the same; of all, the number of rows and the snapshots that these were read from."""
    values = {shard: Fingerprint(task.common) for shard in task.shards}
    counts = dict.fromkeys(task.shards, 0)
    snapshots: dict[int, set[int]] = {shard: set() for shard in task.shards}
    for shard, rows in pieces(task.spills, task.shards, task.buckets, PLACED):
        values[shard].add(rows)
        counts[shard] += rows.num_rows
        snapshots[shard].update(np.unique(rows.column("document").to_numpy() >> ORDINAL_BITS).tolist())
    same = [shard for shard, known in task.known.items() if values[shard].value == known]
    return same, counts, snapshots
