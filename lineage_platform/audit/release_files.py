"""The files of a release (docs/release.md): canonical JSON, so that equal decisions are equal bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from lineage_platform.audit.gate import VERDICTS, Examination
from lineage_platform.audit.rollups import by_shard
from lineage_platform.ledger.canonical import canonical
from lineage_platform.model.definitions import Source
from lineage_platform.policy.rollup import attribution, rollup

Contents = dict[str, tuple[str, bytes]]
"""Role and bytes by name."""


def contents(examined: Examination, day: date, works: Sequence[Source]) -> Contents:
    """The files of a release that was judged so first on `day`; `works` are the sources as declared."""
    rollups = {
        "corpus": rollup([(rule.statement, rule.documents, rule.tokens) for rule in examined.rules]),
        "shards": by_shard(examined.shards),
    }
    return {
        "verdicts.json": (VERDICTS, canonical(_verdicts(examined, day))),
        "policies.json": ("policies", canonical(examined.policies.stored())),
        "exceptions.json": (
            "exceptions",
            canonical({item.id: item.stored() for item in examined.exceptions}),
        ),
        "rollups.json": ("rollups", canonical(rollups)),
        "ATTRIBUTION.md": ("attribution", _attribution(examined, works).encode()),
    }


def judged(examined: Examination, works: Sequence[Source]) -> dict[str, Any]:
    """What was decided, on what, and whom it names: the same on every day on which the same is true."""
    asked = examined.verdicts.stored()["asked"]
    return {
        "rules": [rule.stored() for rule in examined.rules],
        "asked": asked,
        "exceptions": [item.stored() for item in examined.exceptions],
        "gate": examined.ruling.stored(),
        "attribution": _attribution(examined, works),
    }


def _attribution(examined: Examination, works: Sequence[Source]) -> str:
    rows = [(rule.statement, rule.documents, rule.tokens) for rule in examined.rules]
    return attribution(rows, examined.version.id, {source.id: source for source in works})


def _verdicts(examined: Examination, day: date) -> dict[str, Any]:
    spec, verdicts = examined.spec, replace(examined.verdicts, day=day)
    return {
        "corpus": examined.version.dataset.partition("/")[0],
        "version": examined.version.id,
        "uses": list(spec.uses),
        "jurisdictions": list(spec.jurisdictions),
        "recipients": list(spec.recipients),
        "regions": list(spec.regions),
        "day": day.isoformat(),
        "operator": dict(verdicts.operator),
        "policies": verdicts.policies,
        "rules": [rule.stored() for rule in examined.rules],
        "verdicts": verdicts.stored(),
        "gate": examined.ruling.stored(),
    }
