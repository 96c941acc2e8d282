"""Which documents would not pass the gate, before there is a corpus version: by their terms, and where the overlay lies over them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Any

from lineage_platform.audit.counting import SILENT
from lineage_platform.audit.index import Index
from lineage_platform.audit.needs import Catalog, Files
from lineage_platform.audit.overlay import Interval
from lineage_platform.audit.rights import Rights
from lineage_platform.audit.rights import Rule as Place
from lineage_platform.model.releases import PolicyException, ReleaseSpec
from lineage_platform.model.when import When
from lineage_platform.policy.effective import is_derived
from lineage_platform.policy.gate import stopped
from lineage_platform.policy.policyset import PolicySet
from lineage_platform.policy.ruling import Rule

ANY = 0
"""Stands for the terms number of whatever a row of the overlay covers."""


@dataclass(frozen=True)
class Stopping:
    """Why documents would be stopped, by terms number and overlay row; None: they would pass. `intervals` are what is covered."""

    rules: Mapping[Place, str | None]
    intervals: tuple[Interval, ...]


def stopping(
    catalog: Catalog,
    files: Files,
    policies: PolicySet,
    corpus: str,
    spec: ReleaseSpec,
    day: date,
    operator: Mapping[str, Any],
    exceptions: Sequence[PolicyException],
    numbers: Collection[int],
    documents: Sequence[str],
) -> Stopping:
    """Judge terms numbers, and the overlay over the documents of some versions, as the gate of a release would on a day."""
    with catalog.snapshot(), closing(Index(files)) as index:
        rights = Rights(catalog, When(valid_at=day))
        intervals = rights.lay_over(index, lambda: catalog.files(documents, "documents"))
        rights.learn(numbers)
        rows = sorted({item.overlay for item in intervals})
        own: list[Place] = [(number, None) for number in sorted(numbers)]
        derived = [number for number, _ in own if is_derived(rights.statement((number, None)) or SILENT)]
        places = [*own, *product((ANY, *derived), rows)]
        rules = [Rule(*place, 1, 0, rights.statement(place) or SILENT) for place in places]
    found = stopped(policies, rules, corpus, spec, day, operator, exceptions)
    return Stopping(dict(zip(places, found, strict=True)), tuple(intervals))
