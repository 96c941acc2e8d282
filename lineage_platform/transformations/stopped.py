"""Documents that policy stops: told by their terms number, and by the row of the overlay that lies over their key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Rule = tuple[int, int | None]
"""(terms number, overlay row or None)"""

ANY = 0
"""Instead of a terms number: whatever the documents' own terms are."""


@dataclass(frozen=True)
class Stopped:
    """Why documents may not be used, by rule; None: they may. What is not in `rules` may, under a row of the overlay what `(ANY,
    row)` says. `ranges` are disjoint (first key, last key, row), in key order."""

    rules: Mapping[Rule, str | None]
    ranges: Sequence[tuple[int, int, int]] = ()

    def why(self, keys: npt.NDArray[np.int64], terms: npt.NDArray[np.int64]) -> list[str | None]:
        """Why each document may not be used, or None."""
        if not self.rules:
            return [None] * len(keys)
        return [
            self._why(number, row) for number, row in zip(terms.tolist(), self._covering(keys), strict=True)
        ]

    def _why(self, number: int, row: int | None) -> str | None:
        if row is None or (number, row) in self.rules:
            return self.rules.get((number, row))
        return self.rules.get((ANY, row))

    def _covering(self, keys: npt.NDArray[np.int64]) -> list[int | None]:
        """The row of the overlay over each document."""
        if not self.ranges or not len(keys):
            return [None] * len(keys)
        firsts, lasts, rows = (np.array(column) for column in zip(*self.ranges, strict=True))
        place = np.searchsorted(firsts, keys, "right") - 1
        inside = (place >= 0) & (keys <= lasts[place])
        return [
            row if held else None for row, held in zip(rows[place].tolist(), inside.tolist(), strict=True)
        ]


NOTHING = Stopped({})
"""Every document may be used."""
