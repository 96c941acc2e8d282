"""Pandas frames of the narrow columns of a table, one a file, for the suites; never text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from lineage_platform.model.versions import Part
from lineage_platform.transformations.parts import read_table


def frames(parts: Sequence[Part], columns: Sequence[str]) -> Iterator[pd.DataFrame]:
    """Frames of `columns`, file by file, so that no more than a file is held."""
    for part in parts:
        yield read_table(part.path, columns).to_pandas()
