"""Content digests of the datasets before the shards, from their rows as they are now.

| dataset | digest of |
| --- | --- |
| documents | documents (sha256, terms), decisions (outcome, reason, detail); of signals and parents, where there are any, every column but keys |
| annotations | SHA-256 of every column but the key, floats by their bits |
| deduplicated | decisions (reason, survivor), derivations (survivor, cluster, terms of both), documents kept by terms; what was withdrawn, if anything (detail) |
| selection | selection (sha256, terms, epoch), decisions (outcome, reason, detail) |
| tokenizer | the file |
| release | the files, by name |
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import LiteralString

import numpy as np
import pyarrow as pa

from lineage_platform.audit.needs import Files
from lineage_platform.audit.verification.recorded import Recorded
from lineage_platform.audit.verification.report import Report
from lineage_platform.audit.verification.tables import tables
from lineage_platform.files import Place, read_bytes
from lineage_platform.model.tables import ADDRESSES, IDENTITY
from lineage_platform.model.versions import File
from lineage_platform.transformations import digest
from lineage_platform.transformations.parts import read_batches

_BATCH_ROWS = 64 * 1024
_DECISION = ("outcome", "reason", "detail")
_DEDUPLICATED: dict[LiteralString, LiteralString] = {
    "annotations": "document, identity, terms",
    "decisions": "document, identity, reason, detail",
    "derivations": "child, parent, cluster, child_terms, parent_terms",
}
_COPIES: LiteralString = """
    SELECT d.identity, d.reason::VARCHAR AS reason, a.identity AS survivor, v.cluster, v.child_terms, v.parent_terms
    FROM decisions AS d JOIN derivations AS v ON v.child = d.document JOIN annotations AS a ON a.document = v.parent
"""
_WITHDRAWN: LiteralString = "SELECT identity, detail FROM decisions WHERE reason::VARCHAR = 'withdrawn'"
_KEPT: LiteralString = """
    SELECT terms, count(*) FILTER (document NOT IN (SELECT document FROM decisions)) AS documents
    FROM annotations GROUP BY terms
"""
_TABLES: dict[str, dict[str, tuple[str, ...]]] = {
    "documents": {"documents": ("sha256", "terms"), "decisions": _DECISION},
    "selection": {"selection": ("sha256", "terms", "epoch"), "decisions": _DECISION},
}
_BESIDE = ("signals", "parents")


def verify_digest(recorded: Recorded, name: str, files: Files, folder: Path, report: Report) -> None:
    """Recompute the digest of a version whose files are whole; `folder` is for what does not fit into memory."""
    row = recorded.versions[name]
    kind = kind_of(row["dataset"])
    if kind in _TABLES:
        tables = {role: _chosen(columns) for role, columns in _TABLES[kind].items()}
        tables |= {role: _whole for role in _BESIDE if recorded.files_of(name, role)}
        got = digest.combine(
            {
                role: _digest(recorded.files_of(name, role), files, rows, folder)
                for role, rows in tables.items()
            }
        )
    elif kind == "annotations":
        got = _digest(recorded.files_of(name, "annotations"), files, _whole, folder)
    elif kind == "deduplicated":
        got = _deduplicated(recorded, name, files)
    elif kind == "tokenizer":
        got = "".join(
            hashlib.sha256(read_bytes(files.path(file))).hexdigest() for file in recorded.files[name]
        )
    elif kind == "release":
        got = digest.combine(
            {
                file.name: hashlib.sha256(read_bytes(files.path(file))).hexdigest()
                for file in recorded.files[name]
            }
        )
    else:
        return
    report.same("content-digest", name, got, row["content_digest"])
    report.count("content_digests")


def kind_of(dataset: str) -> str:
    """documents, annotations, deduplicated, selection, tokenizer, shards or release."""
    first, _, second = dataset.partition("/")
    return first if first in ("documents", "annotations") else second


def _digest(
    listed: Sequence[File], files: Files, rows_of: Callable[[Place], Iterator[digest.Rows]], folder: Path
) -> str:
    spilled = [
        digest.spill_rows(folder / f"rows-{number}", rows_of(files.path(file)))
        for number, file in enumerate(listed)
    ]
    content = digest.content_digest(spilled)
    for item in spilled:
        Path(item.path).unlink()
    return content


def _deduplicated(recorded: Recorded, name: str, files: Files) -> str:
    """Survivors are named by identity, which the annotations have."""
    inputs = sorted(recorded.inputs[name] & recorded.versions.keys())
    with tables() as opened:
        for role, columns in _DEDUPLICATED.items():
            versions = inputs if role == "annotations" else [name]
            listed = [file for version in versions for file in recorded.files_of(version, role)]
            opened.view(role, [files.path(file) for file in listed], columns)
        copies = list(opened.batches(_COPIES))
        withdrawn = list(opened.batches(_WITHDRAWN))
        kept = {str(row["terms"]): str(row["documents"]) for row in opened.rows(_KEPT)}
    derivation = ("survivor", "cluster", "child_terms", "parent_terms")
    parts = {
        "decisions": digest.content_digest(_fixed(batch, ("reason", "survivor")) for batch in copies),
        "derivations": digest.content_digest(_fixed(batch, derivation) for batch in copies),
        "kept": digest.combine(kept),
    }
    if any(batch.num_rows for batch in withdrawn):
        parts["withdrawn"] = digest.content_digest(_fixed(batch, ("detail",)) for batch in withdrawn)
    return digest.combine(parts)


def _fixed(batch: pa.RecordBatch, columns: tuple[str, ...]) -> digest.Rows:
    """Digest rows of what DuckDB gave, identities as they are in files."""
    identities = ("identity", "survivor", "cluster")
    typed = {
        name: batch.column(name).cast(IDENTITY) if name in identities else batch.column(name)
        for name in batch.schema.names
    }
    return digest.digest_rows(pa.record_batch(typed), columns)


def _chosen(columns: tuple[str, ...]) -> Callable[[Place], Iterator[digest.Rows]]:
    def rows(path: Place) -> Iterator[digest.Rows]:
        for batch in read_batches(path, ["identity", *columns], _BATCH_ROWS):
            yield digest.digest_rows(batch, columns)

    return rows


def _whole(path: Place) -> Iterator[digest.Rows]:
    for batch in read_batches(path, None, _BATCH_ROWS):
        columns = {
            field.name: batch.column(field.name).view(pa.int32())
            if pa.types.is_floating(field.type)
            else batch.column(field.name)
            for field in batch.schema
        }
        rest = [name for name in columns if name not in ADDRESSES and name != "identity"]
        rows = digest.digest_rows(pa.record_batch(columns), rest)
        hashes = np.frombuffer(b"".join([hashlib.sha256(row).digest() for row in rows]), np.uint8)
        yield np.concatenate([rows[:, :16], hashes.reshape(-1, 32)], axis=1)
