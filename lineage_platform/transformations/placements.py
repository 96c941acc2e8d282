"""The placement index: where every selected document ended up, in two sort orders, with its sums by snapshot.

Packing leaves each task's placements in a spill. Gathering them gives the parts by shard, and spills by range of document
keys and of snapshots; from those come the parts by document, each a range of keys of its own, and the summaries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lineage_platform.files import Place, place
from lineage_platform.model.keys import ORDINAL_BITS
from lineage_platform.model.tables import (
    PLACEMENTS_BY_DOCUMENT,
    PLACEMENTS_BY_SHARD,
    SHARDS_BY_SNAPSHOT,
    TERMS_BY_SNAPSHOT,
)
from lineage_platform.model.versions import Part
from lineage_platform.transformations.engine import Engine
from lineage_platform.transformations.parts import KeyRange, write_table
from lineage_platform.transformations.spill import SpillWriter, read_spills, remove_spills

PART_ROWS = 2 * 1024 * 1024
"""Of a file, at most or about. A file by shard is one row group: the dictionary of its terms is paid for once a group."""


@dataclass(frozen=True)
class Bounds:
    """Where files begin: first document keys of those by document, first snapshots of the summary by shard."""

    documents: npt.NDArray[np.int64]
    snapshots: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Placed:
    """What one packing task placed: a spill of PLACEMENTS_BY_SHARD in one group."""

    spill: str
    rows: int


@dataclass(frozen=True)
class Index:
    """The parts of the index, and its sums by snapshot and terms (TERMS_BY_SNAPSHOT)."""

    parts: list[Part]
    terms: pa.Table


@dataclass(frozen=True)
class _Gather:
    number: int
    spills: tuple[str, ...]
    bounds: Bounds
    scratch: str
    work: str


@dataclass(frozen=True)
class _Gathered:
    part: Part
    by_document: str
    by_snapshot: str


@dataclass(frozen=True)
class _Range:
    number: int
    spills: tuple[str, ...]
    scratch: str


def placement_bounds(ranges: Sequence[KeyRange], shards: int) -> Bounds:
    """Bounds for about PART_ROWS rows a file; `ranges` are those of the selection, by lowest key."""
    documents: list[int] = []
    rows = PART_ROWS
    for keys in ranges:
        if rows >= PART_ROWS:
            documents.append(keys.low)
            rows = 0
        rows += keys.rows
    snapshots = sorted({key >> ORDINAL_BITS for keys in ranges for key in (keys.low, keys.high)})
    each = max(1, PART_ROWS // max(1, shards))
    return Bounds(np.array(documents, np.int64), np.array(snapshots[::each], np.int64))


def spill_placements(folder: Place, task: int, rows: pa.Table) -> Placed:
    """Put down the placements of one packing task: `rows` is by shard, then row, and holds whole shards."""
    with SpillWriter(folder / f"placed-{task:05d}", PLACEMENTS_BY_SHARD, compression="zstd") as spill:
        spill.write(rows, np.zeros(len(rows), np.uint16))
    return Placed(spill.path, len(rows))


def write_placements(
    placed: Sequence[Placed], bounds: Bounds, scratch: Place, work: Place, engine: Engine
) -> Index:
    """Write both orders and the summaries; the spills of `placed`, in shard order, are removed.

    Roles: `placements-by-shard`, `placements-by-document`, `shards-by-snapshot`, `terms-by-snapshot`. `work` is a folder
    for what lies between.
    """
    spills: list[list[str]] = [[]]
    rows = 0
    for item in placed:
        if rows + item.rows > PART_ROWS and spills[-1]:
            spills.append([])
            rows = 0
        spills[-1].append(item.spill)
        rows += item.rows
    gathered = engine.map(
        _gather,
        [
            _Gather(number, tuple(paths), bounds, str(scratch), str(work))
            for number, paths in enumerate(spills)
        ],
    )
    remove_spills(item.spill for item in placed)
    by_document = tuple(item.by_document for item in gathered)
    ranges = [_Range(number, by_document, str(scratch)) for number in range(max(1, len(bounds.documents)))]
    written = engine.map(_write_by_document, ranges)
    remove_spills(by_document)
    by_snapshot = tuple(item.by_snapshot for item in gathered)
    summaries = [_Range(number, by_snapshot, str(scratch)) for number in range(max(1, len(bounds.snapshots)))]
    shards = engine.map(_write_by_snapshot, summaries)
    remove_spills(by_snapshot)
    terms = pa.concat_tables([table for _, table in written])
    terms = terms.group_by(["snapshot", "terms"], use_threads=False)
    terms = terms.aggregate([("documents", "sum"), ("tokens", "sum")])
    terms = terms.rename_columns(TERMS_BY_SNAPSHOT.names).cast(TERMS_BY_SNAPSHOT)
    terms = terms.sort_by([("snapshot", "ascending"), ("terms", "ascending")])
    last = write_table(scratch, "terms-by-snapshot.parquet", "terms-by-snapshot", TERMS_BY_SNAPSHOT, terms)
    parts = [*(item.part for item in gathered), *(part for part, _ in written), *shards, last]
    return Index(parts, terms)


def _gather(task: _Gather) -> _Gathered:
    rows = read_spills(task.spills, 0, PLACEMENTS_BY_SHARD).combine_chunks()
    name = f"placements-by-shard/{task.number:05d}.parquet"
    part = write_table(place(task.scratch), name, "placements-by-shard", PLACEMENTS_BY_SHARD, rows)
    documents = rows.column("document").to_numpy()
    work = place(task.work)
    with SpillWriter(
        work / f"by-document-{task.number:05d}", PLACEMENTS_BY_SHARD, compression="zstd"
    ) as by_document:
        by_document.write(rows, _groups(documents, task.bounds.documents))
    sums = _sums(rows, documents, "shard", SHARDS_BY_SNAPSHOT)
    with SpillWriter(
        work / f"by-snapshot-{task.number:05d}", SHARDS_BY_SNAPSHOT, compression="zstd"
    ) as by_snapshot:
        by_snapshot.write(sums, _groups(sums.column("snapshot").to_numpy(), task.bounds.snapshots))
    return _Gathered(part, by_document.path, by_snapshot.path)


def _write_by_document(task: _Range) -> tuple[Part, pa.Table]:
    rows = read_spills(task.spills, task.number, PLACEMENTS_BY_SHARD).combine_chunks()
    order = np.argsort(rows.column("document").to_numpy(), kind="stable")  # spills are by shard, then row
    rows = rows.take(pa.array(order))
    name = f"placements-by-document/{task.number:05d}.parquet"
    part = write_table(place(task.scratch), name, "placements-by-document", PLACEMENTS_BY_DOCUMENT, rows)
    return part, _sums(rows, rows.column("document").to_numpy(), "terms", TERMS_BY_SNAPSHOT)


def _write_by_snapshot(task: _Range) -> Part:
    rows = read_spills(task.spills, task.number, SHARDS_BY_SNAPSHOT)
    order = np.argsort(rows.column("snapshot").to_numpy(), kind="stable")  # sums are by snapshot, then shard
    name = f"shards-by-snapshot/{task.number:05d}.parquet"
    rows = rows.take(pa.array(order))
    return write_table(place(task.scratch), name, "shards-by-snapshot", SHARDS_BY_SNAPSHOT, rows)


def _groups(keys: npt.NDArray[np.integer], bounds: npt.NDArray[np.int64]) -> npt.NDArray[np.integer]:
    """The range each key belongs to, in the smallest type that holds it: few bytes are sorted fast."""
    groups = np.maximum(np.searchsorted(bounds, keys, side="right") - 1, 0)
    return groups.astype(np.min_scalar_type(len(bounds)))


def _sums(rows: pa.Table, documents: npt.NDArray[np.int64], of: str, schema: pa.Schema) -> pa.Table:
    """Documents and tokens by snapshot and one other column, in order."""
    snapshots = pa.array((documents >> ORDINAL_BITS).astype(np.int32))
    table = rows.select([of, "tokens"]).append_column("snapshot", snapshots)
    sums = table.group_by(["snapshot", of], use_threads=False)
    sums = sums.aggregate([("tokens", "count"), ("tokens", "sum")])
    return (
        sums.rename_columns(schema.names).cast(schema).sort_by([("snapshot", "ascending"), (of, "ascending")])
    )
