"""Deduplication: of documents that say the same, one survives and the others say which.

    result = deduplicate(annotations, corpus.deduplication, standard, ranks, scratch=folder, engine=Engine(), progress=quiet)

1. Documents with the same SHA-256 of their text are linked.
2. Of the distinct texts, those that share a MinHash band key are linked: near duplicates (A. Z. Broder 1997; "Mining of
   Massive Datasets", section 3.4).
3. The connected components of all links are clusters. Likeness is not transitive but clusters are: where a is like b and b
   like c, one of the three survives.
4. The survivor of a cluster is the copy with the best rights, then the one that fails the fewest rules of the quality
   standard, then the one with the lowest identity.

What comes out depends on the documents alone: not on parts, their order, buckets or the numbering of keys. Every step
holds one stretch of documents, or one bucket of keys or of clusters; what goes between steps goes through spills.
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
import pyarrow.parquet as pq

from lineage_platform.errors import InvalidInput
from lineage_platform.files import Place, open_input, place, reaching, release_tree
from lineage_platform.model.decisions import Reason
from lineage_platform.model.definitions import Deduplication
from lineage_platform.model.tables import DECISIONS, DERIVATIONS, SHA256, minhash_column
from lineage_platform.model.versions import Part, Result, Statistics
from lineage_platform.transformations.clusters import find_clusters
from lineage_platform.transformations.copies import (
    COPIES,
    decisions_of,
    derivations_of,
    digest_rows_of,
    reasons,
)
from lineage_platform.transformations.digest import Rows, SpilledRows, combine, content_digest, spill_rows
from lineage_platform.transformations.engine import Engine, Progress
from lineage_platform.transformations.links import Spills, bucket_count, find_links
from lineage_platform.transformations.parts import (
    KeyRange,
    ranges_of,
    write_table,
)
from lineage_platform.transformations.refused import NOBODY, Refused, in_order, refusal_rows, refusals_of
from lineage_platform.transformations.spill import read_spills
from lineage_platform.transformations.standards import Standard
from lineage_platform.transformations.stretches import Stretch, cut, cuts_of, lots
from lineage_platform.transformations.survivors import (
    SIZES,
    Choice,
    Look,
    Sizes,
    choose,
    look,
    member_buckets,
)

CODE_VERSION = "1"
"""To be raised with any change of links, clusters, the choice of survivors, or the digest."""

_BATCH_ROWS = 64 * 1024


@dataclass(frozen=True)
class _Surveyed:
    """One annotations part: the key range of every row group, and what its documents amount to."""

    annotations: str
    ranges: Sequence[KeyRange]
    rows: int
    bytes: int
    terms: Mapping[int, int]


@dataclass(frozen=True)
class _Write:
    """Write the copies and the refused documents of one stretch."""

    stretch: Stretch
    copies: Spills
    refused: Refused
    scratch: str


@dataclass(frozen=True)
class _Written:
    parts: tuple[Part, ...]
    digests: Mapping[str, SpilledRows]
    refused: Rows
    rows: int
    bytes: int
    reasons: Mapping[str, int]
    terms: Mapping[int, int]
    other_terms: int


class _Steps:
    """The progress of maps that follow each other; what is still to come is known better and better."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._before, self.total = progress, 0, total

    def next(self, tasks: int) -> Progress:
        """The progress of the next map, of so many tasks."""
        before = self._before
        self._before += tasks
        return lambda done, _tasks: self._progress(before + done, max(self.total, before + tasks))


