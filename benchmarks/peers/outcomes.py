"""What our chain decided, read from its own tables: by the names that records have in the corpus."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lineage_platform.transformations.megatron import read_tokens, token_offsets, token_type
from lineage_platform.transformations.standards import load_standard

SAMPLE = 300


@dataclass(frozen=True)
class Outcome:
    """Of our chain: `cluster` of each copy that deduplication dropped and of its survivor; documents dropped as copies, by
    reason; rules that each document fails, all of them; tokens of each document; a sample of texts with their tokens;
    documents whose text is not the record's."""

    cluster: dict[str, bytes]
    exact: set[str]
    near: set[str]
    failing: dict[str, list[str]]
    tokens: dict[str, int]
    sample: list[tuple[str, str, list[int]]]
    edited: set[str]


def read_outcome(figures: dict[str, Any]) -> Outcome:
    """The outcome of the run that `figures` are of; its files must still be there."""
    parts: dict[tuple[str, str], list[str]] = {}
    for dataset, role, path, _ in figures["parts"]:
        parts.setdefault((dataset, role), []).append(path)
    columns = ["document", "record_id", "text"]
    names: dict[int, str] = {}
    for path in parts["documents", "documents"]:
        table = pq.read_table(path, columns=columns[:2])
        names.update(zip(*(column.to_pylist() for column in table.columns), strict=True))
    dropped = _table(parts["deduplicated", "decisions"], ["document", "reason"]).to_pylist()
    by_reason: dict[str, set[str]] = {"exact-duplicate": set(), "near-duplicate": set()}
    for row in dropped:
        by_reason[row["reason"]].add(names[row["document"]])
    derived = _table(parts["deduplicated", "derivations"], ["child", "parent", "cluster"]).to_pylist()
    cluster = {names[row[end]]: row["cluster"] for row in derived for end in ("child", "parent")}
    tokens, sample = _tokens(figures, parts, names)
    edits = _table(parts["documents", "decisions"], ["document", "outcome"]).to_pylist()
    edited = {names[row["document"]] for row in edits if row["outcome"] == "edited"}
    failing = _failing(parts["annotations", "annotations"], names)
    return Outcome(
        cluster, by_reason["exact-duplicate"], by_reason["near-duplicate"], failing, tokens, sample, edited
    )


def _table(paths: Iterable[str], columns: list[str]) -> pa.Table:
    return pa.concat_tables([pq.read_table(path, columns=columns) for path in paths])


def _failing(paths: Iterable[str], names: dict[int, str]) -> dict[str, list[str]]:
    standard = load_standard("gopher@1")
    failing: dict[str, list[str]] = {}
    for path in paths:
        table = pq.read_table(path, columns=["document", *standard.columns])
        found: list[list[str]] = [[] for _ in range(len(table))]
        for rule in standard.rules:
            values = table.column(rule.measure).to_numpy().astype(np.float32)
            low = -np.inf if rule.least is None else np.float32(rule.least)
            high = np.inf if rule.greatest is None else np.float32(rule.greatest)
            for row in np.flatnonzero(~((values >= low) & (values <= high))).tolist():
                found[row].append(rule.name)
        keys = table.column("document").to_pylist()
        failing.update({names[key]: rules for key, rules in zip(keys, found, strict=True)})
    return failing


def _tokens(
    figures: dict[str, Any], parts: dict[tuple[str, str], list[str]], names: dict[int, str]
) -> tuple[dict[str, int], list[tuple[str, str, list[int]]]]:
    placed = _table(parts["shards", "placements-by-shard"], ["shard", "row", "document", "tokens"])
    counts = {
        names[key]: count
        for key, count in zip(
            placed.column("document").to_pylist(), placed.column("tokens").to_pylist(), strict=True
        )
    }
    shard = placed.column("shard")[0].as_py()
    rows = placed.filter(pa.compute.equal(placed.column("shard"), shard)).sort_by("row")
    [file] = [path for path in parts["shards", "shard-bin"] if f"{shard:05d}" in Path(path).name]
    offsets = token_offsets(rows.column("tokens").to_numpy(), figures["end_of_document"] is not None)
    chosen = rows.slice(0, SAMPLE)
    wanted = set(chosen.column("document").to_pylist())
    texts: dict[int, str] = {}
    for path in parts["documents", "documents"]:
        table = pq.read_table(path, columns=["document", "text"])
        found = table.filter(pa.compute.is_in(table.column("document"), pa.array(list(wanted), pa.int64())))
        texts.update(zip(*(column.to_pylist() for column in found.columns), strict=True))
    sample = []
    for row, (key, count) in enumerate(
        zip(chosen.column("document").to_pylist(), chosen.column("tokens").to_pylist(), strict=True)
    ):
        ids = read_tokens(Path(file), token_type(figures["vocabulary"]), int(offsets[row]), count)
        sample.append((names[key], texts[key], ids.tolist()))
    return counts, sample
