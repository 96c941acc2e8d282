"""What our events say about the datasets of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa

from lineage_platform.errors import LineageError
from lineage_platform.events.arguments import EventDataset, Manifest, Size, TermsCount
from lineage_platform.events.columns import column_lineage
from lineage_platform.files import Place
from lineage_platform.model.definitions import RecordFields
from lineage_platform.model.terms import Terms
from lineage_platform.model.versions import (
    CheckResult,
    File,
    Result,
    Snapshot,
    SnapshotFile,
    Transformation,
    Version,
)
from lineage_platform.store.objects import address
from lineage_platform.transformations.parts import read_schema

_MAIN_ROLES = {
    "documents": "documents",
    "annotations": "annotations",
    "deduplicated": "decisions",
    "selection": "selection",
    "shards": "shard",
}


def read(item: Version | Snapshot) -> EventDataset:
    """An input of a run."""
    if isinstance(item, Snapshot):
        return observed(item.source, item.id, item.files)
    statistics = item.statistics
    size = Size(statistics.documents, sum(file.bytes for file in item.files), len(item.files))
    return EventDataset(name=item.dataset, version=item.id, size=size, checks=item.checks)


def observed(
    source: str, version: str, files: Sequence[SnapshotFile], owner: str | None = None
) -> EventDataset:
    """A source as it was observed."""
    size = Size(None, sum(file.bytes for file in files), len(files))
    return EventDataset(name=f"source/{source}", version=version, owner=owner, size=size)


def made(
    dataset: str,
    version: str,
    result: Result,
    *,
    inputs: Iterable[str],
    transformation: Transformation,
    fields: pa.Schema | None,
    files: Sequence[File],
    manifest_sha256: str,
    checks: Sequence[CheckResult],
    counts: Mapping[int, tuple[int, int]],
    statements: Mapping[int, Sequence[Terms]],
    owner: str | None,
) -> EventDataset:
    """The output of a run; `counts` are documents and tokens of its terms, and of those it states for the first time.

    Raises LineageError when rows name terms that nobody has stated.
    """
    unknown = sorted(counts.keys() - statements.keys())
    if unknown:
        raise LineageError(
            f"{dataset}: rows name {len(unknown)} terms that nobody has stated, first {unknown[0]}; "
            "expected a statement for each with the result or in the catalog"
        )
    terms: list[TermsCount] = [
        (statements[number], documents, tokens) for number, (documents, tokens) in counts.items()
    ]
    record = transformation.parameters.get("record")
    return EventDataset(
        name=dataset,
        version=version,
        owner=owner,
        fields=fields,
        statistics=result.statistics,
        column_lineage=column_lineage(
            dataset,
            [item.partition("@")[0] for item in inputs],
            fields,
            RecordFields.from_form(record) if isinstance(record, Mapping) else None,
        ),
        checks=checks,
        terms=terms,
        manifest=Manifest(
            sha256=manifest_sha256,
            address=address(manifest_sha256, "manifest.json"),
            files=len(files),
            bytes=sum(file.bytes for file in files),
            content_digest=result.content_digest,
        ),
    )


def fields_of(dataset: str, files: Iterable[tuple[str, Place]]) -> pa.Schema | None:
    """Columns of the dataset's main table, read from its first file; `files` are (role, path). None for what is no table."""
    kind = dataset.partition("/")[0]
    role = _MAIN_ROLES.get(kind) or _MAIN_ROLES.get(dataset.rpartition("/")[2])
    path = next((path for found, path in files if found == role), None)
    return None if path is None or path.suffix != ".parquet" else read_schema(path)
