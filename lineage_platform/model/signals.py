"""Signals of one record, as they are kept: rows of `tables.SIGNALS` but for the document that they belong to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from lineage_platform.model.keys import OptOut


class SignalRow(NamedTuple):
    """One opt-out signal or label; the fields are columns of `tables.SIGNALS`."""

    scheme: str
    version: str
    location: str
    raw: bytes
    raw_length: int
    raw_sha256: bytes
    observed_at: str | None
    parsed: str
    policy_uri: str | None
    details: str
    effective: OptOut
    rule_version: str


SignalsOf = Callable[[Mapping[str, Any]], Sequence[SignalRow]]
"""Reads the fields of a record, by the names of `definitions.SignalFields`; no rows: nothing was said. It never raises."""
