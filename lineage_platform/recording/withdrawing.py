"""Withdrawals: what is taken back is laid over, quarantined and refused, all in one transaction.

The plan (`audit.withdrawing`) says which shards are hit. It is made before the transaction; where corpus versions were committed
meanwhile that it did not look into, nothing is recorded, and the plan has to be made again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from lineage_platform.catalog import overlays, withdrawals
from lineage_platform.catalog.forms import rfc3339, storable
from lineage_platform.catalog.ledger import Ledger
from lineage_platform.errors import Conflict, InvalidInput
from lineage_platform.events.arguments import EventDataset
from lineage_platform.events.build import dataset_event
from lineage_platform.events.facets import OVERLAY, WITHDRAWAL, overlay_facet
from lineage_platform.events.withdrawals import withdrawal_facet
from lineage_platform.model.overlay import EVERYBODY
from lineage_platform.model.terms import NOASSERTION, Particulars, Terms
from lineage_platform.model.withdrawals import KINDS, Planned, Recorded, Withdrawal, words
from lineage_platform.policy.vocabulary import lookup
from lineage_platform.recording.backend import Backend
from lineage_platform.recording.overlaying import check_covers, check_words
from lineage_platform.recording.quarantine import set_aside

DATASET = "withdrawals"
"""The dataset that the events are about."""


def withdraw(connection: Connection, backend: Backend, planned: Planned) -> Recorded:
    """Record a withdrawal with its rows of the overlay, the shards and releases it quarantines, and what it refuses.

    Where a withdrawal of the same kind in force has all of it already, nothing is recorded, and that one is named. Raises
    InvalidInput for words that make no sense, NotFound for a document that was never read, Conflict where the plan is out of date.
    """
    asked = planned.withdrawal
    check_words(reason=asked.reason, author=asked.author)
    if asked.kind not in KINDS:
        raise InvalidInput(f"kind: got {asked.kind!r}, expected one of {', '.join(KINDS)}")
    if not asked.covers:
        raise InvalidInput("withdraw: got nothing to take back")
    ledger = Ledger(connection)
    effective = asked.effective or ledger.time
    if effective > ledger.time:
        raise InvalidInput(
            f"effective: got {rfc3339(effective)}, which is to come; expected a day that has begun. Terms that end on a day are "
            "`valid_to` in a source's terms, or a row of the overlay with --valid-from"
        )
    check_covers(connection, asked.covers, unseen=True)
    known = withdrawals.covering(connection, asked.kind, asked.covers)
    if known is not None:
        return Recorded(known, new=False)
    if newer := withdrawals.corpus_versions(connection) - planned.examined:
        raise Conflict(
            f"withdraw: {', '.join(sorted(newer))} came while the withdrawal was worked out; nothing was recorded, try again"
        )
    said = replace(
        asked, reason=storable(asked.reason), author=storable(asked.author), request=storable(asked.request)
    )
    number = _record(connection, ledger, replace(planned, withdrawal=said), effective)
    set_aside(connection, ledger, planned, said.kind, number)
    ledger.write(backend.key)
    return Recorded(number, new=True)


def _record(connection: Connection, ledger: Ledger, planned: Planned, effective: datetime) -> int:
    """The withdrawal with its rows of the overlay: one event."""
    asked = planned.withdrawal
    when: dict[str, Any] = {"recorded_at": ledger.time, "ledger_index": ledger.size}
    number = withdrawals.enter(connection, planned, effective=effective, **when)
    statement = storable(_terms(asked, number).statement())
    said: dict[str, Any] = {
        "reason": asked.reason,
        "author": asked.author,
        "valid_from": effective,
        "valid_to": None,
    }
    rows = overlays.lay(connection, asked.covers, statement, **said, **when, withdrawal=number)
    facets = {
        WITHDRAWAL: withdrawal_facet(number, planned, effective),
        OVERLAY: overlay_facet(dict(zip(rows, asked.covers, strict=True)), statement, **said),
    }
    event = dataset_event(
        time=ledger.time, namespace=ledger.namespace, dataset=EventDataset(DATASET), facets=facets
    )
    ledger.append("WITHDRAWAL", event, None)
    return number


def _terms(asked: Withdrawal, number: int) -> Terms:
    """What holds for what is withdrawn: nothing is granted any more."""
    kind, [first, *others] = asked.kind, asked.covers
    basis = lookup("consent" if kind == "consent-withdrawn" else "unknown")
    return Terms(
        source=EVERYBODY if others else first.source or EVERYBODY,
        declared=None,
        licence=NOASSERTION,
        licence_status="unknown",
        licence_note=f"{words(number)} ({kind})",
        consent_basis=basis.name,
        consent_iri=basis.iri,
        personal_data="unknown",
        particulars=Particulars(
            consent_status="withdrawn" if basis.consent else "unknown",
            opt_out="n" if kind == "opt-out" else "unknown",
        ),
    )
