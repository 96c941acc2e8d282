"""Statements of terms that a reader keeps between questions, so that fifty thousand are not read again for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")


class Statements(Generic[T]):
    """What is believed now, by terms number, as far as it was asked for; `newest` is the last row of the table seen."""

    def __init__(self) -> None:
        self.newest = 0
        self.whole = False
        self.known: dict[int, T] = {}
        self._silent: set[int] = set()

    @property
    def empty(self) -> bool:
        """Whether nothing was asked for yet."""
        return not self.known and not self._silent

    def forget(self, numbers: Iterable[int], newest: int) -> None:
        """Something was said about `numbers` since."""
        for number in numbers:
            self.known.pop(number, None)
            self._silent.discard(number)
        self.newest, self.whole = newest, False

    def missing(self, numbers: Iterable[int]) -> set[int]:
        """Those that have to be read."""
        if self.whole:
            return set()
        known, silent = self.known, self._silent
        return {number for number in numbers if number not in known and number not in silent}

    def keep(self, rows: Mapping[int, T], asked: Iterable[int] | None) -> None:
        """What was read about the numbers `asked`, or about all."""
        self.known.update(rows)
        self._silent.update(number for number in asked or () if number not in self.known)
        self.whole = self.whole or asked is None
