"""Text of shards that changed, from their files of the version before.

A changed shard mostly holds what it held: its earlier file has the text of these documents in one place, while documents
parts have it scattered over all of them. Only what is not there is read from documents. A text counts where its SHA-256
is the one that was selected, whatever became of the file since.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lineage_platform.errors import Unavailable
from lineage_platform.files import Place, length, place
from lineage_platform.model.keys import ORDINAL_BITS
from lineage_platform.model.versions import Part
from lineage_platform.transformations.engine import Engine
from lineage_platform.transformations.layout import Layout
from lineage_platform.transformations.parts import read_batches
from lineage_platform.transformations.reuse import Unchanged, read_shards
from lineage_platform.transformations.shuffle import PLACED, ROWS, SAMPLE, Wanted, sample_of
from lineage_platform.transformations.spill import SpillWriter

WORTH = 0.5
"""Share of a shard's rows that its earlier file must have for it to be read."""

_BATCH_ROWS = 64 * 1024

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Refilled:
    """Rows with text (ROWS, in `spills`) with a sample of them (SAMPLE), and those that are still to be read from
    documents of the snapshots `snapshots` (None: of any), or at single keys."""

    spills: tuple[str, ...]
    rows: int
    sample: pa.Table
    wanted: Wanted
    snapshots: frozenset[int] | None


@dataclass(frozen=True)
class _Task:
    """Changed `shards` of some buckets, and their earlier files."""

    shards: range
    buckets: range
    changed: Mapping[int, str | None]
    placed: tuple[str, ...]
    layout: Layout
    spill: str
    fraction: float
    seed: int


@dataclass(frozen=True)
class _Outcome:
    rows: int
    sample: pa.Table
    chosen: list[int]
    snapshots: set[int]
    missing: pa.Table


def refill(
    same: Unchanged,
    files: Sequence[Part],
    layout: Layout,
    fraction: float,
    seed: int,
    *,
    work: Place,
    engine: Engine,
) -> Refilled:
    """Read what `files`, those of the earlier version's shards, have of the shards that are not the `same`.

    `fraction` of the documents are a sample.
    """
    held = {int(part.name[6:11]): part for part in files if part.role == "shard"}
    tasks = []
    for number, (shards, buckets) in enumerate(layout.buckets()):
        changed = {shard: _path(held.get(shard)) for shard in shards if shard not in same.kept}
        if changed:
            spill = str(work / f"refilled-{number:05d}")
            tasks.append(_Task(shards, buckets, changed, same.spills, layout, spill, fraction, seed))
    outcomes = engine.map(_refill, tasks)
    chosen = np.zeros(layout.shards, np.bool_)
    chosen[[shard for outcome in outcomes for shard in outcome.chosen]] = True
    missing = pa.concat_tables([_NOTHING, *(outcome.missing for outcome in outcomes)])
    missing = missing.sort_by([("document", "ascending"), ("epoch", "ascending")])
    return Refilled(
        tuple(task.spill for task in tasks),
        sum(outcome.rows for outcome in outcomes),
        pa.concat_tables([SAMPLE.empty_table(), *(outcome.sample for outcome in outcomes)]),
        Wanted(chosen, missing.column("document").to_numpy(), missing.column("epoch").to_numpy()),
        frozenset(number for outcome in outcomes for number in outcome.snapshots),
    )


_NOTHING = PLACED.empty_table().select(["document", "epoch"])


def _path(part: Part | None) -> str | None:
    """Where an earlier file is, if it is there in full."""
    return part.path if part is not None and length(place(part.path)) == part.bytes else None


def _refill(task: _Task) -> _Outcome:
    found, chosen, snapshots = 0, [], set[int]()
    samples, missing = [SAMPLE.empty_table()], [_NOTHING]
    with SpillWriter(place(task.spill), ROWS) as spill:
        for shard, rows in _rows(task).items():
            path = task.changed[shard]
            if path is None or _held(path, rows) < WORTH * len(rows):
                chosen.append(shard)
                snapshots |= set(np.unique(rows.column("document").to_numpy() >> ORDINAL_BITS).tolist())
                continue
            absent = np.ones(len(rows), np.bool_)
            for places, texts in _texts(path, rows):
                absent[places] = False
                filled = rows.take(pa.array(places)).append_column(ROWS.field("text"), texts)
                shards, order = (filled.column(name).to_numpy() for name in ("shard", "order"))
                spill.write(filled.combine_chunks(), task.layout.bucket(shards, order))
                samples.append(sample_of(filled, task.fraction, task.seed))
            found += len(rows) - int(absent.sum())
            missing.append(rows.filter(pa.array(absent)).select(_NOTHING.column_names))
    return _Outcome(found, pa.concat_tables(samples), chosen, snapshots, pa.concat_tables(missing))


def _rows(task: _Task) -> dict[int, pa.Table]:
    """The rows that each changed shard is to have."""
    rows: dict[int, list[pa.RecordBatch]] = {shard: [] for shard in task.changed}
    for number in task.buckets:
        bucket = read_shards(task.placed, number, task.shards, PLACED)
        for shard, found in rows.items():
            first, last = bucket.bounds[shard - task.shards.start : shard - task.shards.start + 2]
            found.append(bucket.rows.slice(first, last - first))
    return {shard: pa.Table.from_batches(found, PLACED).combine_chunks() for shard, found in rows.items()}


def _held(path: str, rows: pa.Table) -> int:
    """How many rows have their document in an earlier file, going by identity."""
    held = np.zeros(len(rows), np.bool_)
    for batch in _readable(path, ["identity"]):
        held |= _places(rows, batch).is_valid().to_numpy(zero_copy_only=False)
    return int(held.sum())


def _texts(path: str, rows: pa.Table) -> Iterator[tuple[npt.NDArray[np.int64], pa.Array]]:
    """Positions in `rows`, each once, and their texts."""
    selected = rows.column("sha256").to_pylist()
    taken = np.zeros(len(rows), np.bool_)
    for batch in _readable(path, ["identity", "text"]):
        places = _places(rows, batch)
        found = np.flatnonzero(places.is_valid().to_numpy(zero_copy_only=False) & ~taken)
        texts = batch.column("text").take(places.take(pa.array(found)))
        equal = [
            hashlib.sha256(text.as_buffer()).digest() == selected[row]
            for row, text in zip(found.tolist(), texts, strict=True)
        ]
        found, texts = found[equal], texts.filter(pa.array(equal, pa.bool_()))
        taken[found] = True
        yield found, texts


def _places(rows: pa.Table, batch: pa.RecordBatch) -> pa.Array:
    """For each row the position of its identity in the batch, null where it is not there."""
    found = pc.index_in(rows.column("identity"), value_set=batch.column("identity"))
    return found.combine_chunks()


def _readable(path: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Batches of a file as far as it can be read: what became of it since is for `verify` to tell."""
    try:
        yield from read_batches(path, columns, _BATCH_ROWS)
    except (pa.ArrowException, OSError, Unavailable):
        return
