"""Everything recomputed: does what is stored say what was recorded? A second program, sharing no state with the writer."""

from __future__ import annotations

import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from lineage_platform.audit.answers import Verification
from lineage_platform.audit.needs import Files, Rows
from lineage_platform.audit.verification import recorded as claims_of
from lineage_platform.audit.verification.claims import Claims
from lineage_platform.audit.verification.corpus import verify_corpus
from lineage_platform.audit.verification.digests import kind_of, verify_digest
from lineage_platform.audit.verification.documents import verify_documents
from lineage_platform.audit.verification.entries import verify_entries
from lineage_platform.audit.verification.parents import verify_parents
from lineage_platform.audit.verification.recorded import Recorded
from lineage_platform.audit.verification.report import Report, Tell
from lineage_platform.audit.verification.signals import verify_signals
from lineage_platform.audit.verification.stored import verify_stored


def verify(rows: Rows, files: Files, key: Ed25519PublicKey, tell: Tell) -> Verification:
    """Recompute ledger, events, rows, manifests, files, documents, placements, shards and content digests.

    Reads every file of every version; `tell` is called with what is being done, how much of it, of how much.
    """
    report = Report(tell)
    with rows.snapshot():
        recorded = claims_of.read(rows)
        claims = Claims(recorded, report)
        for leaf, event in verify_entries(rows, recorded, key, report):
            claims.take(leaf, event)
        claims.finish()
    whole = verify_stored(recorded, files, report)
    _verify_versions(recorded, whole, files, report)
    return report.result()


def _verify_versions(recorded: Recorded, whole: set[str], files: Files, report: Report) -> None:
    """What files say, of versions whose files are whole; others are a problem already."""
    looked_into = [name for name in recorded.versions if name in whole]
    with tempfile.TemporaryDirectory(prefix="lineage-verify-") as folder:
        for number, name in enumerate(looked_into):
            report.tell("versions", number, len(looked_into))
            kind = kind_of(recorded.versions[name]["dataset"])
            with report.reading("version", name):
                verify_digest(recorded, name, files, Path(folder), report)
                if kind == "documents":
                    verify_documents(recorded, name, files, report)
                    verify_signals(recorded, name, files, report)
                upstream = recorded.upstream(name) & recorded.versions.keys()
                if kind == "documents" and upstream <= whole:
                    verify_parents(recorded, name, files, report)
                if kind == "shards" and upstream <= whole:
                    verify_corpus(recorded, name, files, report)
        report.tell("versions", len(looked_into), len(looked_into))
