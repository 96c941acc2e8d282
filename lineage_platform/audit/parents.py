"""The statements that a derived statement derives from, as they are believed, with the overlay laid over them.

A row of the overlay that covers a whole source replaces all its statements. One that covers part of it stands beside them:
which of its records a derived source was made from is not known, so any of them counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from lineage_platform.audit.needs import Catalog
from lineage_platform.audit.overlay import Interval, foremost
from lineage_platform.catalog.rows import OverlayRow, TermsRow
from lineage_platform.model.when import When
from lineage_platform.policy.effective import Effective, Name, parents_named

Statement = Mapping[str, Any]

Proposed = Callable[[TermsRow], TermsRow]
"""What would be stated instead of what is recorded about a terms number."""

_DERIVATION = ("parents", "derived_from")


def laid_over(stated: Statement, replacing: Statement) -> Statement:
    """What an overlay makes of a statement: other terms, but what the documents were made from stays what it was."""
    kept = {name: stated[name] for name in _DERIVATION if name in stated}
    return {**replacing, **kept}


class Parents:
    """Effective statements at one time. `intervals` are the document keys that the overlay covers, once they are known."""

    def __init__(
        self,
        catalog: Catalog,
        when: When,
        overlay: Mapping[int, OverlayRow],
        proposed: Proposed | None = None,
    ) -> None:
        self._catalog, self._when, self._overlay, self._proposed = catalog, when, overlay, proposed
        self._whole = {row.source: row for row in overlay.values() if row.source is not None}
        self._numbers = {row.terms: row for row in overlay.values() if row.terms is not None}
        self.intervals: Sequence[Interval] = ()
        self._known: dict[int, TermsRow | None] = {}
        self._rows = cache(self._find)
        self._effective = Effective(
            lambda number: next((row.statement for row in self._rows(number)), None),
            lambda source: [row.statement for row in self._rows(source)],
        )

    def learn(self, statements: Iterable[Statement]) -> None:
        """Read at once what the documents' own parents are, at any generation."""
        ahead = {name for statement in statements for name in parents_named(statement)}
        while numbers := [name for name in ahead if isinstance(name, int) and name not in self._known]:
            ahead = {name for row in self._stated(numbers) for name in parents_named(row.statement)}

    def effective(self, statement: Statement) -> Statement:
        """The statement met with those of all it derives from."""
        return self._effective.of(statement)

    def ledger_indexes(self, statement: Statement) -> set[int]:
        """The entries that state what `statement` derives from, at any generation."""
        found: dict[Name, set[int]] = {}
        ahead = parents_named(statement)
        while ahead:
            name = ahead.pop()
            if name not in found:
                rows = self._rows(name)
                found[name] = {row.ledger_index for row in rows}
                ahead += [each for row in rows for each in parents_named(row.statement)]
        return {index for indexes in found.values() for index in indexes}

    def partly_covered(self, statement: Statement) -> dict[str, list[int]]:
        """The rows of the overlay that cover part of the sources that `statement` derives from, at any generation."""
        found: dict[Name, list[int]] = {}
        ahead = parents_named(statement)
        while ahead:
            name = ahead.pop()
            if name not in found:
                found[name] = (
                    [row.id for row in self._covering_part_of(name)] if isinstance(name, str) else []
                )
                ahead += [each for row in self._rows(name) for each in parents_named(row.statement)]
        return {name: rows for name, rows in found.items() if isinstance(name, str) and rows}

    def _find(self, name: Name) -> list[TermsRow]:
        if name is None:
            return []
        if isinstance(name, int):
            return self._stated([name])
        stated = self._stated(self._catalog.numbers_about(name))
        if not stated:
            return []
        own = stated[0].statement
        return stated + [
            TermsRow(
                0, laid_over({"derived_from": own.get("derived_from", ())}, row.statement), row.ledger_index
            )
            for row in self._covering_part_of(name)
        ]

    def _stated(self, numbers: Iterable[int]) -> list[TermsRow]:
        wanted = list(numbers)
        if missing := [number for number in wanted if number not in self._known]:
            found = self._catalog.terms(self._when, missing)
            rows = {number: found.get(number) for number in missing}
            if self._proposed is not None:
                rows = {number: row and self._proposed(row) for number, row in rows.items()}
            self._known |= rows
        return [self._replaced(row) for number in wanted if (row := self._known[number]) is not None]

    def _replaced(self, row: TermsRow) -> TermsRow:
        overlay = foremost(self._numbers.get(row.number), self._whole.get(row.statement["source"]))
        if overlay is None:
            return row
        return TermsRow(row.number, laid_over(row.statement, overlay.statement), overlay.ledger_index)

    def _covering_part_of(self, source: str) -> list[OverlayRow]:
        partial = [item for item in self.intervals if self._overlay[item.overlay].source is None]
        if not partial:
            return []
        keys = [snapshot.keys for snapshot in self._catalog.snapshots(source)]
        met = {
            item.overlay
            for item in partial
            for first, last in keys
            if item.first <= last and item.last >= first
        }
        return [self._overlay[number] for number in sorted(met)]