def deduplicate(
    annotations: Sequence[Place],
    deduplication: Deduplication,
    standard: Standard | None,
    rights_rank: Mapping[int, int],
    *,
    refused: Refused = NOBODY,
    scratch: Place,
    engine: Engine,
    progress: Progress,
) -> Result:
    """Decide which documents of annotation parts are copies; roles `decisions` (dropped, `detail` names the survivor's key)
    and `derivations` (copy <- survivor, kind `duplicate-of`), each in parts of ascending ranges of document keys.

    A document that neither names is kept. The reason is `exact-duplicate` where the text equals the survivor's, else
    `near-duplicate`. `rights_rank` maps a terms number to its rank, lower is better; without `standard` quality does not
    count. Documents that were `refused` are dropped first, as `withdrawn`: they are linked with nothing, so that a copy of
    theirs stays, and documents that only they connected part. Raises NotFound for a terms number without rank, InvalidInput where annotations lack the MinHash setting or
    parts hold the same keys.

    The content digest covers decisions and derivations, by identity, how many documents of which terms were kept, and what
    was refused, if anything.
    `details` of the statistics: `clusters`, `cluster_sizes`, `largest_cluster`, `dropped_for_other_terms` (copies whose
    survivor has other terms).
    """
    minhash = deduplication.minhash
    column = minhash_column(minhash.ngram, minhash.bands, minhash.rows) if minhash is not None else None
    surveys = lots(annotations)
    steps = _Steps(progress, len(surveys) + 1)
    found_in = engine.map(partial(_survey, column=column), surveys, steps.next(len(surveys)))
    surveyed = [part for found in found_in for part in found]
    records = sum(part.rows for part in surveyed)
    terms_of = {part.annotations: part.terms for part in surveyed}
    stretches = cut([(part.annotations, part.ranges) for part in surveyed])
    cuts, spilled = cuts_of(stretches), scratch / "spilled"
    refusals = refused.by_stretch(cuts)
    exact_buckets = bucket_count(records) if deduplication.exact else 0
    near_buckets = bucket_count(records * minhash.bands) if minhash is not None else 0
    steps.total = len(surveys) + exact_buckets + near_buckets + 5 * len(stretches)

    def find(column: str, keys: pa.DataType, buckets: int, without: Spills | None) -> Spills:
        advance = steps.next(len(stretches)), steps.next(buckets)
        return find_links(
            stretches,
            cuts,
            column,
            keys,
            buckets,
            without,
            refusals,
            scratch=spilled,
            engine=engine,
            progress=advance,
        )

    def ranks(stretch: Stretch) -> dict[int, int]:
        found = {terms for piece in stretch.pieces for terms in terms_of[piece.annotations]}
        return {terms: rights_rank[terms] for terms in found & rights_rank.keys()}

    exact = find("sha256", SHA256, exact_buckets, None) if deduplication.exact else None
    near = find(column, pa.uint64(), near_buckets, exact) if column is not None else None
    links = [found for found in (exact, near) if found is not None]
    clusters = find_clusters(links, stretches, cuts, scratch=spilled, engine=engine)
    buckets = member_buckets(2 * clusters.copies)
    members = Spills(str(spilled / "members"), len(stretches))
    engine.map(
        look,
        [
            Look(stretch, clusters, standard, ranks(stretch), buckets, str(members.path(stretch.number)))
            for stretch in stretches
        ],
        steps.next(len(stretches)),
    )
    clusters.stars.remove()
    copies = Spills(str(spilled / "copies"), buckets)
    sizes = engine.map(
        choose,
        [
            Choice(members, bucket, deduplication.exact, cuts, str(copies.path(bucket)))
            for bucket in range(buckets)
        ],
        steps.next(buckets),
    )
    members.remove()
    steps.total = 0
    written = engine.map(
        _write,
        [
            _Write(stretch, copies, own, str(scratch))
            for stretch, own in zip(stretches, refusals, strict=True)
        ],
        steps.next(len(stretches)),
    )
    kept = _sum(part.terms for part in surveyed)
    kept.subtract(_sum(part.terms for part in written))
    digests = {
        table: content_digest(part.digests[table] for part in written)
        for table in ("decisions", "derivations")
    }
    if any(len(part.refused) for part in written):
        digests["withdrawn"] = content_digest(part.refused for part in written)
    release_tree(spilled)
    dropped = sum(part.rows for part in written)
    return Result(
        content_digest=combine(
            digests | {"kept": combine({str(terms): str(count) for terms, count in kept.items()})}
        ),
        parts=tuple(part for both in zip(*(item.parts for item in written), strict=True) for part in both),
        statistics=Statistics(
            records_in=records,
            kept=records - dropped,
            edited=0,
            dropped=dropped,
            by_reason=_sum(part.reasons for part in written),
            by_terms={terms: (count, 0) for terms, count in sorted(kept.items()) if count},
            documents=records - dropped,
            bytes=sum(part.bytes for part in surveyed) - sum(part.bytes for part in written),
            details=_details(sizes, sum(part.other_terms for part in written)),
        ),
    )


