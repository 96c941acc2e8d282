"""Deduplication: of documents that say the same, one survives and the others say which.

    result = deduplicate(annotations, corpus.deduplication, standard, ranks, scratch=folder, engine=Engine(), progress=quiet)

1. Documents with the same SHA-256 of their text are linked.
2. Of the distinct texts, those that share a MinHash band key are linked: near duplicates (A. Z. Broder 1997; "Mining of
   Massive Datasets", section 3.4).
3. The connected components of all links are clusters. Likeness is not transitive but clusters are: where a is like b and b
   like c, one of the three survives.
4. The survivor of a cluster is the copy with the best rights, then the one that fails the fewest rules of the quality
   standard, then the one with the lowest identity.

What comes out depends on the documents alone: not on parts, their order, buckets or the numbering of keys.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage_platform.errors import InvalidInput
from lineage_platform.files import Place
from lineage_platform.model.definitions import Deduplication
from lineage_platform.model.tables import DECISIONS, DERIVATIONS, SHA256, minhash_column
from lineage_platform.model.versions import Result, Statistics
from lineage_platform.transformations.clusters import Numbers, components
from lineage_platform.transformations.digest import combine, content_digest
from lineage_platform.transformations.engine import Engine, Progress, steps
from lineage_platform.transformations.links import NO_LINKS, bucket_count, find_links
from lineage_platform.transformations.parts import read_batches, read_schema, write_table
from lineage_platform.transformations.standards import Standard, failing_counts
from lineage_platform.transformations.survivors import MEMBERS, copies_of, digest_rows_of, reasons

CODE_VERSION = "1"
"""To be raised with any change of links, clusters, the choice of survivors, or the digest."""

_BATCH_ROWS = 64 * 1024
_SIZES = ((2, 2), (3, 5), (6, 10), (11, 100), (101, None))


@dataclass(frozen=True)
class _Count:
    rows: int
    bytes: int
    terms: Mapping[int, int]


@dataclass(frozen=True)
class _Look:
    """Read what the choice of survivors needs of one part's linked documents: `rows` of the part, ascending."""

    annotations: str
    rows: Numbers
    standard: Standard | None


def deduplicate(
    annotations: Sequence[Place],
    deduplication: Deduplication,
    standard: Standard | None,
    rights_rank: Mapping[int, int],
    *,
    scratch: Place,
    engine: Engine,
    progress: Progress,
) -> Result:
    """Decide which documents of annotation parts are copies; roles `decisions` (dropped, `detail` names the survivor's key)
    and `derivations` (copy <- survivor, kind `duplicate-of`).

    A document that neither names is kept. The reason is `exact-duplicate` where the text equals the survivor's, else
    `near-duplicate`. `rights_rank` maps a terms number to its rank, lower is better; without `standard` quality does not
    count. Raises NotFound for a terms number without rank, InvalidInput where annotations lack the MinHash setting.

    The content digest covers decisions and derivations, by identity, and how many documents of which terms were kept.
    `details` of the statistics: `clusters`, `cluster_sizes`, `largest_cluster`, `dropped_for_other_terms` (copies whose
    survivor has other terms).
    """
    parts, minhash = list(annotations), deduplication.minhash
    column = minhash_column(minhash.ngram, minhash.bands, minhash.rows) if minhash is not None else None
    _require(parts, column)
    rounds = 2 + deduplication.exact + (minhash is not None)
    counts = engine.map(_count, [str(path) for path in parts], steps(progress, 0, rounds * len(parts)))
    records = sum(count.rows for count in counts)
    starts = np.cumsum([0, *(count.rows for count in counts)])[:-1].tolist()
    exact_buckets = bucket_count(records) if deduplication.exact else 0
    near_buckets = bucket_count(records * minhash.bands) if minhash is not None else 0
    total = rounds * len(parts) + exact_buckets + near_buckets
    done = len(parts)

    find = partial(find_links, parts, starts, scratch=scratch, engine=engine)
    links, without = NO_LINKS, NO_LINKS.later
    if deduplication.exact:
        advance = steps(progress, done, total)
        links = find("sha256", SHA256, exact_buckets, without, progress=advance)
        without = np.unique(links.later)
        done += len(parts) + exact_buckets
    if column is not None:
        advance = steps(progress, done, total)
        links += find(column, pa.uint64(), near_buckets, without, progress=advance)
    numbers, clusters = components(links)
    bounds = np.searchsorted(numbers, [*starts, records])
    looks = [
        _Look(str(path), numbers[low:high] - start, standard)
        for path, start, low, high in zip(parts, starts, bounds[:-1], bounds[1:], strict=True)
        if high > low
    ]
    members = engine.map(_look, looks, steps(progress, total - len(looks), total))
    progress(total, total)
    copies = copies_of(
        pa.concat_tables([MEMBERS.empty_table(), *members]), clusters, rights_rank, exact=deduplication.exact
    )
    kept = _sum(count.terms for count in counts)
    kept.subtract(_tally(copies.column("terms")))
    decision_rows, derivation_rows = digest_rows_of(copies)
    return Result(
        content_digest=combine(
            {
                "decisions": content_digest([decision_rows]),
                "derivations": content_digest([derivation_rows]),
                "kept": combine({str(terms): str(count) for terms, count in kept.items()}),
            }
        ),
        parts=(
            write_table(scratch, "decisions/00000.parquet", "decisions", DECISIONS, _decisions(copies)),
            write_table(
                scratch, "derivations/00000.parquet", "derivations", DERIVATIONS, _derivations(copies)
            ),
        ),
        statistics=Statistics(
            records_in=records,
            kept=records - copies.num_rows,
            edited=0,
            dropped=copies.num_rows,
            by_reason=_tally(reasons(copies)),
            by_terms={terms: (count, 0) for terms, count in sorted(kept.items()) if count},
            documents=records - copies.num_rows,
            bytes=sum(count.bytes for count in counts) - (pc.sum(copies.column("bytes")).as_py() or 0),
            details=_details(clusters, copies),
        ),
    )


