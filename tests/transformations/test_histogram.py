"""Histograms against NumPy over all values at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_platform.transformations import histogram
from lineage_platform.transformations.histogram import histogram_of, merged

PERCENTILES = (1, 10, 50, 90, 99)


@given(st.lists(st.lists(st.integers(0, 30) | st.integers(0, 2**31 - 1), max_size=50), max_size=6))
def test_it_is_numpy(parts: list[list[int]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(histogram, "_PENDING", 5)
        found = merged(histogram_of(np.array(part, np.int32)) for part in parts)
    values = np.array([value for part in parts for value in part], np.int32)
    assert (found.rows, found.total) == (len(values), int(values.sum(dtype=np.int64)))
    if not len(values):
        assert found.distribution(PERCENTILES) == {}
        return
    expected = np.percentile(values, PERCENTILES, method="inverted_cdf").tolist()
    named = dict(zip((f"p{p}" for p in PERCENTILES), expected, strict=True))
    outside = {"minimum": values.min(), "maximum": values.max(), "total": found.total}
    assert found.distribution(PERCENTILES) == named | outside
