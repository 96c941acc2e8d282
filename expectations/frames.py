"""Derived columns that several tables need: what Great Expectations' core has no expectation for, as values it can check."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd

from lineage_platform.model.keys import ORDINAL_BITS
from lineage_platform.model.versions import Statistics


class Keys:
    """Looks at the document keys of a table frame by frame: whether they increase, across frames too."""

    def __init__(self) -> None:
        self.rows = 0
        self._last = -1

    def increase(self, keys: pd.Series[int]) -> pd.Series[bool]:
        """Whether each key is greater than the one before it."""
        return keys > self._before(keys)

    def ascend(self, keys: pd.Series[int]) -> pd.Series[bool]:
        """Whether each key is that before it, or greater: where a document may have several rows."""
        return keys >= self._before(keys)

    def _before(self, keys: pd.Series[int]) -> pd.Series[int]:
        """The key before each, across frames."""
        before = keys.shift(1, fill_value=self._last)
        if len(keys):
            self._last = int(keys.iloc[-1])
            self.rows += len(keys)
        return before


def snapshots(keys: pd.Series[int]) -> pd.Series[int]:
    """Snapshot numbers inside document keys."""
    return keys // (1 << ORDINAL_BITS)


def unknown(numbers: pd.Series[int], known: Collection[int]) -> pd.Series[int]:
    """The numbers that are not known, null where they are; integers stay exact."""
    return numbers.astype("Int64").mask(numbers.isin(list(known)))


def row(values: Mapping[str, float]) -> pd.DataFrame:
    """Counts as a frame of one row."""
    return pd.DataFrame({name: [value] for name, value in values.items()})


def unaccounted(statistics: Statistics) -> int:
    """Records for which nothing says what became of them; 0 by the law of conservation."""
    return statistics.records_in - statistics.kept - statistics.edited - statistics.dropped
