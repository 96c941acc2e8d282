"""Runs the product as a user does, in processes of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lineage_platform import open_workspace
from tests.assets.worlds import DATASETS

Versions = dict[str, tuple[str, str]]
"""Version id and content digest by dataset."""

LINEAGE = Path(sys.executable).parent / "lineage"


def environment(workspace: Path, home: Path | None = None) -> dict[str, str]:
    """The environment of a user who set only what is needed."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("LINEAGE_", "DAGSTER_"))
    }
    return {**kept, "LINEAGE_WORKSPACE": str(workspace), **({"LINEAGE_HOME": str(home)} if home else {})}


def lineage(workspace: Path, *arguments: str, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    """`lineage ...` on a workspace."""
    return subprocess.run(
        [str(LINEAGE), *arguments],
        env=environment(workspace, home),
        capture_output=True,
        text=True,
        timeout=300,
    )


def answer(workspace: Path, *arguments: str, home: Path | None = None) -> Any:
    """The JSON answer of a command that must succeed."""
    done = lineage(workspace, *arguments, "--json", home=home)
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


def versions(workspace: Path) -> Versions:
    """What every dataset of the small workspace is now."""
    with open_workspace(workspace) as opened:
        found = {name: opened.recorder.usable(name) for name in DATASETS}
    return {name: (version.id, version.content_digest) for name, version in found.items()}


def events_until(
    process: subprocess.Popen[str], stop: Callable[[dict[str, Any]], bool]
) -> list[dict[str, Any]]:
    """Progress events of `python -m assets.materialize`, up to the first that `stop` accepts, or all."""
    assert process.stdout is not None
    events = []
    for line in process.stdout:
        events.append(json.loads(line))
        if stop(events[-1]):
            break
    return events


def kill(process: subprocess.Popen[str]) -> None:
    """kill -9, the whole group."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
