"""Releases judged again: on another day, under the terms that are believed now, by the policies they were released by.

As days pass, validity ends and embargoes, consents and exceptions run out; and terms are stated anew. A release that would not be
made again is reopened; one that was reopened and would be made again is released again. Quarantine is not ours to lift.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from lineage_platform.audit.gate import answers_of, kept_by, rules_of, verdicts_of
from lineage_platform.audit.lookup import corpus_version
from lineage_platform.audit.needs import Catalog, Files
from lineage_platform.catalog.rows import ReleaseRow
from lineage_platform.model.releases import Judged, PolicyException, ReleaseSpec, State, StateChange
from lineage_platform.model.when import When
from lineage_platform.policy.facts import facts, licence_of
from lineage_platform.policy.gate import gate
from lineage_platform.policy.meet import parts_of
from lineage_platform.policy.policies import restore
from lineage_platform.policy.policyset import PolicySet
from lineage_platform.policy.ruling import Ruling

_NAMED = 5
_KEPT = 8
"""Policy sets of releases that are kept in memory: most releases have the same."""


def reviews(catalog: Catalog, files: Files, day: date, corpus: str | None = None) -> list[StateChange]:
    """The releases, of one corpus or of all, that are not what they would be if judged on `day`."""
    with catalog.snapshot():
        found = [_review(catalog, files, row, day) for row in catalog.releases(corpus)]
    return [change for change in found if change is not None]


def opened(catalog: Catalog, files: Files, day: date) -> list[ReleaseRow]:
    """Current releases that were refused, and would not be on `day`, because an embargo ended that then opens."""
    with catalog.snapshot():
        return [
            row
            for row in catalog.releases()
            if row.current
            and row.stands == "refused"
            and _embargo_ended(verdicts_of(catalog, files, row.id), day)
            and judged_again(catalog, files, row, day).passed
        ]


def judged_again(catalog: Catalog, files: Files, row: ReleaseRow, day: date) -> Ruling:
    """What the gate says of a release on another day, under its own policies and exceptions."""
    kept = verdicts_of(catalog, files, row.id)
    spec = ReleaseSpec(
        tuple(kept["uses"]), tuple(kept["jurisdictions"]), tuple(kept["recipients"]), tuple(kept["regions"])
    )
    rules = rules_of(catalog, files, corpus_version(catalog, row.corpus, row.made_of), When(valid_at=day))
    exceptions = json.loads(kept_by(catalog, files, row.id, "exceptions"))
    return gate(
        policies_of(catalog, files, row.id),
        rules,
        row.corpus,
        spec,
        day,
        kept["operator"],
        [PolicyException.from_stored(item) for item in exceptions.values()],
        answers_of(catalog, files, row),
    )[1]


def policies_of(catalog: Catalog, files: Files, release: str) -> PolicySet:
    """The policies that a release was judged by."""
    return _restored(kept_by(catalog, files, release, "policies"))


@lru_cache(maxsize=_KEPT)
def _restored(stored: bytes) -> PolicySet:
    return restore(json.loads(stored))


def _review(catalog: Catalog, files: Files, row: ReleaseRow, day: date) -> StateChange | None:
    if row.stands not in ("released", "reopened"):
        return None
    ruling = judged_again(catalog, files, row, day)
    state: State = "released" if ruling.passed else "reopened"
    if state == row.stands:
        return None
    return StateChange(row.id, row.stands, state, _reason(ruling), day, tuple(_judged(ruling)))


def _judged(ruling: Ruling) -> list[Judged]:
    return [
        Judged(
            cell.use,
            cell.jurisdiction,
            cell.verdict,
            tuple(
                item.policy or "no policy permits"
                for item in ruling.findings
                if item.stops and (item.use, item.jurisdiction) == (cell.use, cell.jurisdiction)
            ),
        )
        for cell in ruling.cells
    ]


def _reason(ruling: Ruling) -> str:
    """The policies that stop most documents."""
    stopping = [item for item in ruling.findings if item.stops]
    if not stopping:
        return "every document is allowed"
    told = [
        f"{item.policy or 'no policy permits'} stops {item.documents:,} documents of {', '.join(item.sources)} "
        f"for {item.use} in {item.jurisdiction}"
        for item in stopping[:_NAMED]
    ]
    more = len(stopping) - len(told)
    return "; ".join([*told, *([f"and {more} more"] if more else [])])


def _embargo_ended(kept: Mapping[str, Any], day: date) -> bool:
    before = date.fromisoformat(kept["day"])
    parts = (part for rule in kept["rules"] for part in parts_of(rule["statement"]))
    return any(
        part.get("embargo_then") == "open"
        and facts(part, licence_of(part), before)["embargo"] == "running"
        and facts(part, licence_of(part), day)["embargo"] == "none"
        for part in parts
    )
