"""Selected documents with their text: rows of a selection joined to the documents parts that hold the text.

Both tables are sorted by document key inside every part, so the join is a merge of two sorted streams, part by part.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lineage_platform.errors import VerificationFailed
from lineage_platform.files import Place, place
from lineage_platform.model.keys import ORDINAL_BITS
from lineage_platform.model.tables import SELECTION
from lineage_platform.transformations.hashing import Purpose, below, hash_identities
from lineage_platform.transformations.parts import (
    KeyRange,
    key_ranges,
    read_batches,
    read_range,
)

BATCH_ROWS = 1024

_NO_KEYS = np.empty(0, np.int64)


@dataclass(frozen=True)
class Pairing:
    """One documents part, and the selection parts that may hold rows of it."""

    documents: str
    selection: tuple[str, ...]
    low: int
    high: int


@dataclass(frozen=True)
class Survey:
    """What a selection amounts to: rows (a document counts once an epoch), UTF-8 bytes of text, row groups by key."""

    rows: int
    bytes: int
    ranges: tuple[KeyRange, ...]


def survey(selection: Sequence[Place]) -> Survey:
    """Sizes of a selection, one narrow column at a time."""
    size = 0
    for path in selection:
        for batch in read_batches(path, ["bytes"], batch_rows=64 * 1024):
            size += int(batch.column("bytes").to_numpy().sum(dtype=np.int64))
    ranges = [keys for path in selection for keys in key_ranges(path)]
    ranges.sort(key=lambda keys: keys.low)
    return Survey(sum(keys.rows for keys in ranges), size, tuple(ranges))


def snapshots_in(documents: Sequence[Place]) -> tuple[int, ...]:
    """Numbers of the snapshots that some documents parts hold records of, in order."""
    return tuple(sorted({keys.low >> ORDINAL_BITS for path in documents for keys in key_ranges(path)}))


def pair(
    selection: Sequence[Place],
    documents: Sequence[Place],
    snapshots: Collection[int] | None = None,
    keys: npt.NDArray[np.int64] = _NO_KEYS,
) -> list[Pairing]:
    """Every documents part that may hold selected rows, in key order; where `snapshots` are given only those of them, and
    those that may hold one of some sorted `keys`."""
    reaches = [(path, key_ranges(path)) for path in selection]
    reaches = [(path, ranges) for path, ranges in reaches if ranges]
    lows = np.array([min(keys.low for keys in ranges) for _, ranges in reaches], np.int64)
    highs = np.array([max(keys.high for keys in ranges) for _, ranges in reaches], np.int64)
    pairings = []
    for path in documents:
        ranges = key_ranges(path)
        if not ranges:
            continue
        low, high = min(keys.low for keys in ranges), max(keys.high for keys in ranges)
        named = np.searchsorted(keys, low) < np.searchsorted(keys, high, side="right")
        if snapshots is not None and low >> ORDINAL_BITS not in snapshots and not named:
            continue
        overlapping = np.flatnonzero((lows <= high) & (highs >= low))
        if len(overlapping):
            paths = tuple(str(reaches[number][0]) for number in overlapping)
            pairings.append(Pairing(str(path), paths, low, high))
    return sorted(pairings, key=lambda pairing: pairing.low)


def selected_rows(pairing: Pairing) -> pa.Table:
    """The selection's rows in the key range of one documents part, by document key, then epoch."""
    tables = [read_range(path, SELECTION.names, pairing.low, pairing.high) for path in pairing.selection]
    table = pa.concat_tables(tables).combine_chunks()
    if len(tables) > 1:
        table = table.sort_by([("document", "ascending"), ("epoch", "ascending")]).combine_chunks()
    return table


def read_selected(documents: str, rows: pa.Table) -> Iterator[pa.Table]:
    """Those of `rows` that `documents` holds, in order, with the column `text`, a bounded number at a time.

    `rows` is sorted by document key. Row groups without a wanted key are not read. Raises VerificationFailed where the
    text is not the one that was selected.
    """
    wanted = rows.column("document").to_numpy()
    if len(wanted) == 0:
        return
    groups = [
        number
        for number, keys in enumerate(key_ranges(documents))
        if np.searchsorted(wanted, keys.low) < np.searchsorted(wanted, keys.high, side="right")
    ]
    if not groups:
        return
    for batch in read_batches(documents, ["document", "sha256", "text"], BATCH_ROWS, groups):
        keys = batch.column("document").to_numpy()
        first = np.searchsorted(wanted, keys)
        copies = np.searchsorted(wanted, keys, side="right") - first
        total = int(copies.sum())
        if total == 0:
            continue
        holders = np.repeat(np.arange(len(keys)), copies)
        places = np.arange(total) - np.repeat(np.cumsum(copies) - copies, copies) + first[holders]
        found = rows.take(pa.array(places))
        texts = batch.select(["sha256", "text"])
        if total != len(keys) or len(np.unique(holders)) != total:
            texts = texts.take(pa.array(holders))
        _verify(found, texts.column("sha256"), documents)
        yield found.append_column("text", texts.column("text"))


def _verify(rows: pa.Table, hashes: pa.Array, documents: str) -> None:
    expected = rows.column("sha256").combine_chunks()
    if expected.equals(hashes):
        return
    for key, wanted, got in zip(
        rows.column("document").to_pylist(), expected.to_pylist(), hashes.to_pylist(), strict=True
    ):
        if wanted != got:
            raise VerificationFailed(
                f"document {key} in {place(documents).name}: got text of SHA-256 {got.hex()}, expected"
                f" {wanted.hex()} as selected; the selection was made from another version of the documents"
            )


def sampled(rows: pa.Table, fraction: float, seed: int) -> npt.NDArray[np.bool_]:
    """Which rows are in the sample that holds about `fraction` of the documents, each once whatever its epochs."""
    hashes = hash_identities(rows.column("identity").combine_chunks(), Purpose.SAMPLE, seed)
    return below(hashes, fraction) & (rows.column("epoch").to_numpy() == 0)


def texts_of(documents: str, rows: pa.Table) -> pa.Table:
    """All of `rows` that `documents` holds, with their text; for small samples."""
    tables = list(read_selected(documents, rows))
    schema = rows.schema.append(pa.field("text", pa.large_string()))
    return pa.concat_tables(tables) if tables else schema.empty_table()
