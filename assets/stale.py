"""Which assets of a corpus need to run: those whose inputs, code or parameters are not what their current version had."""

from __future__ import annotations

from collections.abc import Iterable

import dagster as dg

from assets.platform import Platform
from assets.step import Step, existing, inputs_of
from lineage_platform.errors import ChecksFailed, NotFound


def stale(steps: Iterable[Step], platform: Platform, instance: dg.DagsterInstance) -> list[Step]:
    """The steps to run, upstream first. A step is stale when one upstream is, when the catalog holds no version for what
    stands upstream now, or when Dagster itself has not heard of that version."""
    found: list[Step] = []
    names: set[str] = set()
    for step in steps:
        if names.intersection(step.upstream) or not _current(step, platform, instance):
            found.append(step)
            names.add(step.dataset)
    return found


def _current(step: Step, platform: Platform, instance: dg.DagsterInstance) -> bool:
    try:
        version = existing(step, platform, inputs_of(step, platform))
    except (NotFound, ChecksFailed):
        return False
    current = platform.recorder.latest(step.dataset)
    if version is None or current is None or version.id != current.id:
        return False
    event = instance.get_latest_materialization_event(dg.AssetKey(step.key))
    materialization = event.asset_materialization if event is not None else None
    tags = (materialization.tags if materialization is not None else None) or {}
    return tags.get("dagster/data_version") == version.content_digest
