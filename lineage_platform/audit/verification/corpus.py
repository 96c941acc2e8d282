"""A corpus version recomputed: where each document belongs, the text of every row, both placement orders, the sums."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, LiteralString

import numpy as np
import pyarrow as pa

from lineage_platform.audit.needs import Files
from lineage_platform.audit.verification.recorded import Recorded
from lineage_platform.audit.verification.report import Report
from lineage_platform.audit.verification.tables import Tables, tables
from lineage_platform.audit.verification.texts import TEXTS, bin_texts, parquet_texts
from lineage_platform.errors import VerificationFailed
from lineage_platform.files import Place, read_bytes
from lineage_platform.model.tables import IDENTITY, SHA256
from lineage_platform.model.versions import File
from lineage_platform.transformations import digest
from lineage_platform.transformations.encoder import Encoder
from lineage_platform.transformations.layout import Layout, Run
from lineage_platform.transformations.parts import PartWriter, read_batches

_EXPECTED = pa.schema(
    [
        pa.field("shard", pa.int32()),
        pa.field("order", pa.uint64()),
        pa.field("identity", IDENTITY),
        pa.field("epoch", pa.int16()),
        pa.field("sha256", SHA256),
        pa.field("document", pa.int64()),
        pa.field("terms", pa.int64()),
    ]
)
_RANKED: LiteralString = """
    CREATE TABLE ranked AS
    SELECT *, (row_number() OVER (PARTITION BY shard ORDER BY "order", identity, epoch, sha256, document) - 1)::INTEGER
              AS row FROM expected
"""
_SUMMED: tuple[LiteralString, ...] = (
    """CREATE TABLE summed_by_shard AS
       SELECT (document >> 36)::INTEGER, shard, count(*), sum(tokens)::BIGINT FROM by_shard GROUP BY ALL""",
    """CREATE TABLE summed_by_terms AS
       SELECT (document >> 36)::INTEGER, terms, count(*), sum(tokens)::BIGINT FROM by_shard GROUP BY ALL""",
)
_LAWS: dict[str, LiteralString] = {
    "rows where no selected document belongs, or another one": """
        SELECT count(*) FROM by_shard AS p FULL JOIN ranked AS r USING (shard, row)
        WHERE p.document IS DISTINCT FROM r.document OR p.terms IS DISTINCT FROM r.terms""",
    "placements by shard that are not in the order by document": """
        SELECT count(*) FROM (SELECT document, shard, row, terms, tokens FROM by_shard
                              EXCEPT ALL SELECT document, shard, row, terms, tokens FROM by_document)""",
    "placements by document that are not in the order by shard": """
        SELECT count(*) FROM (SELECT document, shard, row, terms, tokens FROM by_document
                              EXCEPT ALL SELECT document, shard, row, terms, tokens FROM by_shard)""",
    "sums by shard that the placements do not give": """
        SELECT count(*) FROM (FROM shards_by_snapshot EXCEPT ALL FROM summed_by_shard)""",
    "sums by shard that are not there": """
        SELECT count(*) FROM (FROM summed_by_shard EXCEPT ALL FROM shards_by_snapshot)""",
    "sums by terms that the placements do not give": """
        SELECT count(*) FROM (FROM terms_by_snapshot EXCEPT ALL FROM summed_by_terms)""",
    "sums by terms that are not there": """
        SELECT count(*) FROM (FROM summed_by_terms EXCEPT ALL FROM terms_by_snapshot)""",
    "placements of documents that do not exist, or under other terms": """
        SELECT count(*) FROM by_shard AS p LEFT JOIN documents AS d USING (document)
        WHERE d.terms IS DISTINCT FROM p.terms""",
    "selected documents whose text is another one now": """
        SELECT count(*) FROM ranked AS r LEFT JOIN documents AS d USING (document)
        WHERE d.sha256 IS DISTINCT FROM r.sha256""",
}
_TEXT_LAWS: dict[str, LiteralString] = {
    "rows of shard files that are not where the placements say": """
        SELECT count(*) FROM texts AS t FULL JOIN by_shard AS p USING (shard, row) LEFT JOIN ranked AS r USING (shard, row)
        WHERE t.sha256 IS NULL OR p.tokens IS NULL OR t.identity <> r.identity OR t.tokens <> p.tokens""",
    "rows of shard files with another text": """
        SELECT count(*) FROM texts AS t JOIN ranked AS r USING (shard, row) WHERE t.sha256 <> r.sha256""",
}
_ROWS: LiteralString = """
    SELECT r.identity, r.sha256, p.terms, r.epoch::BIGINT AS epoch, p.shard::BIGINT AS shard, p.tokens::BIGINT AS tokens
    FROM ranked AS r JOIN by_shard AS p USING (shard, row)
