"""Evidence: ledger entries with their inclusion proofs under the newest checkpoint, each proof tried before it is given."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lineage_platform.audit.answers import Entry, Evidence, Gap, SignedCheckpoint
from lineage_platform.audit.needs import Catalog
from lineage_platform.catalog.rows import CheckpointRow, LeafRow
from lineage_platform.errors import VerificationFailed
from lineage_platform.ledger import merkle

_PROVED: dict[bytes, dict[int, Entry]] = {}
"""Entries without a doubt about them, by root of the checkpoint and index: under one root an entry cannot be another one."""

_MOST_PROVED = 20_000


def gather(catalog: Catalog, indexes: Iterable[int]) -> tuple[Evidence, list[Gap]]:
    """The entries at `indexes`; what cannot be proved is a gap."""
    wanted = sorted(set(indexes))
    checkpoint = catalog.checkpoint()
    root = checkpoint.root if checkpoint else b""
    proved = _PROVED.get(root, {})
    for index in catalog.erased().intersection(proved):
        proved.pop(index, None)
    new = [index for index in wanted if index not in proved]
    made = _prove(catalog, new, checkpoint)
    known, gaps = proved, []
    if new:
        known = {index: proved[index] for index in wanted if index in proved}
        for index in new:
            if index in made:
                known[index], doubts = made[index]
                gaps.extend(doubts)
            else:
                gaps.append(Gap("event-missing", str(index), "the ledger has no entry of this index"))
        _keep(root, {index: entry for index, (entry, doubts) in made.items() if not doubts})
    entries = tuple(known[index] for index in wanted if index in known)
    signed = SignedCheckpoint(checkpoint.size, root.hex(), checkpoint.note) if checkpoint else None
    return Evidence(signed, entries), gaps


def _keep(root: bytes, entries: Mapping[int, Entry]) -> None:
    if sum(map(len, _PROVED.values())) + len(entries) > _MOST_PROVED:
        _PROVED.clear()
    _PROVED.setdefault(root, {}).update(entries)


def _prove(
    catalog: Catalog, indexes: Sequence[int], checkpoint: CheckpointRow | None
) -> dict[int, tuple[Entry, list[Gap]]]:
    """Entries with what is doubtful about them."""
    if not indexes:
        return {}
    size = checkpoint.size if checkpoint else 0
    leaves = catalog.leaves(indexes)
    found = proofs(catalog, [index for index in leaves if index < size], size)
    made = {}
    for index, leaf in leaves.items():
        commitment = None
        if leaf.salt is not None and leaf.payload is not None:
            commitment = merkle.commitment(leaf.salt, leaf.payload)
        proof = found.get(index)
        doubts = list(_doubts(leaf, commitment, proof, checkpoint))
        made[index] = _entry(leaf, commitment, proof), doubts
    return made


def proofs(catalog: Catalog, indexes: Iterable[int], size: int) -> dict[int, list[bytes]]:
    """Inclusion proofs of entries in the tree of a size, where no subtree is missing.

    Two passes: the first finds out which subtrees the proofs need, so that one query reads them all.
    """
    needed: set[tuple[int, int]] = set()

    def note(level: int, index: int) -> bytes:
        needed.add((level, index))
        return b""

    chosen = list(indexes)
    for index in chosen:
        merkle.inclusion_proof(index, size, note)
    nodes = catalog.nodes(sorted(needed))
    found = {}
    for index in chosen:
        try:
            found[index] = merkle.inclusion_proof(index, size, lambda level, place: nodes[level, place])
        except KeyError:
            continue
    return found


def _doubts(
    leaf: LeafRow, commitment: bytes | None, proof: list[bytes] | None, checkpoint: CheckpointRow | None
) -> Iterable[Gap]:
    name = str(leaf.index)
    if commitment is None:
        yield Gap("event-erased", name, "the event was erased; its commitment stays in the ledger")
    elif merkle.leaf_hash(commitment) != leaf.leaf_hash:
        yield Gap("event-altered", name, "the event does not match its commitment; run `lineage verify`")
    if proof is None or checkpoint is None:
        later = checkpoint is None or leaf.index >= checkpoint.size
        note = "no checkpoint covers this entry yet" if later else "the ledger lacks a subtree of the proof"
        yield Gap("proof-missing", name, note)
        return
    try:
        merkle.verify_inclusion(leaf.leaf_hash, leaf.index, checkpoint.size, proof, checkpoint.root)
    except VerificationFailed as error:
        yield Gap("proof-failed", name, f"{error}; run `lineage verify`")


def _entry(leaf: LeafRow, commitment: bytes | None, proof: list[bytes] | None) -> Entry:
    return Entry(
        index=leaf.index,
        leaf_hash=leaf.leaf_hash.hex(),
        commitment=None if commitment is None else commitment.hex(),
        salt=leaf.salt.hex() if leaf.salt is not None else None,
        proof=None if proof is None else tuple(item.hex() for item in proof),
        event=None if commitment is None else _summary(leaf),
    )


def _summary(leaf: LeafRow) -> Mapping[str, Any]:
    """Kind, time, job (the dataset), run, inputs and outputs of an OpenLineage event."""
    try:
        event = json.loads(leaf.payload or b"")
    except ValueError:
        event = {}
    job = event.get("job") or event.get("dataset") or {}
    return {
        "kind": leaf.kind,
        "time": event.get("eventTime"),
        "job": job.get("name"),
        "run_id": leaf.run_id,
        "inputs": [item.get("name") for item in event.get("inputs") or []],
        "outputs": [item.get("name") for item in event.get("outputs") or []],
    }
