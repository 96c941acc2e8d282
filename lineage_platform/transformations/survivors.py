"""Which member of each cluster survives, and what that says of the others."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lineage_platform.errors import NotFound
from lineage_platform.model.decisions import Reason
from lineage_platform.model.tables import IDENTITY, SHA256
from lineage_platform.transformations.clusters import Numbers, first_of
from lineage_platform.transformations.digest import Rows, digest_rows

MEMBERS = pa.schema(
    [
        pa.field("document", pa.int64(), nullable=False),
        pa.field("identity", IDENTITY, nullable=False),
        pa.field("sha256", SHA256, nullable=False),
        pa.field("terms", pa.int64(), nullable=False),
        pa.field("bytes", pa.int32(), nullable=False),
        pa.field("failing", pa.int16(), nullable=False),  # rules of the quality standard
    ]
)
"""What the choice needs to know of every linked document."""

COPIES = pa.schema(
    [
        *(MEMBERS.field(name) for name in ("document", "identity", "terms", "bytes")),
        pa.field("survivor", pa.int64(), nullable=False),
        pa.field("survivor_identity", IDENTITY, nullable=False),
        pa.field("survivor_terms", pa.int64(), nullable=False),
        pa.field("cluster", IDENTITY, nullable=False),
        pa.field("exact", pa.bool_(), nullable=False),
    ]
)
"""Members that do not survive, by document key. `exact`: the text equals the survivor's."""


def copies_of(
    members: pa.Table, clusters: Numbers, rights_rank: Mapping[int, int], *, exact: bool
) -> pa.RecordBatch:
    """The copies (schema COPIES) among `members` (schema MEMBERS), whose cluster numbers are `clusters`.

    Best rights first, then fewest failing rules, then lowest identity. `exact` False calls no copy exact, because none was
    found that way. Raises NotFound for a terms number that has no rank.
    """
    columns = {name: members.column(name).combine_chunks() for name in MEMBERS.names}
    document, failing = columns["document"].to_numpy(), columns["failing"].to_numpy()
    identity, text = _words(columns["identity"]), _words(columns["sha256"])
    rank = _ranks(columns["terms"].to_numpy(), rights_rank)
    survivors = first_of(clusters, rank, failing, *identity.T, *text.T, document)
    survivor = survivors[clusters]
    lowest = first_of(clusters, *identity.T)[clusters]
    copies = np.flatnonzero(document != document[survivor])
    copies = copies[np.argsort(document[copies])]
    parents = pa.array(survivor[copies])
    same_text = (text[copies] == text[survivor[copies]]).all(axis=1)
    return pa.RecordBatch.from_arrays(
        [
            *(columns[name].take(pa.array(copies)) for name in ("document", "identity", "terms", "bytes")),
            *(columns[name].take(parents) for name in ("document", "identity", "terms")),
            columns["identity"].take(pa.array(lowest[copies])),
            pa.array(same_text & exact),
        ],
        schema=COPIES,
    )


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


def _words(column: pa.FixedSizeBinaryArray) -> npt.NDArray[np.uint64]:
    """Fixed-size binary as big-endian words, shape (rows, bytes / 8), so that they compare as the bytes do."""
    words = column.type.byte_width // 8
    data = column.buffers()[1] if len(column) else b""
    values = np.frombuffer(data, ">u8", words * len(column), column.offset * column.type.byte_width)
    return values.astype(np.uint64).reshape(-1, words)


def _ranks(terms: Numbers, rights_rank: Mapping[int, int]) -> Numbers:
    distinct, positions = np.unique(terms, return_inverse=True)
    missing = [int(number) for number in distinct if int(number) not in rights_rank]
    if missing:
        raise NotFound("rights rank of terms", str(missing[0]), (str(number) for number in rights_rank))
    return np.array([rights_rank[int(number)] for number in distinct], np.int64)[positions]
