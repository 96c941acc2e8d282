"""Checkpoints: what a ledger says about itself, signed (https://c2sp.org/tlog-checkpoint).

    lineage.example/5f0c...        origin: which ledger, also the signer's name
    42                             entries
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=      root hash

    — lineage.example/5f0c... AAECA...

Whoever keeps one can show later that history was rewritten; `compare` says so with the proof.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from lineage_platform.errors import InvalidInput
from lineage_platform.ledger import merkle
from lineage_platform.ledger.note import sign_note, verify_note

HASH_BYTES = 32


@dataclass(frozen=True)
class Checkpoint:
    """The ledger `origin` had `size` entries under `root` (32 bytes)."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True)
class Comparison:
    """What two checkpoints of one ledger say about each other, earlier first.

    `proof` is the RFC 9162 consistency proof when `consistent`. When not, the two signed checkpoints are the evidence:
    no append-only ledger signs both; `reason` says what contradicts what, and `recomputed` is the root that the entries
    at hand give for the size of the earlier (or, where that one agrees, the later) checkpoint.
    """

    earlier: Checkpoint
    later: Checkpoint
    consistent: bool
    reason: str
    proof: tuple[bytes, ...] = ()
    recomputed: bytes | None = None


def sign(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """The signed note of a checkpoint; its signer's name is the origin."""
    if checkpoint.size < 0 or len(checkpoint.root) != HASH_BYTES:
        raise ValueError(f"checkpoint: got size {checkpoint.size} and a root of {len(checkpoint.root)} bytes")
    return sign_note(checkpoint.text, checkpoint.origin, key)


def parse_and_verify(note: str, public_key: Ed25519PublicKey) -> Checkpoint:
    """The checkpoint in a note that its origin signed with `public_key`; extension lines are passed over.

    Raises InvalidInput when it is no checkpoint, VerificationFailed when the signature does not hold.
    """
    origin = note.partition("\n")[0]
    lines = verify_note(note, origin, public_key).split("\n")
    if len(lines) < 4 or "" in lines[:-1]:
        raise InvalidInput(f"checkpoint: got {len(lines) - 1} lines, expected origin, size and root")
    size, encoded = lines[1], lines[2]
    if not (size.isascii() and size.isdecimal()) or (size != "0" and size.startswith("0")):
        raise InvalidInput(f"checkpoint: got size {size!r}, expected a decimal number without leading zeros")
    try:
        root = base64.b64decode(encoded, validate=True)
    except ValueError:  # binascii.Error, and what is not ASCII
        root = b""
    if len(root) != HASH_BYTES:
        raise InvalidInput(f"checkpoint: got root {encoded!r}, expected {HASH_BYTES} bytes in base64")
    return Checkpoint(origin, int(size), root)


def compare(first: Checkpoint, second: Checkpoint, size: int, get_node: merkle.GetNode) -> Comparison:
    """Whether two checkpoints, in any order, belong to one append-only history, judged on a ledger of `size` entries.

    Raises InvalidInput when they name different ledgers.
    """
    if first.origin != second.origin:
        raise InvalidInput(
            f"checkpoints of two ledgers: got {first.origin!r} and {second.origin!r}, expected the same origin"
        )
    earlier, later = sorted((first, second), key=lambda item: item.size)
    if earlier.size == later.size and earlier.root != later.root:
        return Comparison(earlier, later, False, f"both have {later.size} entries but different roots")
    for checkpoint, which in ((earlier, "earlier"), (later, "later")):
        if checkpoint.size > size:
            reason = f"the {which} checkpoint has {checkpoint.size} entries, the ledger only {size}: entries were lost"
            return Comparison(earlier, later, False, reason)
        recomputed = merkle.root(checkpoint.size, get_node)
        if recomputed != checkpoint.root:
            reason = (
                f"the first {checkpoint.size} entries of the ledger give root {recomputed.hex()}, "
                f"the {which} checkpoint says {checkpoint.root.hex()}: history was rewritten"
            )
            return Comparison(earlier, later, False, reason, recomputed=recomputed)
    proof = merkle.consistency_proof(earlier.size, later.size, get_node)
    reason = f"the later checkpoint extends the earlier by {later.size - earlier.size} entries"
    return Comparison(earlier, later, True, reason, tuple(proof))
