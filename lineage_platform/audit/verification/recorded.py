"""Every row of the catalog that makes a claim, read once at one moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, LiteralString

from lineage_platform.audit.needs import Rows
from lineage_platform.catalog.forms import snapshot_id, whole
from lineage_platform.ledger.canonical import canonical
from lineage_platform.model.versions import File

Row = Mapping[str, Any]

_FILE = ("name", "role", "sha256", "bytes", "rows", "low", "high")


@dataclass
class Recorded:
    """The claims, by what they are about. Keys of `runs` are run ids as text, of `snapshots` snapshot ids."""

    deployment: str
    runs: dict[str, Row]
    snapshots: dict[str, Row]
    versions: dict[str, Row]
    terms: list[Row]
    overlay: list[Row]
    reinstatements: list[Row]
    training_runs: list[Row]
    release_states: list[Row]
    requests: list[Row]
    request_steps: list[Row]
    withdrawals: list[Row]
    quarantines: list[Row]
    refusals: list[Row]
    checkpoints: dict[int, Row]
    snapshot_files: dict[int, list[Row]] = field(default_factory=dict)
    inputs: dict[str, set[str]] = field(default_factory=dict)
    files: dict[str, list[File]] = field(default_factory=dict)
    version_terms: dict[str, dict[int, tuple[int, int]]] = field(default_factory=dict)
    shards: dict[str, list[Row]] = field(default_factory=dict)

    def files_of(self, version: str, role: str) -> list[File]:
        """Files of one role, in name order."""
        return [file for file in self.files.get(version, []) if file.role == role]

    def manifest(self, version: str) -> bytes:
        """The manifest of a version, made anew from the rows: its files, and its counts with terms and shards."""
        row = self.versions[version]
        listed = sorted(self.files.get(version, []), key=lambda file: file.name)
        by_terms, shards = self.version_terms.get(version, {}), self.shards.get(version, [])
        form = {
            "dataset": row["dataset"],
            "content_digest": row["content_digest"],
            "files": [_form(file) for file in listed],
            "statistics": whole(row["statistics"], by_terms, shards),
        }
        return canonical(form)

    def upstream(self, version: str) -> set[str]:
        """Ids of everything a version was made of, itself included."""
        found: set[str] = set()
        ahead = [version]
        while ahead:
            name = ahead.pop()
            if name not in found:
                found.add(name)
                ahead.extend(self.inputs.get(name, ()))
        return found


def read(rows: Rows) -> Recorded:
    """Read all claims."""
    deployment = [str(row["id"]) for row in rows.table("deployment", "id")]
    recorded = Recorded(
        deployment=deployment[0] if len(deployment) == 1 else "",
        runs={str(row["run_id"]): row for row in rows.table("runs", "started_at, run_id")},
        snapshots={
            snapshot_id(row["source"], row["digest"]): row for row in rows.table("snapshots", "number")
        },
        versions={row["id"]: row for row in rows.table("versions", "dataset, sequence")},
        terms=list(rows.table("terms", "id")),
        overlay=list(rows.table("overlay", "id")),
        reinstatements=list(rows.table("reinstatements", "overlay")),
        training_runs=list(rows.table("training_runs", "recorded_at, run_id")),
        release_states=list(rows.table("release_states", "id")),
        requests=list(rows.table("requests", "id")),
        request_steps=list(rows.table("request_steps", "id")),
        withdrawals=list(rows.table("withdrawals", "id")),
        quarantines=list(rows.table("quarantines", "withdrawal, version_id, shard")),
        refusals=list(rows.table("refusals", "id")),
        checkpoints={row["size"]: row for row in rows.table("checkpoints", "size")},
    )
    recorded.snapshot_files = _grouped(rows, "snapshot_files", "snapshot, position", "snapshot")
    recorded.inputs = {
        name: {row["input_id"] for row in own}
        for name, own in _grouped(rows, "version_inputs", "version_id, input_id", "version_id").items()
    }
    recorded.files = {
        name: [File(**{key: row[key] for key in _FILE}) for row in own]
        for name, own in _grouped(rows, "files", "version_id, name", "version_id").items()
    }
    recorded.version_terms = {
        name: {row["terms"]: (row["documents"], row["tokens"]) for row in own}
        for name, own in _grouped(rows, "version_terms", "version_id, terms", "version_id").items()
    }
    recorded.shards = _grouped(rows, "shards", "version_id, shard", "version_id")
    return recorded


def _form(file: File) -> dict[str, Any]:
    form = {
        "name": file.name,
        "role": file.role,
        "sha256": file.sha256,
        "bytes": file.bytes,
        "rows": file.rows,
    }
    ends = {"low": file.low, "high": file.high}
    return form | {name: str(value) for name, value in ends.items() if value is not None}


def _grouped(rows: Rows, table: LiteralString, order: LiteralString, key: str) -> dict[Any, list[Row]]:
    groups: dict[Any, list[Row]] = defaultdict(list)
    for row in rows.table(table, order):
        groups[row[key]].append(row)
    return dict(groups)
