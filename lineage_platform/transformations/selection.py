"""Which documents go into a corpus, how often, and why the others do not.

A document that deduplication dropped is not our input. Then, in this order: policy, where the recipe asks for it
(`not-allowed`, detail the verdict and its policy), the quality standard (`quality`, detail the failing rule), and the
weight of its source (`weight`). A weight below 1 keeps a document where a hash of its identity is below the weight;
2.5 keeps epochs 0 and 1 of all, and epoch 2 by the same hash. The threshold concerns one document at a time, so
adding a source, or other documents, never changes what is kept of the rest; and a greater weight keeps all that a
smaller one kept.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lineage_platform.files import Place, place, release_tree
from lineage_platform.model.decisions import Reason
from lineage_platform.model.definitions import Corpus
from lineage_platform.model.tables import DECISIONS, SELECTION
from lineage_platform.model.versions import Part, Result, Statistics
from lineage_platform.transformations import digest
from lineage_platform.transformations.engine import Engine, Progress, steps
from lineage_platform.transformations.hashing import Purpose, below, hash_identities
from lineage_platform.transformations.parts import PartWriter, key_ranges, read_batches, read_range
from lineage_platform.transformations.standards import Standard, failing_rules
from lineage_platform.transformations.stopped import NOTHING, Stopped
from lineage_platform.transformations.stretches import lots

CODE_VERSION = "2"

PART_ROWS = 64 * 1024
"""Annotated documents that one part decides on where those of a source are fewer: sources follow each other in it."""

_BATCH_ROWS = 16 * 1024
_REASONS = (Reason.NOT_ALLOWED, Reason.QUALITY, Reason.WEIGHT)


@dataclass(frozen=True)
class _Annotated:
    """One annotations part of a source; `reach` is what it says of its rows."""

    source: str
    weight: float
    path: str
    reach: _Reach | None


@dataclass(frozen=True)
class _Reach:
    """Lowest and highest document key of a part, and its rows."""

    low: int
    high: int
    rows: int


@dataclass(frozen=True)
class _Task:
    number: int
    annotations: tuple[_Annotated, ...]
    seed: int
    dropped: tuple[str, ...]
    standard: Standard | None
    stopped: Stopped
    scratch: str


@dataclass
class _Outcome:
    parts: list[Part] = field(default_factory=list)
    digests: dict[str, digest.SpilledRows] = field(default_factory=dict)
    counts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    terms: Counter[int] = field(default_factory=Counter)


def select(
    annotations: Mapping[str, Sequence[Place]],
    dropped: Sequence[Place],
    corpus: Corpus,
    standard: Standard | None,
    stopped: Stopped = NOTHING,
    *,
    scratch: Place,
    engine: Engine,
    progress: Progress,
) -> Result:
    """Select a corpus's documents. Roles: `selection` and `decisions`, each in parts of ascending document keys.

    `annotations` are the parts of each source id, `dropped` the decisions of deduplication. `Statistics`: kept and
    dropped count documents, `documents` counts rows (a document once an epoch), `bytes` their text; details are
    `before_weighting` (records_in, kept, dropped) and `by_source` (weight, records_in, kept, documents, bytes).
    """
    parts = [(source, path) for source in corpus.sources for path in annotations[source.id]]
    surveys = lots([*(path for _, path in parts), *dropped])
    found_in = engine.map(_reaches, surveys, steps(progress, 0, len(surveys) + len(parts)))
    reaches = {path: reach for found in found_in for path, reach in found.items()}
    annotated = [
        _Annotated(source.id, source.weight, str(path), reaches[str(path)]) for source, path in parts
    ]
    tasks = [
        _Task(
            number,
            group,
            corpus.seed,
            tuple(
                str(path)
                for path in dropped
                if any(_overlap(part.reach, reaches[str(path)]) for part in group)
            ),
            standard,
            stopped,
            str(scratch),
        )
        for number, group in enumerate(_groups(annotated))
    ]
    total = len(surveys) + len(tasks)
    outcomes = engine.map(_select_part, tasks, steps(progress, len(surveys), total))
    digests = {
        table: digest.content_digest(outcome.digests[table] for outcome in outcomes)
        for table in ("selection", "decisions")
    }
    release_tree(scratch / "digests")
    return Result(
        digest.combine(digests),
        tuple(part for outcome in outcomes for part in outcome.parts),
        _statistics(corpus, outcomes),
    )


def _statistics(corpus: Corpus, outcomes: Sequence[_Outcome]) -> Statistics:
    by_source: dict[str, Counter[str]] = {source.id: Counter() for source in corpus.sources}
    terms: Counter[int] = Counter()
    for outcome in outcomes:
        for source, counts in outcome.counts.items():
            by_source[source].update(counts)
        terms.update(outcome.terms)
    total = sum(by_source.values(), Counter())
    reasons = {reason: total[reason] for reason in _REASONS if total[reason]}
    kept = total["in"] - sum(reasons.values())
    details: dict[str, Any] = {
        "before_weighting": {
            "records_in": total["in"],
            "kept": total["in"] - total[Reason.QUALITY] - total[Reason.NOT_ALLOWED],
            "dropped": total[Reason.QUALITY] + total[Reason.NOT_ALLOWED],
        },
        "by_source": {
            source.id: {
                "weight": source.weight,
                "records_in": counts["in"],
                "kept": counts["in"] - sum(counts[reason] for reason in _REASONS),
                "documents": counts["rows"],
                "bytes": counts["bytes"],
            }
            for source in corpus.sources
            for counts in (by_source[source.id],)
        },
    }
    return Statistics(
        records_in=total["in"],
        kept=kept,
        edited=0,
        dropped=sum(reasons.values()),
        by_reason={str(reason): count for reason, count in reasons.items()},
        by_terms={number: (documents, 0) for number, documents in sorted(terms.items())},
        documents=total["rows"],
        bytes=total["bytes"],
        details=details,
    )


def _reaches(paths: Sequence[str]) -> dict[str, _Reach | None]:
    return {path: _reach(path) for path in paths}


def _reach(path: str) -> _Reach | None:
    ranges = key_ranges(path)
    if not ranges:
        return None
    return _Reach(
        min(keys.low for keys in ranges), max(keys.high for keys in ranges), sum(keys.rows for keys in ranges)
    )


def _overlap(one: _Reach | None, other: _Reach | None) -> bool:
    return one is not None and other is not None and one.low <= other.high and other.low <= one.high


def _groups(parts: Sequence[_Annotated]) -> Iterator[tuple[_Annotated, ...]]:
    """Parts by document key, those that are decided on together in a tuple: up to PART_ROWS, or one."""
    group: list[_Annotated] = []
    rows = 0
    for part in sorted(parts, key=lambda part: part.reach.low if part.reach is not None else -1):
        more = part.reach.rows if part.reach is not None else 0
        if group and (rows + more > PART_ROWS or _overlap(group[-1].reach, part.reach)):
            yield tuple(group)
            group, rows = [], 0
        group.append(part)
        rows += more
    if group:
        yield tuple(group)


def _select_part(task: _Task) -> _Outcome:
    scratch = place(task.scratch)
    outcome = _Outcome()
    gone = _dropped_keys(task)
    rows: dict[str, list[digest.Rows]] = {"selection": [], "decisions": []}
    with (
        PartWriter(scratch, f"selection/{task.number:05d}.parquet", "selection", SELECTION) as selection,
        PartWriter(scratch, f"decisions/{task.number:05d}.parquet", "decisions", DECISIONS) as decisions,
    ):
        for part in task.annotations:
            counts = outcome.counts[part.source]
            for batch in read_batches(part.path, _columns(task), _BATCH_ROWS):
                keys = batch.column("document").to_numpy()
                found = np.searchsorted(gone, keys)
                present = batch
                if len(gone):
                    duplicate = gone[np.minimum(found, len(gone) - 1)] == keys
                    present = batch.filter(pa.array(~duplicate))
                kept, refused = _decide(present, part.weight, task)
                counts["in"] += present.num_rows
                counts["rows"] += kept.num_rows
                counts["bytes"] += pc.sum(kept.column("bytes")).as_py() or 0
                for reason, count in Counter(refused.column("reason").to_pylist()).items():
                    counts[reason] += count
                for item in pc.value_counts(kept.column("terms")).to_pylist():
                    outcome.terms[item["values"]] += item["counts"]
                selection.write(kept)
                decisions.write(refused)
                rows["selection"].append(digest.digest_rows(kept, ("sha256", "terms", "epoch")))
                rows["decisions"].append(digest.digest_rows(refused, ("outcome", "reason", "detail")))
    for table, writer in (("selection", selection), ("decisions", decisions)):
        assert writer.part is not None  # noqa: S101 - set by a clean exit
        outcome.parts.append(writer.part)
        outcome.digests[table] = digest.spill_rows(
            scratch / "digests" / f"{table}-{task.number:05d}", rows[table]
        )
    return outcome


def _columns(task: _Task) -> list[str]:
    """The document's own columns, and the measures that the standard judges."""
    judged = () if task.standard is None else task.standard.columns
    return list(dict.fromkeys([*(name for name in SELECTION.names if name != "epoch"), *judged]))


