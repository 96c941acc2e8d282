"""Documents that were taken back: they are nobody's input, and nobody's duplicate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

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
    """Document keys, ascending, and for each what took it back, in the words of its decision."""

    documents: npt.NDArray[np.int64]
    details: pa.Array

    def by_stretch(self, cuts: Cuts) -> list[Refused]:
        """Those that each stretch may hold."""
        bounds = [*np.searchsorted(self.documents, cuts.keys).tolist(), len(self.documents)]
        return [
            Refused(self.documents[first:last], self.details[first:last]) for first, last in pairwise(bounds)
        ]

    def among(self, documents: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Which of these documents are refused."""
        if not len(self.documents):
            return np.zeros(len(documents), np.bool_)
        places = np.minimum(np.searchsorted(self.documents, documents), len(self.documents) - 1)
        found: npt.NDArray[np.bool_] = self.documents[places] == documents
        return found

    def rows(self, stretch: Stretch) -> pa.Table:
        """Those that a stretch holds (ROWS)."""
        found = [ROWS.empty_table()]
        names = [name for name in ROWS.names if name != "detail"]
        for _, batch in stretch.batches(names) if len(self.documents) else ():
            keys = batch.column("document").to_numpy()
            here = np.flatnonzero(self.among(keys))
            details = self.details.take(pa.array(np.searchsorted(self.documents, keys[here])))
            columns = [*(batch.column(name).take(pa.array(here)) for name in names), details]
            found.append(pa.table(columns, schema=ROWS))
        return pa.concat_tables(found).combine_chunks()


def refused(documents: Mapping[int, str]) -> Refused:
    """From what took each document back, by key."""
    keys = sorted(documents)
    return Refused(np.array(keys, np.int64), pa.array([documents[key] for key in keys], pa.string()))


NOBODY = refused({})


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
