"""Cron expressions of five fields (POSIX crontab: minute, hour, day of month, month, day of week), checked before use."""

from __future__ import annotations

import re
from dataclasses import dataclass

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True)
class _Field:
    name: str
    low: int
    high: int
    words: tuple[str, ...] = ()


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of week", 0, 7, _DAYS),
)
_ITEM = re.compile(r"(?:(?P<star>\*)|(?P<low>\w+)(?:-(?P<high>\w+))?)(?:/(?P<step>\d{1,2}))?", re.ASCII)


def expected_cron(expression: str) -> str | None:
    """What should have been written instead; None if the expression is valid and its days exist."""
    parts = expression.split()
    if len(parts) != len(_FIELDS):
        return "five fields: minute, hour, day of month, month, day of week, such as '0 3 * * *'"
    values: list[set[int]] = []
    for field, part in zip(_FIELDS, parts, strict=True):
        found = _values(field, part)
        if found is None:
            return (
                f"a {field.name} of {field.low} to {field.high}, *, a-b, */n or a list of them, not {part!r}"
            )
        values.append(found)
    days, months = values[2], values[3]
    if parts[4] == "*" and min(days) > max(_LONGEST[month - 1] for month in months):
        return f"a day of month that exists in that month, not {parts[2]!r}"
    return None


def _values(field: _Field, part: str) -> set[int] | None:
    found: set[int] = set()
    for item in part.split(","):
        match = _ITEM.fullmatch(item)
        if match is None:
            return None
        low, high = field.low, field.high
        if not match["star"]:
            first = _number(field, match["low"])
            last = _number(field, match["high"]) if match["high"] else first
            if first is None or last is None or first > last:
                return None
            low, high = first, last if match["high"] or not match["step"] else field.high
        step = int(match["step"] or 1)
        if step < 1:
            return None
        found.update(range(low, high + 1, step))
    return found


def _number(field: _Field, text: str) -> int | None:
    if text.lower() in field.words:
        return field.words.index(text.lower()) + field.low
    number = int(text) if text.isdigit() and len(text) <= 2 else -1
    return number if field.low <= number <= field.high else None