def _survey(paths: Sequence[str], column: str | None) -> list[_Surveyed]:
    return [_survey_part(path, column) for path in paths]


def _survey_part(path: str, column: str | None) -> _Surveyed:
    where = place(path)
    with reaching(where), open_input(where) as source, pq.ParquetFile(source) as file:
        if column is not None and column not in file.schema_arrow.names:
            raise InvalidInput(
                f"{path}: got annotations without {column!r}, expected the band keys of that MinHash setting; "
                "annotate the source with it first"
            )
        rows = size = 0
        terms: Counter[int] = Counter()
        for batch in file.iter_batches(_BATCH_ROWS, columns=["terms", "bytes"], use_threads=False):
            rows += batch.num_rows
            size += pc.sum(batch.column("bytes")).as_py() or 0
            terms.update(_tally(batch.column("terms")))
        return _Surveyed(path, ranges_of(file, path), rows, size, terms)


def _write(task: _Write) -> _Written:
    spills = [str(task.copies.path(number)) for number in range(task.copies.count)]
    table = read_spills(spills, task.stretch.number, COPIES)
    order = pa.array(np.argsort(table.column("document").to_numpy()))
    [copies] = table.take(order).combine_chunks().to_batches() or [pa.RecordBatch.from_pylist([], COPIES)]
    scratch, number = place(task.scratch), task.stretch.number
    refused = task.refused.rows(task.stretch)
    tables = {
        "decisions": (DECISIONS, in_order([decisions_of(copies), refusals_of(refused)])),
        "derivations": (DERIVATIONS, derivations_of(copies)),
    }
    other = pc.not_equal(copies.column("terms"), copies.column("survivor_terms"))
    return _Written(
        tuple(
            write_table(scratch, f"{name}/{number:05d}.parquet", name, schema, rows)
            for name, (schema, rows) in tables.items()
        ),
        {
            name: spill_rows(scratch / "spilled" / "digests" / f"{name}-{number:05d}", [rows])
            for name, rows in zip(tables, digest_rows_of(copies), strict=True)
        },
        refusal_rows(refused),
        copies.num_rows + len(refused),
        sum(pc.sum(rows.column("bytes")).as_py() or 0 for rows in (copies, refused)),
        _sum([_tally(reasons(copies)), {Reason.WITHDRAWN.value: len(refused)} if len(refused) else {}]),
        _sum([_tally(copies.column("terms")), _tally(refused.column("terms"))]),
        pc.sum(other).as_py() or 0,
    )


def _details(sizes: Sequence[Sizes], other_terms: int) -> dict[str, Any]:
    names = [
        f"{least}" if least == most else f"{least}-{most}" if most else f"{least}-" for least, most in SIZES
    ]
    classes = [sum(counts) for counts in zip(*(item.classes for item in sizes), strict=True)]
    return {
        "clusters": sum(classes),
        "cluster_sizes": {name: count for name, count in zip(names, classes, strict=True) if count},
        "largest_cluster": max(item.largest for item in sizes),
        "dropped_for_other_terms": other_terms,
    }


def _tally(column: pa.Array) -> dict[Any, int]:
    return {item["values"]: item["counts"] for item in pc.value_counts(column).to_pylist()}


def _sum(counts: Iterable[Mapping[Any, int]]) -> Counter[Any]:
    total: Counter[Any] = Counter()
    for count in counts:
        total.update(count)
    return total
