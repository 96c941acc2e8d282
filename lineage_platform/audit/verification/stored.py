"""Stored bytes: every file against its digest and length, every manifest against the rows it lists."""

from __future__ import annotations

import hashlib

from lineage_platform.audit.needs import Files
from lineage_platform.audit.verification.recorded import Recorded
from lineage_platform.audit.verification.report import Report
from lineage_platform.files import Place, stream
from lineage_platform.model.versions import File
from lineage_platform.transformations.parts import key_ranges, read_schema

_MANIFEST = "manifest.json"


def verify_stored(recorded: Recorded, files: Files, report: Report) -> set[str]:
    """Check bytes; returns the versions whose files are all what they were, to be looked into further."""
    sizes = {file.sha256: file.bytes for listed in recorded.files.values() for file in listed}
    total, done = sum(sizes.values()), 0
    good: dict[str, bool] = {}
    whole = set()
    for name in recorded.versions:
        with report.reading("manifest", name):
            listed = recorded.files.get(name, [])
            report.count("manifests")
            intact = _verify_manifest(name, recorded, files, report)
            for file in listed:
                if file.sha256 not in good:
                    good[file.sha256] = _verify_file(f"{name} {file.name}", file, files, report)
                    done += file.bytes
                    report.tell("files", done, total)
                elif not good[file.sha256]:
                    report.problem("file", f"{name} {file.name}", "the same file as above", file.sha256)
                intact &= good[file.sha256]
            if intact:
                whole.add(name)
    report.count("files", len(good))
    report.count("bytes", total)
    return whole


def _verify_manifest(name: str, recorded: Recorded, files: Files, report: Report) -> bool:
    data, sha256 = recorded.manifest(name), recorded.versions[name]["manifest_sha256"]
    same = report.same("manifest", name, hashlib.sha256(data).hexdigest(), sha256)
    stored = files.path(File(_MANIFEST, "manifest", sha256, len(data), 0))
    return _verify_bytes("manifest", name, stored, sha256, len(data), report) and same


def _verify_file(name: str, file: File, files: Files, report: Report) -> bool:
    path = files.path(file)
    if not _verify_bytes("file", name, path, file.sha256, file.bytes, report):
        return False
    if file.low is None or file.high is None:
        return True
    groups = key_ranges(path, read_schema(path).names[0])
    reach = (min(keys.low for keys in groups), max(keys.high for keys in groups)) if groups else None
    return report.same("file", f"{name} range", reach, (file.low, file.high))


def _verify_bytes(kind: str, name: str, path: Place, sha256: str, length: int, report: Report) -> bool:
    digest, found = hashlib.sha256(), 0
    try:
        for chunk in stream(path):
            digest.update(chunk)
            found += len(chunk)
    except (FileNotFoundError, IsADirectoryError):
        report.problem(kind, name, f"no file {path}", sha256)
        return False
    got = f"{found} bytes, SHA-256 {digest.hexdigest()}"
    return report.same(kind, name, got, f"{length} bytes, SHA-256 {sha256}")
