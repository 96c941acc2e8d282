"""Cron expressions, checked before Dagster sees them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_platform.workspace.cron import expected_cron


@pytest.mark.parametrize(
    "expression",
    [
        "* * * * *",
        "0 3 * * *",
        "*/15 0-6 1,15 * mon-fri",
        "5/10 * * jan,JUL SUN",
        "0 0 29 2 *",
        "0 0 31 4 1",
        "0  3  *\t* 7",
    ],
)
def test_valid(expression: str) -> None:
    assert expected_cron(expression) is None


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("", "five fields"),
        ("@daily", "five fields"),
        ("0 3 * *", "five fields"),
        ("0 3 * * * *", "five fields"),
        ("60 * * * *", "a minute of 0 to 59"),
        ("* 24 * * *", "a hour of 0 to 23"),
        ("* * 0 * *", "a day of month"),
        ("* * * 13 *", "a month of 1 to 12"),
        ("* * * * 8", "a day of week"),
        ("* * * foo *", "a month"),
        ("9-5 * * * *", "a minute"),
        ("*/0 * * * *", "a minute"),
        ("1,,2 * * * *", "a minute"),
        ("-1 * * * *", "a minute"),
        ("١ * * * *", "a minute"),
        ("0 0 30 2 *", "exists in that month"),
        ("0 0 31 4,6,9,11 *", "exists in that month"),
    ],
)
def test_invalid(expression: str, expected: str) -> None:
    assert expected in (expected_cron(expression) or "")


@given(st.text(alphabet="0123456789*/,- abcjnmotu", max_size=30))
def test_what_is_valid_here_is_valid_in_dagster(expression: str) -> None:
    from dagster._utils.schedules import is_valid_cron_string

    if expected_cron(expression) is None:
        assert is_valid_cron_string(expression)
