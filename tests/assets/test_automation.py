"""The sensor asks for what changed and what depends on it, nothing else."""

from __future__ import annotations

import json
import os
from pathlib import Path

import dagster as dg

from assets.automation import sources_sensor
from lineage_platform.settings import read_settings
from lineage_platform.wiring import load_workspace
from tests.assets.worlds import make_workspace


def look(sensor: dg.SensorDefinition, cursor: str | None) -> dg.SensorResult:
    with dg.instance_for_test() as instance, dg.build_sensor_context(instance, cursor=cursor) as context:
        result = sensor(context)
    assert isinstance(result, dg.SensorResult)
    return result


def test_the_sensor(tmp_path: Path) -> None:
    root = make_workspace(tmp_path, documents=2)
    sensor = sources_sensor(load_workspace(read_settings(root, {})))

    first = look(sensor, None)
    assert not first.run_requests
    assert set(json.loads(first.cursor or "")) == {"notes", "reviews"}

    assert not look(sensor, first.cursor).run_requests

    file = root / "data" / "reviews.csv"
    os.utime(file, ns=(0, 0))
    changed = look(sensor, first.cursor)
    (request,) = changed.run_requests or []
    assert {key.to_user_string() for key in request.asset_selection or []} == {
        "source/reviews",
        "documents/reviews",
        "annotations/reviews",
        "mini/deduplicated",
        "mini/selection",
        "mini/tokenizer",
        "mini/shards",
    }
    assert not look(sensor, changed.cursor).run_requests

    file.unlink()
    missing = look(sensor, changed.cursor)
    assert len(missing.run_requests or []) == 1, "a run that says that the files are gone"
