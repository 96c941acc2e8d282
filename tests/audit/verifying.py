"""What the tests of `verify` share."""

from __future__ import annotations

import datetime
from typing import Any
from uuid import UUID

from lineage_platform.audit.verification.claims import Claims
from lineage_platform.audit.verification.recorded import Recorded
from lineage_platform.audit.verification.report import Report

Entries = tuple[Recorded, list[tuple[Any, Any]]]
"""All claims of the world, and its ledger entries with their events."""


def quiet(_what: str, _done: int, _total: int) -> None:
    pass


def claims(recorded: Recorded, events: list[tuple[Any, Any]]) -> Report:
    report = Report(quiet)
    taken = Claims(recorded, report)
    for leaf, event in events:
        taken.take(leaf, event)
    taken.finish()
    return report


def changed(value: Any) -> Any:
    """Another value of the same kind."""
    if value is None:
        return "x"
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return f"{'b' if value[:1] == 'a' else 'a'}{value[1:]}"
    if isinstance(value, datetime.datetime):
        return value + datetime.timedelta(microseconds=1)
    if isinstance(value, UUID):
        return UUID(int=value.int ^ 1)
    if isinstance(value, list):
        return [*value, "x"]
    assert isinstance(value, dict)
    return {**value, "x": 1}
