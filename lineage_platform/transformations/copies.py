"""Copies that do not survive, and what is written about them: decisions, derivations, and the rows of their digests."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage_platform.model.decisions import Reason
from lineage_platform.model.tables import DECISIONS, DERIVATIONS, IDENTITY
from lineage_platform.transformations.digest import Rows, digest_rows

COPIES = pa.schema(
    [
        pa.field("document", pa.int64(), nullable=False),
        pa.field("identity", IDENTITY, nullable=False),
        pa.field("terms", pa.int64(), nullable=False),
        pa.field("bytes", pa.int32(), nullable=False),
        pa.field("survivor", pa.int64(), nullable=False),
        pa.field("survivor_identity", IDENTITY, nullable=False),
        pa.field("survivor_terms", pa.int64(), nullable=False),
        pa.field("cluster", IDENTITY, nullable=False),
        pa.field("exact", pa.bool_(), nullable=False),
    ]
)
"""Members that do not survive. `exact`: the text equals the survivor's."""


def decisions_of(copies: pa.RecordBatch) -> pa.Table:
    """Rows of DECISIONS."""
    survivor = copies.column("survivor").cast(pa.string())
    columns = {
        **{name: copies.column(name) for name in ("document", "identity", "terms")},
        "outcome": _same("dropped", copies.num_rows),
        "reason": reasons(copies),
        "detail": pc.binary_join_element_wise("duplicate of", survivor, " "),
        **{
            name: pa.nulls(copies.num_rows, DECISIONS.field(name).type)
            for name in ("file", "record", "offset")
        },
    }
    return pa.table(columns, schema=DECISIONS)


def derivations_of(copies: pa.RecordBatch) -> pa.Table:
    """Rows of DERIVATIONS."""
    methods = pa.array(["exact", "minhash"])
    columns = {
        "child": copies.column("document"),
        "parent": copies.column("survivor"),
        "kind": _same("duplicate-of", copies.num_rows),
        "method": pa.DictionaryArray.from_arrays(reasons(copies).indices, methods),
        "cluster": copies.column("cluster"),
        "child_terms": copies.column("terms"),
        "parent_terms": copies.column("survivor_terms"),
    }
    return pa.table(columns, schema=DERIVATIONS)


def digest_rows_of(copies: pa.RecordBatch) -> tuple[Rows, Rows]:
    """Digest rows of the decisions and of the derivations that say the same, by identity instead of key."""
    identity = copies.column("identity")
    survivor = copies.column("survivor_identity")
    decisions = {"identity": identity, "reason": reasons(copies), "survivor": survivor}
    derivations = {
        "identity": identity,
        "survivor": survivor,
        "cluster": copies.column("cluster"),
        "child_terms": copies.column("terms"),
        "parent_terms": copies.column("survivor_terms"),
    }
    return (
        digest_rows(pa.record_batch(decisions), ["reason", "survivor"]),
        digest_rows(pa.record_batch(derivations), ["survivor", "cluster", "child_terms", "parent_terms"]),
    )


def reasons(copies: pa.RecordBatch) -> pa.DictionaryArray:
    """The reason code of each copy."""
    near = np.logical_not(copies.column("exact").to_numpy(zero_copy_only=False)).astype(np.int32)
    names = pa.array([Reason.EXACT_DUPLICATE.value, Reason.NEAR_DUPLICATE.value])
    return pa.DictionaryArray.from_arrays(pa.array(near), names)


def _same(value: str, rows: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([value]))
