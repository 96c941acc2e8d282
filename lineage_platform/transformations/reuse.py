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
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lineage_platform.files import Place, length, place
from lineage_platform.model.tables import SELECTION, SHARD_FINGERPRINTS
from lineage_platform.model.versions import Part
from lineage_platform.transformations.digest import Rows, digest_rows
from lineage_platform.transformations.engine import Engine
from lineage_platform.transformations.layout import Layout
from lineage_platform.transformations.parts import key_ranges, read_batches, read_table, write_table
from lineage_platform.transformations.shard_files import Counts
from lineage_platform.transformations.shuffle import PLACED, placed_rows, read_bucket
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


def fingerprint_rows(rows: pa.RecordBatch) -> Rows:
    """What rows (`identity`, `epoch`, `sha256`) add to the fingerprint of their shard: the SHA-256 of what all shards of
    a version share, then of all rows of the shard in order."""
    return digest_rows(rows, ("epoch", "sha256"))


@dataclass(frozen=True)
class Unchanged:
    """What of an earlier version stays: `spills` hold the rows of all shards (PLACED), `kept` are the shards that are the
    same; `rows` counts those of the others."""

    spills: tuple[str, ...]
    kept: Mapping[int, Kept]
    placements: tuple[tuple[str, int, int], ...]
    rows: int

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


@dataclass(frozen=True)
class _Compared:
    """Of some shards those that are the same, and the number of rows of each."""

    same: list[int]
    rows: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Bucket:
    """Rows of one bucket in order; the nth shard has those from `bounds[n]` on, to `bounds[n + 1]`."""

    rows: pa.RecordBatch
    bounds: list[int]


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
    same = [shard for compared in outcomes for shard in compared.same]
    kept = {shard: known[shard] for shard in same if _there(known[shard])}
    fresh = np.ones(layout.shards, np.bool_)
    fresh[list(kept)] = False
    rows = np.concatenate([compared.rows for compared in outcomes])
    return Unchanged(
        spills,
        kept,
        tuple(_ranges(earlier.placements)) if kept else (),
        int(rows[fresh].sum()),
    )


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


def read_shards(spills: Sequence[str], bucket: int, shards: range, schema: pa.Schema) -> Bucket:
    """One bucket of some shards."""
    rows = read_bucket(spills, bucket, schema)
    numbers = np.arange(shards.start, shards.stop + 1)
    return Bucket(rows, np.searchsorted(rows.column("shard").to_numpy(), numbers).tolist())


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


def _compare(task: _Compare) -> _Compared:
    hashes = {shard: hashlib.sha256(task.common) for shard in task.known}
    counts = np.zeros(len(task.shards), np.int64)
    for number in task.buckets:
        bucket = read_shards(task.spills, number, task.shards, PLACED)
        counts += np.diff(bucket.bounds)
        matrix = fingerprint_rows(bucket.rows)
        for shard, (start, end) in zip(task.shards, pairwise(bucket.bounds), strict=True):
            if shard in hashes:
                hashes[shard].update(matrix[start:end].data)
    same = [shard for shard, known in task.known.items() if hashes[shard].digest() == known]
    return _Compared(same, counts)
