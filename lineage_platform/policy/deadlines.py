"""By when a request has to be answered: the law's time (`data/deadlines.json`), the operator's own, or a day that it names.

    rule = rule_for("erasure", "EU", own={})
    due(date(2026, 1, 31), rule)       # 2026-02-28

Days are counted from the day after the receipt. A month ends on the day of the same number, or where there is none on the
last day of the month (Regulation (EEC, Euratom) No 1182/71, art. 3). Time that ends on a holiday is not prolonged here:
it is the earlier day.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any

from lineage_platform.errors import InvalidInput, NotFound
from lineage_platform.model.requests import KINDS, Kind, Period, Rule
from lineage_platform.policy import symbols

ANY = "any"
"""The operator's time for kinds that it does not name."""


def jurisdictions() -> tuple[str, ...]:
    """Those whose laws were looked at, and `other`."""
    return tuple(_data()["jurisdictions"])


def rule_for(kind: str, jurisdiction: str, own: Mapping[str, int], named: date | None = None) -> Rule:
    """The rule for a kind of request; `own` are days by kind, or for `any`.

    Raises NotFound for a kind or jurisdiction that does not exist, InvalidInput where nobody says by when.
    """
    known = _known(kind)
    if jurisdiction not in jurisdictions():
        raise NotFound("jurisdiction", jurisdiction, jurisdictions())
    found = _law(known, jurisdiction)
    rule = Rule(
        law=found.get("law", ""),
        article=found.get("article", ""),
        within=_period(found.get("within")),
        extension=_period(found.get("extension")),
        own_days=own.get(known, own.get(ANY)),
        named=named,
    )
    if rule.within is None and rule.own_days is None and named is None:
        law = f"{rule.law} {rule.article} gives no number of days" if rule.law else "no law here gives a time"
        raise InvalidInput(
            f"deadline of {kind} in {jurisdiction}: {law}, expected the operator's own under `deadlines` in lineage.yaml, "
            "or --due with the day that the request names"
        )
    return rule


def due(received: date, rule: Rule) -> date:
    """The last day for an answer: what the request names, or else the operator's own time, but never later than law's."""
    days = [] if rule.within is None else [add(received, rule.within)]
    if rule.named is not None:
        days.append(rule.named)
    elif rule.own_days is not None:
        days.append(add(received, Period(days=rule.own_days)))
    return min(days)


def extended(received: date, rule: Rule) -> date | None:
    """The last day once the time is extended; None where law knows no extension."""
    if rule.within is None or rule.extension is None:
        return None
    both = Period(rule.within.months + rule.extension.months, rule.within.days + rule.extension.days)
    return add(received, both)


def add(day: date, period: Period) -> date:
    """The day on which a period ends that begins with `day`."""
    months = day.year * 12 + day.month - 1 + period.months
    year, month = divmod(months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last)) + timedelta(days=period.days)


def _known(kind: str) -> Kind:
    for known in KINDS:
        if known == kind:
            return known
    raise NotFound("kind of request", kind, KINDS)


def _law(kind: str, jurisdiction: str) -> Mapping[str, Any]:
    found = [item for item in _data()["rules"] if item["jurisdiction"] == jurisdiction]
    return next((item for item in found if kind in item["kinds"]), {})


def _period(stated: Mapping[str, int] | None) -> Period | None:
    return None if stated is None else Period(**stated)


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = symbols.data("deadlines.json")
    return data
