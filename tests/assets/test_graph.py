"""The asset graph, snapshotted: what a person sees in the Dagster UI does not change by accident."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets.build import build
from assets.platform import Platform
from lineage_platform.settings import read_settings
from lineage_platform.wiring import load_workspace
from tests.assets.worlds import make_workspace

SNAPSHOT = Path(__file__).with_name("graph.json")


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    settings = read_settings(make_workspace(tmp_path_factory.mktemp("graph")), {})
    return build(Platform(settings, load_workspace(settings)))


def picture(definitions: dg.Definitions) -> dict[str, Any]:
    """What the graph shows, without what changes with code versions."""
    graph = definitions.resolve_asset_graph()
    return {
        key.to_user_string(): {
            "upstream": sorted(parent.to_user_string() for parent in graph.get(key).parent_keys),
            "group": graph.get(key).group_name,
            "owners": sorted(graph.get(key).owners),
            "tags": dict(sorted(graph.get(key).tags.items())),
            "kinds": sorted(graph.get(key).kinds),
            "checks": sorted(check.name for check in graph.get(key).check_keys),
            "description": graph.get(key).description,
        }
        for key in sorted(graph.get_all_asset_keys())
    }


def test_the_graph_is_the_committed_one(definitions: dg.Definitions) -> None:
    """To accept a change: python -m tests.assets.test_graph, and read the difference."""
    assert picture(definitions) == json.loads(SNAPSHOT.read_text())


def test_every_node_shows_licence_and_consent_basis(definitions: dg.Definitions) -> None:
    for name, node in picture(definitions).items():
        if node["group"] == "governance":
            continue  # holds no data
        assert any(tag.startswith("licence") for tag in node["tags"]), name
        assert any(tag.startswith("consent") for tag in node["tags"]), name
        assert node["owners"], name
        assert len(node["description"]) > 40, name


def test_every_check_blocks(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    assert graph.asset_check_keys
    assert all(graph.get_check_spec(key).blocking for key in graph.asset_check_keys)


def test_a_schedule_per_corpus_and_a_sensor(definitions: dg.Definitions) -> None:
    schedule = definitions.resolve_schedule_def("mini_schedule")
    assert schedule.cron_schedule == "0 3 * * *"
    assert definitions.resolve_sensor_def("sources_changed").minimum_interval_seconds == 30
    assert definitions.resolve_sensor_def("release_watch").minimum_interval_seconds == 300


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        chosen = read_settings(make_workspace(Path(folder)), {})
        drawn = picture(build(Platform(chosen, load_workspace(chosen))))
    SNAPSHOT.write_text(json.dumps(drawn, indent=2, sort_keys=True) + "\n")
