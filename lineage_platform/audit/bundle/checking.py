"""A bundle checked with nothing but itself: no database, no workspace, no network; optionally with a key from elsewhere."""

from __future__ import annotations

from datetime import date
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from lineage_platform.audit.answers import Verification
from lineage_platform.audit.bundle.entries import Proved, prove
from lineage_platform.audit.bundle.form import read
from lineage_platform.audit.bundle.lists import lists_of
from lineage_platform.audit.bundle.release import check_decisions, check_state, files_of
from lineage_platform.audit.bundle.told import Told
from lineage_platform.audit.bundle.way import check_way, made_by
from lineage_platform.audit.verification.report import Report
from lineage_platform.events.facets import TRANSFORMATION


def verify_bundle(data: bytes, key: Ed25519PublicKey | None = None) -> Verification:
    """Recompute everything that a bundle says; `key` is the one that its ledger's signatures should be made with.

    Checked are the form, the signature, every entry's proof and event, every version's name, every file, the statements against
    the events that state them, the verdicts under the policies, and the sums. A change of any byte is found.
    """
    report = Report(lambda _what, _done, _total: None)
    with report.reading("bundle", "form"):
        bundle = read(data)
        proved = prove(bundle, key, report)
        if proved is not None:
            _check(bundle, proved, report)
    return report.result()


def _check(bundle: dict[str, Any], proved: Proved, report: Report) -> None:
    name, made = bundle["release"], made_by(proved.events)
    check_way(name, made, report)
    if name not in made:
        return
    index, event = made[name]
    with report.reading("release", name):
        report.same("release", name, name.rpartition("@")[0].endswith("/release"), True)
        check_state(bundle, event, [item for _, item in sorted(proved.events.items())], report)
        files = files_of(bundle, event, report)
        before = [(number, item) for number, item in sorted(proved.events.items()) if number < index]
        day = date.fromisoformat(event["run"]["facets"][TRANSFORMATION]["parameters"]["day"])
        covered = {source: [int(row) for row in rows] for source, rows in bundle["covered"].items()}
        told = Told(before, day, lists_of(bundle, proved.events, report), covered)
        check_decisions(bundle, event, files, told, report)
