"""Watches time: as days pass, releases are judged again, and one that would not be made again shows as a failed check."""

from __future__ import annotations

import json
from typing import Any

import dagster as dg

from assets.platform import Platform
from lineage_platform.audit.reviewing import opened
from lineage_platform.catalog.rows import ReleaseRow
from lineage_platform.catalog.session import NothingRecorded

CHECK = "releases"
"""The release assets' check."""


def release_watch(platform: Platform) -> list[dg.SensorDefinition]:
    """The sensor, where a recipe has a release."""
    keys = [dg.AssetKey([item.id, "release"]) for item in platform.workspace.corpora if item.release]
    if not keys:
        return []

    @dg.sensor(
        name="release_watch",
        target=dg.AssetSelection.assets(*keys),
        minimum_interval_seconds=300,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Judges releases again when a day begins or terms are stated anew. One that would not be made again is "
        "reopened, and its check fails; one that an embargo held back is made when the embargo ends, if it then opens.",
    )
    def watch(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        return _watch(platform, json.loads(context.cursor or "{}"))

    return [watch]


def _watch(platform: Platform, before: dict[str, Any]) -> dg.SensorResult:
    today = platform.today()
    with platform.reading() as reading:
        try:
            ground = reading.catalog.newest_ground()
        except NothingRecorded as nothing:
            return dg.SensorResult(skip_reason=str(nothing))
        if before.get("seen") == [today.isoformat(), ground]:
            return dg.SensorResult(
                skip_reason="no day has begun and no terms were stated since the last look"
            )
        reading.review(today)
        releases = [row for row in reading.catalog.releases() if row.current]
        to_make = opened(reading.catalog, reading.store, today)
        ground = reading.catalog.newest_ground()
    states = {row.corpus: [row.id, row.stands] for row in releases}
    told: dict[str, Any] = before.get("states", {})
    changed = [row for row in releases if _shows(row, told.get(row.corpus))]
    return dg.SensorResult(
        run_requests=[_request(row, ground) for row in to_make if _is_of_the_recipe(platform, row)],
        asset_events=[_evaluation(row) for row in changed if _has_asset(platform, row)],
        cursor=json.dumps({"seen": [today.isoformat(), ground], "states": states}, sort_keys=True),
    )


def _shows(row: ReleaseRow, told: list[str] | None) -> bool:
    """Whether Dagster has yet to hear of the state: it knows what a run itself said."""
    return row.state is not None and told != [row.id, row.stands]


def _has_asset(platform: Platform, row: ReleaseRow) -> bool:
    return any(item.id == row.corpus and item.release for item in platform.workspace.corpora)


def _is_of_the_recipe(platform: Platform, row: ReleaseRow) -> bool:
    """Whether the release was asked for as the recipe does now: only that is made by itself."""
    asked = row.transformation.parameters
    return any(
        item.id == row.corpus
        and item.release is not None
        and all(
            list(getattr(item.release, name)) == asked[name]
            for name in ("uses", "jurisdictions", "recipients", "regions")
        )
        for item in platform.workspace.corpora
    )


def _request(row: ReleaseRow, ground: int) -> dg.RunRequest:
    return dg.RunRequest(
        run_key=f"{row.id} {ground}",
        asset_selection=[dg.AssetKey([row.corpus, "release"])],
        tags={"lineage/release": row.id},
    )


def _evaluation(row: ReleaseRow) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey([row.corpus, "release"]),
        check_name=CHECK,
        passed=row.stands == "released",
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"{row.id} is {row.stands} for {row.day}: {row.reason}",
        metadata={"release": row.id, "state": row.stands, "day": str(row.day)},
        blocking=True,
    )
