"""The overlay: terms that replace those of what they cover, until somebody reinstates what was before.

Each is one transaction with one dataset event, however many rows it is about. Nothing else ever lifts a row: an edit of a
source's YAML appends a statement, over which the row still lies.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache, partial

from sqlalchemy import Connection

from lineage_platform.catalog import overlays
from lineage_platform.catalog.forms import rfc3339, storable
from lineage_platform.catalog.ledger import Ledger
from lineage_platform.errors import Conflict, InvalidInput, NotFound
from lineage_platform.events.arguments import EventDataset
from lineage_platform.events.build import dataset_event
from lineage_platform.events.facets import OVERLAY, REINSTATEMENT, overlay_facet, reinstatement_facet
from lineage_platform.model.keys import MAX_SNAPSHOT, snapshot_of
from lineage_platform.model.overlay import Cover
from lineage_platform.model.terms import Terms
from lineage_platform.recording.backend import Backend
from lineage_platform.recording.quarantine import review_lifted

DATASET = "overlay"
"""The dataset that the events are about."""

_HASH_BYTES = 32
_LISTED = 100


def restate(
    connection: Connection,
    backend: Backend,
    covers: Sequence[Cover],
    terms: Terms,
    reason: str,
    author: str,
    valid_from: datetime | None,
    valid_to: datetime | None,
) -> list[int]:
    """Lay `terms` over all of `covers`, from now on unless `valid_from` says otherwise; returns the numbers of the rows.

    Raises InvalidInput for a cover, a validity, a reason or an author that makes no sense, NotFound for a source or a
    document that was never read. A data subject may be unknown yet: whatever comes of theirs is covered too.
    """
    ledger = Ledger(connection)
    begins = valid_from or ledger.time
    check_words(reason=reason, author=author)
    if valid_to is not None and valid_to <= begins:
        raise InvalidInput(
            f"validity: got {rfc3339(begins)} to {rfc3339(valid_to)}, expected an end after the beginning"
        )
    if not covers:
        raise InvalidInput("covers: got none, expected a source, a range of keys, a document or a subject")
    check_covers(connection, covers)
    said = {
        "reason": storable(reason),
        "author": storable(author),
        "valid_from": begins,
        "valid_to": valid_to,
    }
    statement = storable(terms.statement())
    numbers = overlays.lay(
        connection, covers, statement, **said, recorded_at=ledger.time, ledger_index=ledger.size
    )
    facet = overlay_facet(dict(zip(numbers, covers, strict=True)), statement, **said)
    event = dataset_event(
        time=ledger.time,
        namespace=ledger.namespace,
        dataset=EventDataset(DATASET),
        facets={OVERLAY: facet},
    )
    ledger.append("OVERLAY", event, None)
    ledger.write(backend.key)
    return numbers


def reinstate(
    connection: Connection,
    backend: Backend,
    rows: Sequence[int],
    reason: str,
    author: str,
    effective: datetime | None,
) -> None:
    """Lift rows of the overlay, from now on unless `effective` says otherwise. What is quarantined for nothing else is free then.

    Raises NotFound for a row that does not exist, Conflict for one that is lifted already.
    """
    ledger = Ledger(connection)
    check_words(reason=reason, author=author)
    numbers = sorted(set(rows))
    if not numbers:
        raise InvalidInput("overlay: got no row, expected the number of one; `lineage overlay` lists them")
    if unknown := sorted(set(numbers) - overlays.known(connection, numbers)):
        listed = map(str, overlays.newest(connection, _LISTED))
        raise NotFound("row of the overlay", str(unknown[0]), listed)
    for number, (who, when) in sorted(overlays.lifted(connection, numbers).items()):
        raise Conflict(
            f"overlay {number}: {who} reinstated it at {rfc3339(when)}, so there is nothing to lift; nothing was recorded"
        )
    said = {"reason": storable(reason), "author": storable(author), "effective": effective or ledger.time}
    overlays.lift(connection, numbers, **said, recorded_at=ledger.time, ledger_index=ledger.size)
    event = dataset_event(
        time=ledger.time,
        namespace=ledger.namespace,
        dataset=EventDataset(DATASET),
        facets={REINSTATEMENT: reinstatement_facet(numbers, **said)},
    )
    ledger.append("REINSTATEMENT", event, None)
    review_lifted(connection, ledger, numbers)
    ledger.write(backend.key)


def check_words(**words: str) -> None:
    """Raises InvalidInput where one says nothing."""
    for name, said in words.items():
        if not said.strip():
            raise InvalidInput(f"{name}: got nothing, expected {'why' if name == 'reason' else 'a name'}")


def check_covers(connection: Connection, covers: Sequence[Cover], *, unseen: bool = False) -> None:
    """Raises InvalidInput for a cover that makes no sense, NotFound for what was never read; a source may be `unseen`."""
    was_read = cache(partial(overlays.read_between, connection))
    for cover in covers:
        _check(connection, cover, was_read, unseen)


def _check(connection: Connection, cover: Cover, was_read: Callable[[int, int], bool], unseen: bool) -> None:
    named = (cover.source, cover.terms, cover.keys, cover.document, cover.subject)
    given = [item for item in named if item is not None]
    if len(given) != 1:
        raise InvalidInput(
            f"cover: got {len(given)} of source, keys, document and subject, expected exactly one of them"
        )
    if cover.source is not None:
        if not unseen and cover.source not in (known := overlays.sources(connection)):
            raise NotFound("source", cover.source, known)
    elif cover.subject is not None:
        if len(cover.subject) != _HASH_BYTES:
            raise InvalidInput(
                f"subject: got a hash of {len(cover.subject)} bytes, expected {_HASH_BYTES} (HMAC-SHA256)"
            )
    elif cover.document is not None:
        _check_keys(was_read, cover.document, cover.document, ("document", str(cover.document)))
    elif cover.keys is not None:
        first, last = cover.keys
        _check_keys(was_read, first, last, ("document in the range", f"{first}-{last}"))


def _check_keys(was_read: Callable[[int, int], bool], first: int, last: int, asked: tuple[str, str]) -> None:
    if not 0 <= first <= last or snapshot_of(last) > MAX_SNAPSHOT:
        raise InvalidInput(
            f"keys: got {first} to {last}, expected document keys, decimal numbers below 2^63, the lower one first"
        )
    if not was_read(snapshot_of(first), snapshot_of(last)):
        raise NotFound(*asked)
