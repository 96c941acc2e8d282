"""The ledger recomputed from its entries: commitments, leaves, subtrees, roots, signatures. RFC 6962, section 2.1.

The tree is built here a second time, without the code that wrote it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from lineage_platform.audit.needs import Rows
from lineage_platform.audit.verification.recorded import Recorded, Row
from lineage_platform.audit.verification.report import Report
from lineage_platform.events.facets import KINDS
from lineage_platform.events.validation import validate
from lineage_platform.ledger.canonical import canonical
from lineage_platform.ledger.checkpoint import parse_and_verify

Event = dict[str, Any]


def verify_entries(
    rows: Rows, recorded: Recorded, key: Ed25519PublicKey, report: Report
) -> Iterator[tuple[Row, Event]]:
    """Check entries one by one, in order; yields (row, event) of every readable one. Then checks nodes and checkpoints."""
    stored = {
        (row["level"], row["index"]): bytes(row["hash"]) for row in rows.table("ledger_nodes", "level, index")
    }
    report.count("ledger_nodes", len(stored))
    total = rows.ledger_size()
    peaks: list[tuple[int, bytes]] = []  # (level, hash) of the complete subtrees so far, highest first
    size = 0
    for row in rows.table("ledger_leaves", "index"):
        if not report.same("ledger-entry", str(row["index"]), row["index"], size):
            size = row["index"]
        leaf = bytes(row["leaf_hash"])
        event = _event(row, leaf, report)
        if event is not None:
            yield row, event
        _grow(peaks, size, leaf, stored, report)
        size += 1
        if size in recorded.checkpoints:
            _verify_checkpoint(recorded.checkpoints[size], _root(peaks), row, recorded, key, report)
        report.tell("ledger", size, total)
    report.count("ledger_entries", size)
    report.count("checkpoints", len(recorded.checkpoints))
    for level, index in sorted(stored):
        report.problem("ledger-node", f"{level}/{index}", "a subtree", "none: its entries do not exist")
    for beyond in sorted(number for number in recorded.checkpoints if not 0 < number <= size):
        report.problem("checkpoint", str(beyond), f"{size} entries", f"at least {beyond}: entries were lost")


def _event(row: Row, leaf: bytes, report: Report) -> Event | None:
    """The event of an entry, after checking that it is what the leaf commits to."""
    name = str(row["index"])
    if row["salt"] is None or row["payload"] is None:
        report.problem("ledger-entry", name, "no event", "the event, or an entry that says it was erased")
        return None
    payload = bytes(row["payload"])
    commitment = hashlib.sha256(bytes(row["salt"]) + payload).digest()
    if not report.same("ledger-entry", name, hashlib.sha256(b"\x00" + commitment).digest(), leaf):
        return None
    event: Event | None = None
    with report.reading("event", name):
        event = _parse(payload)
        report.same("event", name, canonical(event), payload)
        validate(event)
        report.count("events")
        report.same("ledger-entry", name, row["kind"], event.get("eventType") or _kind(event))
        report.same("ledger-entry", name, moment(row["recorded_at"]), event["eventTime"])
        if "run" in event:
            report.same("ledger-entry", name, str(row["run_id"]), event["run"]["runId"])
    return event


def _parse(payload: bytes) -> Event:
    event: Event = json.loads(payload)
    return event


def _kind(event: Event) -> str | None:
    """What a dataset event is about, by its facet."""
    return next((kind for facet, kind in KINDS.items() if facet in event["dataset"]["facets"]), None)


def _grow(
    peaks: list[tuple[int, bytes]],
    index: int,
    leaf: bytes,
    stored: dict[tuple[int, int], bytes],
    report: Report,
) -> None:
    """Add a leaf; every subtree it completes is compared with the stored one, which then is done with."""
    level, current = 0, leaf
    while peaks and peaks[-1][0] == level:
        _, left = peaks.pop()
        level, index, current = level + 1, index >> 1, hashlib.sha256(b"\x01" + left + current).digest()
        report.same("ledger-node", f"{level}/{index}", stored.pop((level, index), None), current)
    peaks.append((level, current))


def _root(peaks: list[tuple[int, bytes]]) -> bytes:
    current = peaks[-1][1]
    for _, left in reversed(peaks[:-1]):
        current = hashlib.sha256(b"\x01" + left + current).digest()
    return current


def _verify_checkpoint(
    row: Row, root: bytes, leaf: Row, recorded: Recorded, key: Ed25519PublicKey, report: Report
) -> None:
    name = str(row["size"])
    report.same("checkpoint", name, bytes(row["root"]), root)
    report.same("checkpoint", name, row["recorded_at"], leaf["recorded_at"])
    with report.reading("checkpoint", name):
        signed = parse_and_verify(row["note"], key)
        report.same("checkpoint", name, signed.origin, f"lineage-platform/{recorded.deployment}")
        report.same("checkpoint", name, signed.size, row["size"])
        report.same("checkpoint", name, signed.root, root)
        _, _, signatures = row["note"].rpartition("\n\n")
        for line in signatures.splitlines():
            written = line.rpartition(" ")[2]
            again = base64.b64encode(base64.b64decode(written)).decode()
            report.same("checkpoint", name, written, again)


def moment(time: datetime) -> str:
    """A point in time as events write it."""
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