"""
_BY_SHARD: LiteralString = """
    SELECT shard, count(*) AS documents, sum(tokens)::BIGINT AS tokens FROM by_shard GROUP BY shard
"""
_BY_TERMS: LiteralString = """
    SELECT terms, count(*) AS documents, sum(tokens)::BIGINT AS tokens FROM by_shard GROUP BY terms
"""


def verify_corpus(recorded: Recorded, name: str, files: Files, report: Report) -> None:
    """Everything about one corpus version whose files, and those upstream, are whole."""
    inputs = sorted(recorded.inputs[name] & recorded.versions.keys())
    used = {
        role: [file for version in inputs for file in recorded.files_of(version, role)]
        for role in ("selection", "documents", "tokenizer")
    }
    if len(used["tokenizer"]) != 1:
        raise VerificationFailed(
            f"{name}: got {len(used['tokenizer'])} tokenizers among its inputs, expected one"
        )
    tokenizer = files.path(used["tokenizer"][0])
    encoder = Encoder(tokenizer, "tokenizers")
    run = recorded.runs[str(recorded.versions[name]["run_id"])]
    count = len(recorded.shards.get(name, ()))
    layout = _layout(recorded, name, run["transformation"]["parameters"], count)
    with tables() as opened:
        _open(opened, recorded, name, files)
        opened.view("documents", _paths(used["documents"], files), "document, sha256, terms")
        _expect(opened, [files.path(file) for file in used["selection"]], layout)
        _verify_laws(opened, name, _LAWS, report)
        _verify_sums(opened, recorded, name, encoder, report)
        formats = []
        if recorded.files_of(name, "shard"):
            formats.append("parquet")
            _verify_texts(opened, "parquet", name, _parquet(recorded, name, files), report)
        if recorded.files_of(name, "shard-bin"):
            formats.append("megatron")
            _verify_texts(opened, "megatron", name, _megatron(recorded, name, files, encoder), report)
        content = digest.combine(
            {
                "shards": _rows_digest(opened),
                "tokenizer": hashlib.sha256(read_bytes(tokenizer)).hexdigest(),
                "formats": ",".join(sorted(formats)),
                "layout": layout.describe(),
            }
        )
        report.same("content-digest", name, content, recorded.versions[name]["content_digest"])
        report.count("content_digests")
        report.count("shards", count)
        report.count("placements", opened.number("SELECT count(*) FROM by_shard"))


def _layout(recorded: Recorded, name: str, parameters: Mapping[str, Any], count: int) -> Layout:
    """Where documents belong; for shards by source, those of every snapshot that the version was made of."""
    snapshots = [recorded.snapshots[item] for item in recorded.upstream(name) & recorded.snapshots.keys()]
    runs = tuple(
        Run(source, first, own, tuple(sorted(row["number"] for row in snapshots if row["source"] == source)))
        for source, (first, own) in sorted(parameters.get("runs", {}).items(), key=lambda item: item[1])
    )
    return Layout(count, parameters["shards"]["seed"], runs)


def _open(opened: Tables, recorded: Recorded, name: str, files: Files) -> None:
    placed = "shard, row, document, terms, tokens"
    opened.view("by_shard", _paths(recorded.files_of(name, "placements-by-shard"), files), placed)
    opened.view("by_document", _paths(recorded.files_of(name, "placements-by-document"), files), placed)
    by_snapshot = _paths(recorded.files_of(name, "shards-by-snapshot"), files)
    opened.view("shards_by_snapshot", by_snapshot, "snapshot, shard, documents, tokens")
    by_terms = _paths(recorded.files_of(name, "terms-by-snapshot"), files)
    opened.view("terms_by_snapshot", by_terms, "snapshot, terms, documents, tokens")
    for statement in _SUMMED:
        opened.run(statement)


def _expect(opened: Tables, selection: Iterable[Place], layout: Layout) -> None:
    """Where every selected document belongs, from hashes of its identity."""

    def batches() -> Iterator[pa.RecordBatch]:
        for path in selection:
            for batch in read_batches(path):
                rows = pa.table(batch)
                shards, order = layout.place(rows)
                placed = rows.append_column("shard", pa.array(shards)).append_column("order", pa.array(order))
                yield from placed.select(_EXPECTED.names).to_batches()

    opened.view("expected", [_write(opened, "expected", _EXPECTED, batches())], "*")
    opened.run(_RANKED)


def _verify_laws(opened: Tables, name: str, laws: dict[str, LiteralString], report: Report) -> None:
    for law, query in laws.items():
        report.same("placement", name, f"{opened.number(query)} {law}", f"0 {law}")


def _verify_sums(opened: Tables, recorded: Recorded, name: str, encoder: Encoder, report: Report) -> None:
    """Counts of shards and terms, and what the statistics say of the tokenizer."""
    placed = {row["shard"]: row for row in opened.rows(_BY_SHARD)}
    closing = int(encoder.end_of_document is not None)
    nothing = {"documents": 0, "tokens": 0}
    for row in recorded.shards.get(name, ()):
        sums = placed.pop(row["shard"], nothing)
        got = (row["documents"], row["tokens"], row["stored_tokens"])
        stored = sums["tokens"] + closing * sums["documents"]
        report.same("shard", f"{name} {row['name']}", got, (sums["documents"], sums["tokens"], stored))
    report.same("shard", name, sorted(placed), [])
    by_terms = {row["terms"]: (row["documents"], row["tokens"]) for row in opened.rows(_BY_TERMS)}
    report.same("version", name, recorded.version_terms.get(name, {}), by_terms)
    details = recorded.versions[name]["statistics"]["details"]
    said = (details["end_of_document"], details["vocabulary"])
    report.same("version", name, said, (encoder.end_of_document, encoder.vocabulary))


def _parquet(recorded: Recorded, name: str, files: Files) -> Iterator[pa.RecordBatch]:
    for file in recorded.files_of(name, "shard"):
        yield from parquet_texts(file, files)


def _megatron(recorded: Recorded, name: str, files: Files, encoder: Encoder) -> Iterator[pa.RecordBatch]:
    pairs = zip(recorded.files_of(name, "shard-bin"), recorded.files_of(name, "shard-idx"), strict=True)
    for tokens, index in pairs:
        yield from bin_texts(tokens, index, files, encoder)


def _verify_texts(
    opened: Tables, kind: str, name: str, texts: Iterator[pa.RecordBatch], report: Report
) -> None:
    """Compare the texts of the shard files of one format."""
    opened.view("texts", [_write(opened, f"texts-{kind}", TEXTS, texts)], "*")
    _verify_laws(opened, name, _TEXT_LAWS, report)


def _rows_digest(opened: Tables) -> str:
    def spilled() -> Iterator[digest.SpilledRows]:
        for number, batch in enumerate(opened.batches(_ROWS)):
            columns: dict[str, Any] = {name: batch.column(name) for name in batch.schema.names}
            columns["identity"] = columns["identity"].cast(IDENTITY)
            columns["sha256"] = columns["sha256"].cast(SHA256)
            rows = digest.digest_rows(
                pa.record_batch(columns), ("sha256", "terms", "epoch", "shard", "tokens")
            )
            yield digest.spill_rows(opened.folder / f"digest-{number}", [np.ascontiguousarray(rows)])

    return digest.content_digest(spilled())


def _write(opened: Tables, name: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Path:
    with PartWriter(opened.folder, f"{name}.parquet", name, schema) as writer:
        for batch in batches:
            writer.write(batch)
    return opened.folder / f"{name}.parquet"


def _paths(listed: Iterable[File], files: Files) -> list[Place]:
    return [files.path(file) for file in listed]
