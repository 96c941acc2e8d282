from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from lineage_platform.catalog.forms import (
    checks_form,
    checks_from,
    parent_form,
    parent_from,
    statistics_form,
    statistics_from,
    storable,
    transformation_form,
    transformation_from,
)
from lineage_platform.model.versions import CheckResult, ParentRun, Statistics, Transformation

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
counts = st.integers(0, 2**40)


@given(json_values)
def test_storable_text_is_what_postgresql_takes(value: object) -> None:
    kept = storable(value)
    assert storable(kept) == kept
    assert "\\u0000" not in json.dumps(kept, ensure_ascii=False)
    json.dumps(kept, ensure_ascii=False).encode()


@given(
    st.dictionaries(st.integers(0, 2**63 - 1), st.tuples(counts, counts), max_size=4),
    st.dictionaries(st.text("abc-", min_size=1), counts, max_size=4),
)
def test_statistics(by_terms: dict[int, tuple[int, int]], by_reason: dict[str, int]) -> None:
    statistics = Statistics(5, 3, 1, 1, by_reason, by_terms, 4, 40, 400, {"shards": [{"shard": 0}]})
    form = statistics_form(statistics)
    assert statistics_from(json.loads(json.dumps(form))) == statistics


def test_the_others() -> None:
    transformation = Transformation("a", "1", {"list": (1, 2), "none": None})
    assert transformation_from(transformation_form(transformation)).parameters == {
        "list": [1, 2],
        "none": None,
    }
    checks = (CheckResult("a", True, "warn", "b", "c", "d"), CheckResult("a", False, "error", "b", "c"))
    assert checks_from(checks_form(checks)) == checks
    parent = ParentRun("dagster", "job", "run")
    assert parent_from(parent_form(parent)) == parent
    assert parent_from(parent_form(None)) is None
