"""What some entries of the ledger say was believed about terms, answered as the catalog answers: for reads without a database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, cast

from lineage_platform.audit.bundle.way import holder_of
from lineage_platform.audit.needs import Catalog
from lineage_platform.audit.overlay import Interval, foremost
from lineage_platform.audit.parents import Parents, laid_over
from lineage_platform.catalog.rows import OverlayRow, SnapshotRow, TermsRow
from lineage_platform.events.facets import OVERLAY, REINSTATEMENT, TERMS, WITHDRAWAL
from lineage_platform.model.keys import key_range
from lineage_platform.model.terms import Terms, in_force
from lineage_platform.model.when import When
from lineage_platform.policy.effective import is_derived

Event = Mapping[str, Any]
Statement = Mapping[str, Any]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Told:
    """Beliefs about what holds on a day, from events in ledger order.

    `lists` are the statements of an entry that lists not all of them; `covered` are rows of the overlay that cover part of a
    source, by source, for texts made from it.
    """

    def __init__(
        self,
        events: Iterable[tuple[int, Event]],
        day: date,
        lists: Mapping[int, Sequence[Mapping[str, Any]]],
        covered: Mapping[str, Sequence[int]],
    ) -> None:
        self._pieces: dict[int, list[Statement]] = {}
        self._laid: dict[int, tuple[OverlayRow, datetime, datetime | None]] = {}
        self._lifted: dict[int, datetime] = {}
        self._when, self._covered = When(valid_at=day), covered
        for index, event in events:
            self._learn(index, event, lists)
        rows = {row.id: row for row in self.overlay(self._when)}
        self._overlay = rows
        self._by_number = {row.terms: row.id for row in rows.values() if row.terms is not None}
        self._parents = Parents(cast("Catalog", self), self._when, rows)
        self._parents.intervals = [
            Interval(*_place(position), number)
            for position, numbers in enumerate(covered.values())
            for number in numbers
            if number in rows
        ]

    def statement(self, terms: int, overlay: int | None) -> Statement | None:
        """What counts for documents under a terms number or a row of the overlay; None where nothing was said."""
        stated = self._stated(terms, overlay)
        return self._parents.effective(stated) if stated and is_derived(stated) else stated

    def partly_covered(self, places: Iterable[tuple[int, int | None]]) -> dict[str, list[int]]:
        """Rows of the overlay that cover part of a source which such documents were made from, by source."""
        stated = [said for place in places if (said := self._stated(*place)) is not None]
        found = [self._parents.partly_covered(said) for said in stated if is_derived(said)]
        return {source: rows for item in found for source, rows in item.items()}

    def terms(self, when: When, numbers: Iterable[int] | None = None) -> dict[int, TermsRow]:
        """As `catalog.believed` has it."""
        wanted = self._pieces if numbers is None else [item for item in numbers if item in self._pieces]
        return {number: TermsRow(number, _on(self._pieces[number], when.day), 0) for number in wanted}

    def numbers_about(self, source: str) -> list[int]:
        """As `catalog.believed` has it."""
        return sorted(number for number, said in self._pieces.items() if said[0]["source"] == source)

    def overlay(self, when: When) -> list[OverlayRow]:
        """As `catalog.believed` has it."""
        moment = when.moment or datetime.now(UTC)
        rows = [
            row
            for row, begins, ends in self._laid.values()
            if begins <= moment
            and (ends is None or ends > moment)
            and not (row.id in self._lifted and self._lifted[row.id] <= moment)
        ]
        return sorted(rows, key=lambda row: row.withdrawal is not None)

    def snapshots(self, source: str) -> list[SnapshotRow]:
        """One a covered source, so that its keys meet the rows that cover part of it."""
        found = [position for position, name in enumerate(self._covered) if name == source]
        return [SnapshotRow(position + 1, source, "", 0, 0, _EPOCH, "", 0) for position in found]

    def _stated(self, terms: int, overlay: int | None) -> Statement | None:
        own = next((row.statement for row in self.terms(self._when, [terms]).values()), None)
        if overlay is not None and overlay not in self._overlay:
            return None
        single = self._by_number.get(terms)
        row = foremost(
            None if single is None else self._overlay[single],
            None if overlay is None else self._overlay[overlay],
        )
        if row is None:
            return own
        return laid_over(own, row.statement) if own and is_derived(own) else row.statement

    def _learn(self, index: int, event: Event, lists: Mapping[int, Sequence[Mapping[str, Any]]]) -> None:
        facets = holder_of(event)["facets"]
        if TERMS in facets:
            for item in lists.get(index, facets[TERMS]["terms"]):
                self._pieces[int(item["terms"])] = [item["statement"], *item.get("others", ())]
        if OVERLAY in facets:
            self._lay(index, event, facets[OVERLAY], facets.get(WITHDRAWAL))
        if REINSTATEMENT in facets:
            effective = datetime.fromisoformat(facets[REINSTATEMENT]["effective"])
            self._lifted |= {int(number): effective for number in facets[REINSTATEMENT]["overlays"]}

    def _lay(
        self, index: int, event: Event, stated: Mapping[str, Any], withdrawal: Mapping[str, Any] | None
    ) -> None:
        recorded = datetime.fromisoformat(event["eventTime"])
        ends = None if stated["validTo"] is None else datetime.fromisoformat(stated["validTo"])
        for item in stated["covers"]:
            row = OverlayRow(
                int(item["overlay"]),
                stated["statement"],
                recorded,
                index,
                source=item.get("source"),
                terms=int(item["terms"]) if "terms" in item else None,
                withdrawal=int(withdrawal["withdrawal"]) if withdrawal is not None else None,
            )
            self._laid[row.id] = row, datetime.fromisoformat(stated["validFrom"]), ends


def _place(position: int) -> tuple[int, int]:
    """A document key of the made-up snapshot of a covered source."""
    first, _ = key_range(position + 1)
    return first, first


def _on(pieces: Sequence[Statement], day: date) -> Statement:
    made = [Terms.from_statement(dict(piece)) for piece in pieces]
    return pieces[made.index(in_force(made, day))]
