"""A bundle put together from catalog and store."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import date
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from lineage_platform.audit.bundle.form import FORMAT, encoded, written
from lineage_platform.audit.bundle.way import holder_of, version_in
from lineage_platform.audit.evidence import proofs
from lineage_platform.audit.gate import verdicts_of
from lineage_platform.audit.index import Index
from lineage_platform.audit.needs import Catalog, Files
from lineage_platform.audit.releases import release_of
from lineage_platform.audit.rights import Rights
from lineage_platform.catalog.rows import ReleaseRow
from lineage_platform.errors import NotFound, VerificationFailed
from lineage_platform.events.facets import TERMS
from lineage_platform.files import read_bytes
from lineage_platform.ledger.keys import public_key_pem
from lineage_platform.model.versions import File
from lineage_platform.model.when import When


def make_bundle(catalog: Catalog, files: Files, name: str, key: Ed25519PublicKey) -> tuple[str, bytes]:
    """The evidence of a release (by name: see `release_of`): its id and the bundle.

    Raises NotFound, and VerificationFailed where an entry is missing or was erased: then nobody can check it.
    """
    with catalog.snapshot():
        release = release_of(catalog.releases(), name)
        checkpoint = catalog.checkpoint()
        if checkpoint is None:
            raise NotFound("checkpoint", "newest")
        indexes, covered = _grounds(catalog, files, release)
        entries, lists = _entries(catalog, indexes, checkpoint.size)
        row = next(item for item in catalog.versions_of(f"{release.corpus}/release") if item.id == release.id)
        bundle = {
            "format": FORMAT,
            "release": release.id,
            "state": release.stands,
            "public_key": public_key_pem(key).decode(),
            "checkpoint": checkpoint.note,
            "entries": entries,
            "manifest": encoded(
                read_bytes(files.path(File("manifest.json", "manifest", row.manifest_sha256, 0, 0)))
            ),
            "files": {
                item.file.name: encoded(read_bytes(files.path(item.file)))
                for item in catalog.files([release.id])
            },
            "covered": {source: list(map(str, rows)) for source, rows in sorted(covered.items())},
            "lists": lists,
        }
    return release.id, written(bundle)


def _grounds(catalog: Catalog, files: Files, release: ReleaseRow) -> tuple[set[int], dict[str, list[int]]]:
    """The entries that the release stands on; rows of the overlay that cover part of a source, for texts made from it."""
    upstream = catalog.upstream(release.id)
    indexes = {row.ledger_index for row in upstream.versions} | {
        row.ledger_index for row in upstream.snapshots
    }
    indexes |= set(catalog.state_entries(release.id))
    kept = verdicts_of(catalog, files, release.id)
    places = [
        (int(rule["terms"]), None if rule["overlay"] is None else int(rule["overlay"]))
        for rule in kept["rules"]
    ]
    when = When(release.committed_at, date.fromisoformat(kept["day"]))
    rights = Rights(catalog, when)
    documents = [row.id for row in upstream.versions]
    with closing(Index(files)) as index:
        rights.lay_over(index, lambda: catalog.files(documents, "documents"))
        rights.learn([terms for terms, _ in places])
        indexes |= rights.ledger_indexes(places) | rights.ledger_indexes((terms, None) for terms, _ in places)
        covered = rights.partly_covered(places)
    laid = [row for row in catalog.laid() if row.ledger_index in indexes and row.reinstated is not None]
    return indexes | {row.reinstated.ledger_index for row in laid if row.reinstated}, covered


def _entries(
    catalog: Catalog, indexes: Iterable[int], size: int
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The entries, and the whole lists of statements of those whose events leave some out."""
    wanted: Sequence[int] = sorted(indexes)
    leaves = catalog.leaves(wanted)
    proved = proofs(catalog, [index for index in wanted if index < size], size)
    entries, lists = [], {}
    for index in wanted:
        leaf, proof = leaves.get(index), proved.get(index)
        if leaf is None or proof is None or leaf.salt is None or leaf.payload is None:
            raise VerificationFailed(
                f"ledger entry {index}: got no event with a proof, expected both; run `lineage verify`"
            )
        entries.append(
            {
                "index": index,
                "salt": encoded(leaf.salt),
                "payload": encoded(leaf.payload),
                "proof": [item.hex() for item in proof],
            }
        )
        event = json.loads(leaf.payload)
        if holder_of(event)["facets"].get(TERMS, {}).get("omitted"):
            version = version_in(event["outputs"][0]) if "run" in event else None
            lists[str(index)] = catalog.listed(index, version)
    return entries, lists
