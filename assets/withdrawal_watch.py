"""Watches withdrawals: a corpus that holds what was taken back shows as a failed check, and is made again without it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping

import dagster as dg

from assets.platform import Platform
from lineage_platform.catalog.rows import VersionRow
from lineage_platform.catalog.session import NothingRecorded
from lineage_platform.model.withdrawals import words

CHECK = "shards"
"""The check of a corpus version."""

STEPS = ("deduplicated", "selection", "tokenizer", "shards")
"""What is made again; sources, documents and annotations stay."""


def withdrawal_watch(platform: Platform) -> dg.SensorDefinition:
    """The sensor of a workspace."""

    @dg.sensor(
        name="withdrawal_watch",
        target=dg.AssetSelection.all(),
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Looks for corpora whose shards hold what was withdrawn: their check fails, and they are made again.",
    )
    def watch(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        return _watch(platform, json.loads(context.cursor or "{}"))

    return watch


def _watch(platform: Platform, told: Mapping[str, str]) -> dg.SensorResult:
    found = {version.id: (version, why) for version, why in _quarantined(platform)}
    cursor = json.dumps({name: why for name, (_, why) in found.items()}, sort_keys=True)
    news = [(version, why) for name, (version, why) in found.items() if told.get(name) != why]
    if not news:
        return dg.SensorResult(
            skip_reason="no corpus holds what was withdrawn since the last look", cursor=cursor
        )
    return dg.SensorResult(
        run_requests=[_request(version, why) for version, why in news],
        asset_events=[_evaluation(version, why) for version, why in news],
        cursor=cursor,
    )


def _quarantined(platform: Platform) -> list[tuple[VersionRow, str]]:
    """Current corpus versions with a shard in quarantine, and why."""
    corpora = [corpus.id for corpus in platform.workspace.corpora]
    with platform.reading() as reading:
        try:
            with reading.catalog.snapshot():
                current = [reading.catalog.current(f"{corpus}/shards") for corpus in corpora]
                versions = {row.id: row for row in current if row is not None}
                held = reading.catalog.quarantines(list(versions))
        except NothingRecorded:
            return []
    return [(versions[name], _why(shards)) for name, shards in held.items()]


def _why(shards: Mapping[int, Collection[int]]) -> str:
    withdrawals = sorted({number for numbers in shards.values() for number in numbers})
    return f"{len(shards)} shards are in quarantine by {', '.join(map(words, withdrawals))}"


def _request(version: VersionRow, why: str) -> dg.RunRequest:
    corpus = version.dataset.partition("/")[0]
    return dg.RunRequest(
        run_key=f"{version.id} {why}",
        asset_selection=[dg.AssetKey([corpus, step]) for step in STEPS],
        tags={"lineage/withdrawal": version.id},
    )


def _evaluation(version: VersionRow, why: str) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey(version.dataset.split("/")),
        check_name=CHECK,
        passed=False,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"{version.id}: {why}; it is made again without what was withdrawn",
        metadata={"version": version.id},
        blocking=True,
    )