def _require(parts: Sequence[Place], column: str | None) -> None:
    for path in parts:
        if column is not None and column not in read_schema(path).names:
            raise InvalidInput(
                f"{path}: got annotations without {column!r}, expected the band keys of that MinHash setting; "
                "annotate the source with it first"
            )


def _count(path: str) -> _Count:
    rows = size = 0
    terms: Counter[int] = Counter()
    for batch in read_batches(path, ["terms", "bytes"], _BATCH_ROWS):
        rows += batch.num_rows
        size += pc.sum(batch.column("bytes")).as_py() or 0
        terms.update(_tally(batch.column("terms")))
    return _Count(rows, size, terms)


def _look(task: _Look) -> pa.Table:
    columns = [name for name in MEMBERS.names if name != "failing"]
    measures = task.standard.columns if task.standard is not None else ()
    found = []
    start = 0
    for batch in read_batches(task.annotations, [*columns, *measures], _BATCH_ROWS):
        low, high = np.searchsorted(task.rows, [start, start + batch.num_rows])
        linked = batch.take(pa.array(task.rows[low:high] - start))
        start += batch.num_rows
        failing = np.zeros(high - low, np.int16)
        if task.standard is not None:
            failing = failing_counts(linked, task.standard)
        arrays = [*(linked.column(name) for name in columns), pa.array(failing)]
        found.append(pa.RecordBatch.from_arrays(arrays, schema=MEMBERS))
    return pa.Table.from_batches(found, MEMBERS)


def _decisions(copies: pa.RecordBatch) -> pa.Table:
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


def _derivations(copies: pa.RecordBatch) -> pa.Table:
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


def _details(clusters: Numbers, copies: pa.RecordBatch) -> dict[str, Any]:
    sizes = np.bincount(clusters)
    counted = {
        f"{low}" if low == high else f"{low}-{high}" if high else f"{low}-": int(
            ((sizes >= low) & (sizes <= (high or sizes.max(initial=0)))).sum()
        )
        for low, high in _SIZES
    }
    return {
        "clusters": len(sizes),
        "cluster_sizes": {size: count for size, count in counted.items() if count},
        "largest_cluster": int(sizes.max(initial=0)),
        "dropped_for_other_terms": int(
            pc.sum(pc.not_equal(copies.column("terms"), copies.column("survivor_terms"))).as_py() or 0
        ),
    }


def _same(value: str, rows: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([value]))


def _tally(column: pa.Array) -> dict[Any, int]:
    return {item["values"]: item["counts"] for item in pc.value_counts(column).to_pylist()}


def _sum(counts: Iterable[Mapping[int, int]]) -> Counter[int]:
    total: Counter[int] = Counter()
    for count in counts:
        total.update(count)
    return total
