"""Dagster's instance directory: its `dagster.yaml`, with all of its storage in the catalog's database."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from lineage_platform.catalog.urls import DatabaseUrls
from lineage_platform.settings import Settings

URL_VARIABLE = "LINEAGE_DAGSTER_DATABASE_URL"

_HEADER = "# Written by `lineage`, and written again when it differs: edit nothing here.\n"


def prepare_dagster_home(settings: Settings, urls: DatabaseUrls) -> Path:
    """Make `settings.dagster_home` with its `dagster.yaml`; returns the directory.

    The URL of the embedded database stands in the file, so that Dagster's own commands work with DAGSTER_HOME alone;
    that of a real server can hold a password and is read from LINEAGE_DAGSTER_DATABASE_URL.
    """
    import yaml

    home = settings.dagster_home
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = _HEADER + yaml.safe_dump(_configuration(home, urls), allow_unicode=True, sort_keys=False)
    file = home / "dagster.yaml"
    if not file.exists() or file.read_text("utf-8") != text:
        partial = home / f"dagster.yaml.{os.getpid()}"
        partial.write_text(text, "utf-8")
        partial.replace(file)
    return home


def _configuration(home: Path, urls: DatabaseUrls) -> dict[str, Any]:
    return {
        "storage": {"postgres": {"postgres_url": urls.dagster if urls.embedded else {"env": URL_VARIABLE}}},
        "compute_logs": {
            "module": "dagster._core.storage.local_compute_log_manager",
            "class": "LocalComputeLogManager",
            "config": {"base_dir": str(home / "compute_logs")},
        },
        "local_artifact_storage": {
            "module": "dagster._core.storage.root",
            "class": "LocalArtifactStorage",
            "config": {"base_dir": str(home)},
        },
        # A run uses every core for its transformations; the second is for observing sources meanwhile.
        "concurrency": {"runs": {"max_concurrent_runs": 2}},
        "telemetry": {"enabled": False},
        "nux": {"enabled": False},
    }