def _dropped_keys(task: _Task) -> npt.NDArray[np.int64]:
    """Sorted keys that deduplication dropped, of those that these parts may hold."""
    reaches = [part.reach for part in task.annotations if part.reach is not None]
    if not task.dropped:
        return np.empty(0, np.int64)
    low, high = min(reach.low for reach in reaches), max(reach.high for reach in reaches)
    found = [read_range(path, ["document", "outcome"], low, high) for path in task.dropped]
    keys = [
        table.filter(pc.equal(table.column("outcome").cast(pa.string()), "dropped"))
        .column("document")
        .to_numpy()
        for table in found
    ]
    return np.sort(np.concatenate(keys))


def _decide(batch: pa.RecordBatch, weight: float, task: _Task) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """Rows of the selection and of the decisions, both by document key."""
    rule = pa.nulls(batch.num_rows, pa.string())
    if task.standard is not None:
        rule = failing_rules(batch, task.standard).cast(pa.string())
    why = task.stopped.why(batch.column("document").to_numpy(), batch.column("terms").to_numpy())
    passes = rule.is_null().to_numpy(zero_copy_only=False) & np.array([item is None for item in why], bool)
    whole = int(weight)
    again = below(hash_identities(batch.column("identity"), Purpose.WEIGHT, task.seed), weight - whole)
    epochs = np.where(passes, whole + again, 0)

    chosen = np.repeat(np.arange(batch.num_rows), epochs)
    nth = np.arange(len(chosen)) - np.repeat(np.cumsum(epochs) - epochs, epochs)
    narrow = batch.select([name for name in SELECTION.names if name != "epoch"])
    kept = narrow.take(pa.array(chosen)).append_column("epoch", pa.array(nth.astype(np.int16)))

    out = pa.array(np.flatnonzero(epochs == 0))
    refused = narrow.select(["document", "identity", "terms"]).take(out)
    rules = rule.take(out)
    weighted = rules.is_null()
    stopped = pa.array(why, pa.string()).take(out)
    allowed = stopped.is_null()
    reason = pc.if_else(weighted, str(Reason.WEIGHT), str(Reason.QUALITY))
    detail = pc.if_else(weighted, f"weight {weight}", rules)
    nothing = pa.nulls(len(out), pa.int64())
    columns = {
        "outcome": pa.array(["dropped"] * len(out), pa.string()),
        "reason": pc.if_else(allowed, reason, str(Reason.NOT_ALLOWED)).cast(pa.string()),
        "detail": pc.if_else(allowed, detail, stopped).cast(pa.string()),
        "file": nothing.cast(pa.int32()),
        "record": nothing,
        "offset": nothing,
    }
    for name, column in columns.items():
        refused = refused.append_column(name, column)
    return kept, refused
