"""The signature, the proofs and the events of a bundle."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from lineage_platform.audit.bundle.form import decoded, encoded
from lineage_platform.audit.verification.report import Report
from lineage_platform.errors import InvalidInput
from lineage_platform.events.validation import validate
from lineage_platform.ledger import merkle
from lineage_platform.ledger.canonical import canonical
from lineage_platform.ledger.checkpoint import Checkpoint, parse_and_verify
from lineage_platform.ledger.keys import public_key_pem

Event = dict[str, Any]


@dataclass(frozen=True)
class Proved:
    """The checkpoint, and the events that stand under it, by index of their entries."""

    checkpoint: Checkpoint
    events: Mapping[int, Event]


def prove(bundle: Mapping[str, Any], key: Ed25519PublicKey | None, report: Report) -> Proved | None:
    """Check signature and entries; None where there is no checkpoint to stand on. What is wrong goes to the report."""
    found: list[Checkpoint] = []
    with report.reading("checkpoint", "bundle"):
        own = _key(bundle["public_key"])
        if key is not None:
            report.same("checkpoint", "public key", own.public_bytes_raw(), key.public_bytes_raw())
        found.append(parse_and_verify(bundle["checkpoint"], own))
        _one_signature(bundle["checkpoint"], report)
        report.count("checkpoints")
    if not found:
        return None
    [checkpoint] = found
    events: dict[int, Event] = {}
    last = -1
    for entry in bundle["entries"]:
        name = str(entry["index"])
        if set(entry) != {"index", "salt", "payload", "proof"} or not last < entry["index"]:
            report.problem("ledger-entry", name, "another form", "index, salt, payload, proof; by index")
            continue
        last = entry["index"]
        with report.reading("ledger-entry", name):
            events[last] = _event(entry, checkpoint, report)
            report.count("ledger_entries")
    return Proved(checkpoint, events)


def _event(entry: Mapping[str, Any], checkpoint: Checkpoint, report: Report) -> Event:
    name, payload = str(entry["index"]), decoded(entry["payload"])
    leaf = merkle.leaf_hash(merkle.commitment(decoded(entry["salt"]), payload))
    proof = [bytes.fromhex(item) for item in entry["proof"]]
    report.same("ledger-entry", name, [item.hex() for item in proof], entry["proof"])
    merkle.verify_inclusion(leaf, entry["index"], checkpoint.size, proof, checkpoint.root)
    event: Event = json.loads(payload)
    report.same("event", name, canonical(event), payload)
    validate(event)
    holder = event.get("job") or event["dataset"]
    report.same("event", name, holder["namespace"], checkpoint.origin)
    return event


def _key(pem: str) -> Ed25519PublicKey:
    try:
        key = serialization.load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey) or public_key_pem(key) != pem.encode():
        raise InvalidInput("public key: got something else, expected an Ed25519 key in PEM")
    return key


def _one_signature(note: str, report: Report) -> None:
    """A note may have lines of other signers, which nothing here vouches for; a bundle has one."""
    text, _, lines = note.rpartition("\n\n")
    written: Sequence[str] = lines.splitlines()
    report.same("checkpoint", "signatures", len(written), 1)
    report.same("checkpoint", "lines", len(text.splitlines()), 3)
    for line in written:
        signature = line.rpartition(" ")[2]
        report.same("checkpoint", "signature", encoded(decoded(signature)), signature)
