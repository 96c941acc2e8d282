"""Homes of embedded databases, cleaned up after each test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lineage_platform.catalog.embedded import stop
from lineage_platform.catalog.embedded.layout import SYSTEM_ROOT, read_identity
from lineage_platform.settings import Settings, read_settings


@pytest.fixture
def new_home(tmp_path: Path) -> Iterator[Callable[..., Settings]]:
    """Settings with a home of their own, `name` inside the test's folder; its server is stopped at the end."""
    made: dict[str, Settings] = {}

    def new(name: str = "home", idle_seconds: int = 60) -> Settings:
        environment = {
            "LINEAGE_HOME": str(tmp_path / name),
            "LINEAGE_DATABASE_IDLE_SECONDS": str(idle_seconds),
        }
        made[name] = read_settings(tmp_path, environment)
        return made[name]

    yield new
    for settings in made.values():
        identity = read_identity(settings.database_home / "cluster")
        if identity is None:
            continue
        stop(settings)
        if os.geteuid() == 0:
            shutil.rmtree(SYSTEM_ROOT / identity)
