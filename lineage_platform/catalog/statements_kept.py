"""Statements of terms that a reader keeps between questions, so that fifty thousand are not read again for each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lineage_platform.catalog.rows import TermsRow


class Statements:
    """What is believed now, by terms number, as far as it was asked for; `newest` is the last row of the table seen."""

    def __init__(self) -> None:
        self.newest = 0
        self.whole = False
        self.known: dict[int, TermsRow] = {}
        self._silent: set[int] = set()

    def forget(self, numbers: Iterable[int], newest: int) -> None:
        """Something was said about `numbers` since."""
        for number in numbers:
            self.known.pop(number, None)
            self._silent.discard(number)
        self.newest, self.whole = newest, False

    def missing(self, numbers: Iterable[int]) -> list[int]:
        """Those that have to be read."""
        if self.whole:
            return []
        return [number for number in numbers if number not in self.known and number not in self._silent]

    def keep(self, rows: Iterable[TermsRow], asked: Sequence[int] | None) -> None:
        """What was read about the numbers `asked`, or about all."""
        self.known.update((row.number, row) for row in rows)
        self._silent.update(number for number in asked or () if number not in self.known)
        self.whole = self.whole or asked is None
