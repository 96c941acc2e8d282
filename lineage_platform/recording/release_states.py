"""What became of a release after it was made: judged again, or set aside. One transaction with one dataset event."""

from __future__ import annotations

from sqlalchemy import Connection

from lineage_platform.catalog import release_states
from lineage_platform.catalog.forms import storable
from lineage_platform.catalog.ledger import Ledger
from lineage_platform.errors import Conflict, InvalidInput, NotFound
from lineage_platform.events.arguments import EventDataset
from lineage_platform.events.build import dataset_event
from lineage_platform.events.facets import RELEASE_STATE, release_state_facet
from lineage_platform.model.releases import StateChange
from lineage_platform.recording.backend import Backend


def change(connection: Connection, backend: Backend, news: StateChange) -> None:
    """Record the new state of a release.

    Raises NotFound for a release that there is not, InvalidInput for one that was refused, or where no reason is given, Conflict
    where it is no longer in the state that the change was decided in.
    """
    if not news.reason.strip():
        raise InvalidInput(f"{news.release}: got no reason, expected why it is {news.state}")
    ledger = Ledger(connection)
    state = release_states.state_of(connection, news.release)
    if state is None:
        raise NotFound("release", news.release, release_states.known(connection))
    if state == "refused":
        raise InvalidInput(f"{news.release}: got a release that was refused, expected one that was released")
    if state != news.before:
        raise Conflict(
            f"{news.release}: it is {state} now, and was {news.before} when it was judged; nothing was recorded"
        )
    append_state(connection, ledger, news)
    ledger.write(backend.key)


def append_state(connection: Connection, ledger: Ledger, news: StateChange) -> None:
    """Add the row and its event; whoever holds the ledger writes it."""
    reason = storable(news.reason)
    release_states.append(
        connection,
        news.release,
        news.state,
        reason,
        [judged.stored() for judged in news.verdicts],
        day=news.day,
        recorded_at=ledger.time,
        ledger_index=ledger.size,
    )
    event = dataset_event(
        time=ledger.time,
        namespace=ledger.namespace,
        dataset=EventDataset(news.release.rpartition("@")[0], version=news.release),
        facets={RELEASE_STATE: release_state_facet(news, reason)},
    )
    ledger.append("RELEASE", event, None)
