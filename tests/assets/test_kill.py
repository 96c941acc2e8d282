"""kill -9 during any asset, then the same command again: the same content as an undisturbed run, nothing lost or doubled."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lineage_platform import open_workspace
from lineage_platform.cli.environment import dagster_variables
from lineage_platform.settings import read_settings
from tests.assets.running import Versions, answer, environment, events_until, kill, lineage, versions
from tests.assets.worlds import make_workspace

pytestmark = pytest.mark.slow


@pytest.fixture
def killed(tmp_path: Path) -> Iterator[Path]:
    root = make_workspace(tmp_path / "w")
    yield root
    lineage(root, "down")


def start(root: Path) -> subprocess.Popen[str]:
    """Dagster on the workspace, in a process group of its own, as `lineage materialize` starts it."""
    variables = dagster_variables(read_settings(root, environment(root)))
    return subprocess.Popen(
        [sys.executable, "-m", "assets.materialize"],
        env={**environment(root), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        cwd=Path(__file__).parents[2],
    )


def contents(made: Versions) -> dict[str, str]:
    return {name: digest for name, (_, digest) in made.items()}


def test_killed_again_and_again(killed: Path, undisturbed: Versions) -> None:
    """Each attempt is killed a little after an asset began, and gets further than the one before."""
    for asset, delay in (
        ("source/notes", 0.0),
        ("documents/reviews", 0.05),
        ("mini/deduplicated", 0.1),
        ("mini/tokenizer", 0.02),
        ("mini/shards", 0.15),
    ):
        process = start(killed)
        reached = events_until(process, lambda event, asset=asset: began(event, asset))
        assert reached and began(reached[-1], asset), reached[-3:]
        time.sleep(delay)
        kill(process)
    assert lineage(killed, "materialize", "mini").returncode == 0
    assert contents(versions(killed)) == contents(undisturbed)
    verified = answer(killed, "verify")
    assert verified["ok"], verified["problems"]
    scratch = killed / ".lineage" / "store" / "scratch"
    assert not scratch.exists() or not list(scratch.iterdir())
    with open_workspace(killed) as opened:
        states = Counter(run["state"] for run in opened.catalog.table("runs", "run_id"))
    assert states.pop("ABORT") >= 1
    assert set(states) == {"COMPLETE"}


def began(event: dict[str, Any], asset: str) -> bool:
    return event["event"] == "start" and event.get("asset") == asset
