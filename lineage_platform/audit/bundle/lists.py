"""Statements of events that list not all of theirs: the whole list, which the event binds by its digest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from lineage_platform.audit.bundle.way import holder_of
from lineage_platform.audit.verification.report import Report
from lineage_platform.audit.verification.statements import canonical_list
from lineage_platform.events.facets import TERMS

Item = Mapping[str, Any]


def lists_of(
    bundle: Mapping[str, Any], events: Mapping[int, Mapping[str, Any]], report: Report
) -> dict[int, Sequence[Item]]:
    """The whole lists by index of their entry; one that is not what its event binds is a problem."""
    found: dict[int, Sequence[Item]] = {}
    for name, listed in bundle["lists"].items():
        with report.reading("terms", f"entry {name}"):
            event = events[int(name)]
            holder = holder_of(event)
            digest = hashlib.sha256(canonical_list(listed)).hexdigest()
            if report.same("terms", f"entry {name}", digest, holder["facets"][TERMS]["digest"]):
                found[int(name)] = listed
    return found
