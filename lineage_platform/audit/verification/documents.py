"""Documents against their snapshot: keys, identities, and the digest of every text."""

from __future__ import annotations

import hashlib

import pyarrow as pa

from lineage_platform.audit.needs import Files
from lineage_platform.audit.verification.recorded import Recorded, Row
from lineage_platform.audit.verification.report import Report
from lineage_platform.model.keys import ordinal_of, record_identity, snapshot_of
from lineage_platform.transformations.parts import read_batches

_COLUMNS = ("document", "identity", "file", "record", "record_id", "text", "sha256")


def verify_documents(recorded: Recorded, version: str, files: Files, report: Report) -> None:
    """Every row of a documents version: whoever moves files or numbers of a snapshot contradicts the keys."""
    snapshots = [recorded.snapshots[name] for name in recorded.inputs[version] if name in recorded.snapshots]
    if len(snapshots) != 1:
        report.problem("version", version, f"{len(snapshots)} snapshots as inputs", "one")
        return
    listed = recorded.snapshot_files.get(snapshots[0]["number"], [])
    for file in recorded.files_of(version, "documents"):
        wrong = 0
        for batch in read_batches(files.path(file), _COLUMNS):
            wrong += _wrong_rows(batch, snapshots[0], listed)
            report.count("documents", batch.num_rows)
        if wrong:
            report.problem(
                "document",
                f"{version} {file.name}",
                f"{wrong} rows",
                "keys, identities and digests that agree",
            )


def _wrong_rows(batch: pa.RecordBatch, snapshot: Row, listed: list[Row]) -> int:
    wrong = 0
    for key, identity, place, record, record_id, text, sha256 in zip(
        *(batch.column(name).to_pylist() for name in _COLUMNS), strict=True
    ):
        file = listed[place] if 0 <= place < len(listed) else None
        right = (
            file is not None
            and snapshot_of(key) == snapshot["number"]
            and ordinal_of(key) == file["first_ordinal"] + record
            and identity == record_identity(snapshot["source"], file["path"], record_id or record)
            and hashlib.sha256(text.encode()).digest() == sha256
        )
        wrong += not right
    return wrong
