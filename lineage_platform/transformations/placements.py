"""The placement index: where every selected document ended up, in two sort orders, and its sums by snapshot.

Packing leaves each task's placements in a spill. From there: parts by shard, which follow the shards; parts by
document, each a range of document keys of its own; and the rollup by snapshot, shard and terms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lineage_platform.files import Place, place
from lineage_platform.model.keys import ORDINAL_BITS
from lineage_platform.model.tables import PLACEMENTS_BY_DOCUMENT, PLACEMENTS_BY_SHARD, ROLLUP
from lineage_platform.model.versions import Part
from lineage_platform.transformations.engine import Engine
from lineage_platform.transformations.parts import KeyRange, PartWriter, write_table
from lineage_platform.transformations.spill import SpillWriter, read_spills

PART_ROWS = 1024 * 1024

Bounds = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Placed:
    """What one packing task placed: a spill in shard order (group 0), one by range of document keys, and sums."""

    by_shard: str
    by_document: str
    rows: int
    rollup: pa.Table


@dataclass(frozen=True)
class _Shards:
    number: int
    spills: tuple[str, ...]
    scratch: str


@dataclass(frozen=True)
class _Documents:
    number: int
    spills: tuple[str, ...]
    scratch: str


def document_bounds(ranges: Sequence[KeyRange]) -> Bounds:
    """First keys of consecutive ranges of about PART_ROWS rows each; `ranges` is sorted by lowest key."""
    bounds: list[int] = []
    rows = PART_ROWS
    for keys in ranges:
        if rows >= PART_ROWS:
            bounds.append(keys.low)
            rows = 0
        rows += keys.rows
    return np.array(bounds, np.int64)


def spill_placements(folder: Place, task: int, rows: pa.Table, bounds: Bounds) -> Placed:
    """Put down the placements of one packing task; `rows` is by shard, then row."""
    groups = np.maximum(np.searchsorted(bounds, rows.column("document").to_numpy(), side="right") - 1, 0)
    with SpillWriter(folder / f"by-shard-{task:05d}", PLACEMENTS_BY_SHARD) as by_shard:
        by_shard.write(rows, np.zeros(len(rows), np.int64))
    with SpillWriter(folder / f"by-document-{task:05d}", PLACEMENTS_BY_SHARD) as by_document:
        by_document.write(rows, groups)
    return Placed(by_shard.path, by_document.path, len(rows), _sums(rows))


def write_placements(placed: Sequence[Placed], bounds: Bounds, scratch: Place, engine: Engine) -> list[Part]:
    """Write both orders and the rollup. Roles: `placements-by-shard`, `placements-by-document`, `rollup`."""
    spills: list[list[str]] = [[]]
    rows = 0
    for item in placed:
        if rows >= PART_ROWS:
            spills.append([])
            rows = 0
        spills[-1].append(item.by_shard)
        rows += item.rows
    parts = engine.map(
        _write_by_shard, [_Shards(number, tuple(paths), str(scratch)) for number, paths in enumerate(spills)]
    )
    by_document = tuple(item.by_document for item in placed)
    parts += engine.map(
        _write_by_document,
        [_Documents(number, by_document, str(scratch)) for number in range(max(1, len(bounds)))],
    )
    rollup = pa.concat_tables([ROLLUP.empty_table(), *(item.rollup for item in placed)])
    rollup = rollup.group_by(["snapshot", "shard", "terms"]).aggregate(
        [("documents", "sum"), ("tokens", "sum")]
    )
    rollup = rollup.rename_columns(["snapshot", "shard", "terms", "documents", "tokens"])
    rollup = rollup.sort_by([(name, "ascending") for name in ("snapshot", "shard", "terms")])
    return [*parts, write_table(scratch, "rollup.parquet", "rollup", ROLLUP, rollup)]


def _write_by_shard(task: _Shards) -> Part:
    name = f"placements-by-shard/{task.number:05d}.parquet"
    with PartWriter(place(task.scratch), name, "placements-by-shard", PLACEMENTS_BY_SHARD) as writer:
        for spill in task.spills:
            writer.write(read_spills([spill], 0, PLACEMENTS_BY_SHARD))
    assert writer.part is not None  # noqa: S101 - set by a clean exit
    return writer.part


def _write_by_document(task: _Documents) -> Part:
    rows = read_spills(task.spills, task.number, PLACEMENTS_BY_SHARD)
    columns = [rows.column(name).to_numpy() for name in ("row", "shard", "document")]
    rows = rows.take(pa.array(np.lexsort(columns)))
    name = f"placements-by-document/{task.number:05d}.parquet"
    return write_table(place(task.scratch), name, "placements-by-document", PLACEMENTS_BY_DOCUMENT, rows)


def _sums(rows: pa.Table) -> pa.Table:
    snapshots = (rows.column("document").to_numpy() >> ORDINAL_BITS).astype(np.int32)
    table = rows.select(["shard", "terms", "tokens"]).append_column("snapshot", pa.array(snapshots))
    sums = table.group_by(["shard", "snapshot", "terms"]).aggregate([("tokens", "count"), ("tokens", "sum")])
    return sums.rename_columns(ROLLUP.names).cast(ROLLUP)
