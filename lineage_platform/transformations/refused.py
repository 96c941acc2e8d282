"""Documents that were taken back: they are nobody's input, and nobody's duplicate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lineage_platform.model.decisions import Reason
from lineage_platform.model.tables import DECISIONS, IDENTITY
from lineage_platform.transformations.digest import Rows, digest_rows
from lineage_platform.transformations.stretches import Cuts, Stretch

ROWS = pa.schema(
    [
        pa.field("document", pa.int64(), nullable=False),
        pa.field("identity", IDENTITY, nullable=False),
        pa.field("terms", pa.int64(), nullable=False),
        pa.field("bytes", pa.int32(), nullable=False),
        pa.field("detail", pa.string(), nullable=False),
    ]
)
"""Refused documents that are there, with what took them back."""


@dataclass(frozen=True)
class Refused:
    """Ranges of document keys, both ends inclusive, disjoint and ascending, and for each what took it back, in the words of
    a decision."""

    firsts: npt.NDArray[np.int64]
    lasts: npt.NDArray[np.int64]
    details: pa.Array

    def __len__(self) -> int:
        return len(self.firsts)

    def by_stretch(self, cuts: Cuts) -> list[Refused]:
        """Those that each stretch may hold documents of."""
        begins = np.searchsorted(self.lasts, cuts.keys).tolist()
        ends = [*np.searchsorted(self.firsts, cuts.keys[1:]).tolist(), len(self)]
        return [
            Refused(self.firsts[begin:end], self.lasts[begin:end], self.details[begin:end])
            for begin, end in zip(begins, ends, strict=True)
        ]

    def places(self, documents: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The range that each of these documents is in; -1: none."""
        if not len(self):
            return np.full(len(documents), -1)
        places = np.searchsorted(self.firsts, documents, side="right") - 1
        return np.where((places >= 0) & (documents <= self.lasts[places]), places, -1)

    def rows(self, stretch: Stretch) -> pa.Table:
        """Those that a stretch holds (ROWS)."""
        found = [ROWS.empty_table()]
        names = [name for name in ROWS.names if name != "detail"]
        for _, batch in stretch.batches(names) if len(self) else ():
            places = self.places(batch.column("document").to_numpy())
            here = np.flatnonzero(places >= 0)
            details = self.details.take(pa.array(places[here]))
            columns = [*(batch.column(name).take(pa.array(here)) for name in names), details]
            found.append(pa.table(columns, schema=ROWS))
        return pa.concat_tables(found).combine_chunks()


def refused(ranges: Iterable[tuple[int, int, str]]) -> Refused:
    """From disjoint ranges of keys: first, last, and what took them back."""
    ordered = sorted(ranges)
    return Refused(
        np.array([first for first, _, _ in ordered], np.int64),
        np.array([last for _, last, _ in ordered], np.int64),
        pa.array([detail for _, _, detail in ordered], pa.string()),
    )


NOBODY = refused(())


def refusals_of(rows: pa.Table) -> pa.Table:
    """Rows of DECISIONS."""
    columns = {
        **{name: rows.column(name) for name in ("document", "identity", "terms", "detail")},
        "outcome": _same("dropped", len(rows)),
        "reason": _same(Reason.WITHDRAWN.value, len(rows)),
        **{name: pa.nulls(len(rows), DECISIONS.field(name).type) for name in ("file", "record", "offset")},
    }
    return pa.table({name: columns[name] for name in DECISIONS.names}).cast(DECISIONS)


def refusal_rows(rows: pa.Table) -> Rows:
    """What they add to the content digest."""
    [batch] = rows.combine_chunks().to_batches() or [pa.RecordBatch.from_pylist([], ROWS)]
    return digest_rows(batch, ["detail"])


def in_order(tables: Sequence[pa.Table]) -> pa.Table:
    """Decisions together, by document key."""
    table = pa.concat_tables(tables).combine_chunks()
    return table.take(pc.sort_indices(table.column("document")))


def _same(value: str, rows: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([value]))
