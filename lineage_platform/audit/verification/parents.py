"""Parents of documents recomputed: names against the documents that were there, and the terms that name those of parents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import LiteralString

import pyarrow as pa
import pyarrow.compute as pc

from lineage_platform.audit.needs import Files
from lineage_platform.audit.verification.recorded import Recorded
from lineage_platform.audit.verification.report import Report
from lineage_platform.audit.verification.tables import Tables, tables
from lineage_platform.model.tables import IDENTITY
from lineage_platform.transformations.parts import PartWriter, read_batches

_NAMES = pa.schema(
    [
        pa.field("parent", pa.int64()),
        pa.field("named", pa.string()),
        pa.field("identity", IDENTITY),
        pa.field("terms", pa.int64()),
    ]
)
_LAWS: dict[str, LiteralString] = {
    "parents that are not documents of that name": """
        SELECT count(*) FROM parents AS p LEFT JOIN names AS n ON n.parent = p.parent AND n.named = p.named
        WHERE p.parent IS NOT NULL AND (n.identity IS DISTINCT FROM p.parent_identity
                                        OR n.terms IS DISTINCT FROM p.parent_terms)""",
    "documents of a name that are not among the parents": """
        SELECT count(*) FROM (SELECT DISTINCT document, named FROM parents) AS p JOIN names AS n USING (named)
        LEFT JOIN parents AS q ON q.document = p.document AND q.named = p.named AND q.parent = n.parent
        WHERE q.parent IS NULL""",
    "names that are there twice, or both found and not": """
        SELECT count(*) FROM (SELECT document FROM parents GROUP BY document, named
                              HAVING count(*) > 1 AND count(*) <> count(DISTINCT parent))""",
}
_SAID: LiteralString = """
    WITH said AS (
        SELECT document, list_sort(list(DISTINCT coalesce(parent_terms::VARCHAR, 'unknown'))) AS parents
        FROM parents GROUP BY document
    )
    SELECT terms, coalesce(parents, []) AS parents, count(*) AS documents
    FROM (SELECT document, terms FROM documents UNION ALL SELECT document, terms FROM decisions)
    LEFT JOIN said USING (document) GROUP BY ALL
"""


def verify_parents(recorded: Recorded, version: str, files: Files, report: Report) -> None:
    """The parents of a documents version whose files, and those of the documents that it names, are whole."""
    listed = recorded.files_of(version, "parents")
    named = {row["number"]: row["statement"].get("parents", []) for row in recorded.terms}
    if not listed and not any(named.get(number) for number in recorded.version_terms.get(version, ())):
        return
    inputs = sorted(name for name in recorded.inputs[version] if name in recorded.versions)
    with tables() as opened:
        columns: LiteralString = "document, named, parent, parent_identity, parent_terms"
        opened.view("parents", [files.path(file) for file in listed], columns)
        for role in ("documents", "decisions"):
            paths = [files.path(file) for file in recorded.files_of(version, role)]
            opened.view(role, paths, "document, terms")
        _name(opened, recorded, inputs, files)
        for law, query in _LAWS.items():
            report.same("document", version, f"{opened.number(query)} {law}", f"0 {law}")
        wrong = sum(
            row["documents"]
            for row in opened.rows(_SAID)
            if sorted(row["parents"]) != sorted(named.get(row["terms"], []))
        )
        report.same("document", version, f"{wrong} rows with terms that name other parents", _NONE_OTHER)
        report.count("parents", sum(file.rows for file in listed))


_NONE_OTHER = "0 rows with terms that name other parents"


def _name(opened: Tables, recorded: Recorded, inputs: Sequence[str], files: Files) -> None:
    """What the documents of the inputs are called: by their id, or where there are several sources `<source>/<id>`."""

    def batches() -> Iterator[pa.RecordBatch]:
        for name in inputs:
            source = recorded.versions[name]["dataset"].removeprefix("documents/")
            for file in recorded.files_of(name, "documents"):
                for batch in read_batches(
                    files.path(file), ("document", "record_id", "identity", "terms"), 64 * 1024
                ):
                    columns = batch.columns
                    if len(inputs) > 1:
                        columns[1] = pc.binary_join_element_wise(source, columns[1], "/")
                    yield pa.RecordBatch.from_arrays(columns, schema=_NAMES)

    with PartWriter(opened.folder, "names.parquet", "names", _NAMES) as writer:
        for batch in batches():
            writer.write(batch)
    opened.view("names", [opened.folder / "names.parquet"], "parent, named, identity, terms")
