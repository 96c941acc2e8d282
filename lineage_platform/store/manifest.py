"""A manifest: files and counts of a version as canonical JSON (RFC 8785), stored as an object and named by the ledger.

    {"content_digest": "...", "dataset": "demo/shards",
     "files": [{"bytes": 1024, "name": "shard-00000.parquet", "role": "shard", "rows": 7, "sha256": "..."}, ...],
                of sorted tables with the range of the leading key as decimal strings: "high": "68719476742", "low": "..."
     "statistics": {"documents": 7, ...}}

Files stand in name order. The statistics are those of the run that made the version, in the catalog's form: named by the
ledger, they cannot be changed there unnoticed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from lineage_platform.errors import VerificationFailed
from lineage_platform.ledger.canonical import canonical
from lineage_platform.model.versions import File

NAME = "manifest.json"
ROLE = "manifest"


def manifest(
    dataset: str, content_digest: str, files: Iterable[File], statistics: Mapping[str, Any]
) -> bytes:
    """The manifest's bytes; `statistics` are JSON values."""
    form = {
        "dataset": dataset,
        "content_digest": content_digest,
        "files": [_form(file) for file in sorted(files, key=lambda file: file.name)],
        "statistics": statistics,
    }
    return canonical(form)


def manifest_file(sha256: str, length: int = 0) -> File:
    """The manifest as a file of the store, whose path then is known."""
    return File(NAME, ROLE, sha256, length, 0)


def read_manifest(data: bytes) -> tuple[str, str, tuple[File, ...]]:
    """Dataset, content digest and files of a manifest; raises VerificationFailed for anything else."""
    try:
        form = json.loads(data)
        return form["dataset"], form["content_digest"], tuple(_file(**item) for item in form["files"])
    except (ValueError, KeyError, TypeError) as error:
        raise VerificationFailed(f"manifest: got {error}, expected the file list of a version") from error


def _form(file: File) -> dict[str, Any]:
    form = {name: value for name, value in asdict(file).items() if value is not None}
    return form | {name: str(form[name]) for name in ("low", "high") if name in form}


def _file(low: str | None = None, high: str | None = None, **form: Any) -> File:
    return File(**form, low=None if low is None else int(low), high=None if high is None else int(high))
