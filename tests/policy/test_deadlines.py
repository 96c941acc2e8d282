"""Deadlines as laws count them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_platform.errors import InvalidInput, NotFound
from lineage_platform.model.requests import KINDS, Period, Rule
from lineage_platform.policy import symbols
from lineage_platform.policy.deadlines import add, due, extended, jurisdictions, rule_for


@pytest.mark.parametrize(
    ("received", "months", "last"),
    [
        ("2026-01-15", 1, "2026-02-15"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2026-03-31", 1, "2026-04-30"),
        ("2026-11-30", 3, "2027-02-28"),
        ("2026-12-31", 1, "2027-01-31"),
        ("2026-02-28", 1, "2026-03-28"),
    ],
)
def test_a_month_ends_on_the_same_number_or_the_last_day(received: str, months: int, last: str) -> None:
    assert add(date.fromisoformat(received), Period(months=months)) == date.fromisoformat(last)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 36))
def test_months_never_skip_one(day: date, months: int) -> None:
    last = add(day, Period(months=months))
    assert (last.year * 12 + last.month) - (day.year * 12 + day.month) == months
    assert last.day == day.day or (last.day < day.day and (last + timedelta(days=1)).day == 1)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 90), st.sampled_from(KINDS))
def test_the_operator_never_outlasts_the_law(day: date, days: int, kind: str) -> None:
    for jurisdiction in jurisdictions():
        rule = rule_for(kind, jurisdiction, {"any": days})
        last = due(day, rule)
        assert day < last <= day + timedelta(days=days)
        if rule.within is not None:
            assert last <= add(day, rule.within)
        assert Rule.of(rule.stored()) == rule
        later = extended(day, rule)
        assert later is None or (rule.within is not None and later > add(day, rule.within))


@pytest.mark.parametrize(
    ("kind", "jurisdiction", "law", "last", "later"),
    [
        ("erasure", "EU", "GDPR", "2026-02-28", "2026-04-30"),
        ("access", "UK", "UK GDPR", "2026-02-28", "2026-04-30"),
        ("access", "US", "CCPA", "2026-03-17", "2026-05-01"),
        ("erasure", "KR", "PIPA", "2026-02-10", None),
        ("access", "SG", "PDPA", "2026-03-02", None),
    ],
)
def test_laws(kind: str, jurisdiction: str, law: str, last: str, later: str | None) -> None:
    rule = rule_for(kind, jurisdiction, {})
    received = date(2026, 1, 31)
    assert (rule.law, due(received, rule).isoformat()) == (law, last)
    found = extended(received, rule)
    assert (None if found is None else found.isoformat()) == later


def test_somebody_has_to_say_by_when() -> None:
    with pytest.raises(
        InvalidInput, match=r"PIPL art\. 44-47, 50 gives no number of days, expected the operator's own"
    ):
        rule_for("erasure", "CN", {"takedown": 2})
    with pytest.raises(InvalidInput, match="no law here gives a time"):
        rule_for("court-order", "other", {})
    day = date(2026, 5, 1)
    assert due(day, rule_for("erasure", "CN", {"any": 15, "erasure": 7})) == date(2026, 5, 8)
    assert due(day, rule_for("takedown", "CN", {"any": 15}, date(2026, 6, 1))) == date(2026, 6, 1)


def test_names_that_do_not_exist() -> None:
    with pytest.raises(NotFound, match="nearest: erasure"):
        rule_for("erase", "EU", {})
    with pytest.raises(NotFound, match="no jurisdiction named 'GB'"):
        rule_for("erasure", "GB", {})


def test_every_rule_of_the_data_file_counts_once() -> None:
    data = symbols.data("deadlines.json")
    seen = [(rule["jurisdiction"], kind) for rule in data["rules"] for kind in rule["kinds"]]
    assert len(set(seen)) == len(seen)
    assert {kind for _, kind in seen} <= set(KINDS)
    assert {place for place, _ in seen} <= set(data["jurisdictions"])
    assert all("verified" in rule and rule["law"] and rule["article"] for rule in data["rules"])
