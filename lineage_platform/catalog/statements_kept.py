"""Statements of terms that a reader keeps between questions, so that fifty thousand are not read again for each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lineage_platform.catalog.rows import TermsRow


class Statements:
    """What is believed now, by terms number, as far as it was asked for; `newest` is the last row of the table seen."""

    def __init__(self) -> None:
        self.newest = 0
        self.whole = False
        self._known: dict[int, TermsRow | None] = {}

    def forget(self, numbers: Iterable[int], newest: int) -> None:
        """Something was said about `numbers` since."""
        for number in numbers:
            self._known.pop(number, None)
        self.newest, self.whole = newest, False

    def missing(self, numbers: Sequence[int]) -> list[int]:
        """Those that have to be read."""
        return [] if self.whole else [number for number in numbers if number not in self._known]

    def keep(self, rows: Iterable[TermsRow], asked: Sequence[int] | None) -> None:
        """What was read about the numbers `asked`, or about all."""
        self._known.update(dict.fromkeys(asked or ()))
        self._known.update((row.number, row) for row in rows)
        self.whole = self.whole or asked is None

    def found(self, numbers: Sequence[int] | None) -> dict[int, TermsRow]:
        """Statements about some numbers, or all; those that nobody has spoken about are left out."""
        wanted = self._known if numbers is None else numbers
        return {number: row for number in wanted if (row := self._known.get(number)) is not None}
