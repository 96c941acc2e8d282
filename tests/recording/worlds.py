"""Small real results for the recorder: parts on disk, counts, terms."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from lineage_platform.model.definitions import DeclaredTerms, RecordFields, Source
from lineage_platform.model.tables import SELECTION
from lineage_platform.model.terms import Terms
from lineage_platform.model.versions import Part, Result, SnapshotFile, Statistics, Transformation
from lineage_platform.transformations.parts import write_table

STEP = Transformation("read-documents", "1", {"normalise": "NFC"})


def source(name: str = "notes", licence: str = "CC-BY-4.0") -> Source:
    return Source(
        id=name,
        title="Notes",
        publisher="Example Society",
        homepage=None,
        steward="data@example.org",
        location=f"/data/{name}.jsonl",
        format="jsonl",
        compression="auto",
        record=RecordFields(),
        terms=(DeclaredTerms(licence, "consent", "personal"),),
    )


def terms(name: str = "notes", declared: str | None = None, licence: str = "CC-BY-4.0") -> Terms:
    return Terms(
        source=name,
        declared=declared,
        licence=licence,
        licence_status="resolved",
        licence_note="",
        consent_basis="consent",
        consent_iri="https://w3id.org/dpv#Consent",
        personal_data="personal",
        valid_from="2024-01-01",
    )


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def listing(*texts: str) -> list[SnapshotFile]:
    return [SnapshotFile(f"{i}.jsonl", len(text), digest(text), i * 1000) for i, text in enumerate(texts)]


def part(scratch: Path, name: str, data: bytes, role: str = "documents", rows: int = 1) -> Part:
    path = scratch / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return Part(name, role, str(path), hashlib.sha256(data).hexdigest(), len(data), rows)


def result(
    scratch: Path,
    content: str,
    *,
    statements: Sequence[Terms] = (terms(),),
    files: int = 2,
    carried: Sequence[Terms] | None = None,
) -> Result:
    """A result whose bytes and digest follow from `content`; rows name `statements`, of which it carries `carried`."""
    parts = [part(scratch, f"documents/{i:05d}.bin", f"{content}/{i}".encode() * 100) for i in range(files)]
    counts = {item.number: (3, 30) for item in statements}
    kept = 3 * len(counts)
    statistics = Statistics(
        records_in=kept + 1,
        kept=kept,
        edited=0,
        dropped=1,
        by_reason={"empty-text": 1},
        by_terms=counts,
        documents=kept,
        tokens=30 * len(counts),
        bytes=100,
    )
    return Result(
        digest(content), tuple(parts), statistics, tuple(statements if carried is None else carried)
    )


def table_part(scratch: Path, name: str = "selection/00000.parquet") -> Part:
    columns = [pa.array([], field.type) for field in SELECTION]
    return write_table(scratch, name, "selection", SELECTION, pa.table(columns, schema=SELECTION))
