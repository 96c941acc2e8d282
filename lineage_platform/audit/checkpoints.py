"""Checkpoints: take the newest one out, and compare the ledger with one that was taken out before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from lineage_platform.audit.answers import Answer, SignedCheckpoint
from lineage_platform.audit.needs import Catalog
from lineage_platform.errors import NotFound
from lineage_platform.ledger import checkpoint as notes
from lineage_platform.ledger import merkle


@dataclass(frozen=True)
class Comparison(Answer):
    """What the ledger now says about a checkpoint from before; `reason` says it in words.

    When `consistent`, `proof` is the RFC 9162 consistency proof from the earlier tree to the later. When not, the two
    signed notes are the evidence that history was rewritten.
    """

    consistent: bool
    reason: str
    earlier: SignedCheckpoint
    later: SignedCheckpoint
    proof: tuple[str, ...]

    def rows(self) -> list[dict[str, Any]]:
        """One row for each checkpoint."""
        return [{"size": item.size, "root": item.root} for item in (self.earlier, self.later)]


def newest(catalog: Catalog) -> SignedCheckpoint:
    """The newest checkpoint. Raises NotFound."""
    row = catalog.checkpoint()
    if row is None:
        raise NotFound("checkpoint", "newest")
    return SignedCheckpoint(row.size, row.root.hex(), row.note)


def compare(catalog: Catalog, note: str, key: Ed25519PublicKey) -> Comparison:
    """Compare a note from before with the newest checkpoint, on a tree made anew from the entries as they are now.

    Raises InvalidInput when the note is no checkpoint of this ledger, VerificationFailed when a signature does not hold.
    """
    before = notes.parse_and_verify(note, key)
    with catalog.snapshot():
        now = newest(catalog)
        hashes = catalog.leaf_hashes()
    current = notes.parse_and_verify(now.note, key)
    nodes = {(0, index): leaf for index, leaf in enumerate(hashes)}
    for level, index, digest in merkle.new_nodes(0, hashes, lambda level, index: nodes[level, index]):
        nodes[level, index] = digest
    found = notes.compare(before, current, len(hashes), lambda level, index: nodes[level, index])
    signed = {id(before): note, id(current): now.note}
    earlier, later = (
        SignedCheckpoint(item.size, item.root.hex(), signed[id(item)])
        for item in (found.earlier, found.later)
    )
    proof = tuple(item.hex() for item in found.proof)
    return Comparison(found.consistent, found.reason, earlier, later, proof)
