"""`lineage materialize` with LINEAGE_ENGINE=ray, Dagster included: the versions are those of the local engine."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lineage_platform.settings import Settings, read_settings
from lineage_platform.wiring import open_recorder
from tests.assets.running import LINEAGE, environment
from tests.assets.worlds import DATASETS, make_workspace

pytestmark = pytest.mark.slow


def materialize(settings: Settings, engine: str) -> dict[str, tuple[str, str]]:
    """Version id and content digest of every dataset."""
    variables = {**environment(settings.workspace), **settings.environment(), "LINEAGE_ENGINE": engine}
    done = subprocess.run([str(LINEAGE), "materialize"], env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ray" not in (done.stdout + done.stderr).lower()
    recorder = open_recorder(settings)
    try:
        versions = {dataset: recorder.usable(dataset) for dataset in DATASETS}
    finally:
        recorder.close()
    return {dataset: (version.id, version.content_digest) for dataset, version in versions.items()}


def test_versions_are_those_of_the_local_engine(settings: Settings, tmp_path: Path) -> None:
    make_workspace(settings.workspace, documents=24)
    subject_key = {"LINEAGE_SUBJECT_KEY_FILE": str(settings.subject_key_file)}
    other = read_settings(settings.workspace, {"LINEAGE_HOME": str(tmp_path / "other"), **subject_key})
    try:
        local = materialize(settings, "local")
        assert materialize(other, "ray") == local
    finally:
        subprocess.run([str(LINEAGE), "down"], env=environment(settings.workspace, other.home), check=True)
