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


@pytest.fixture(scope="session")
def databases() -> Iterator[list[Path]]:
    """Data that root's servers left outside their homes; removed last, since ext4 is slow to reuse fresh gaps."""
    left: list[Path] = []
    yield left
    for path in left:
        shutil.rmtree(path)


@pytest.fixture
def new_home(tmp_path: Path, databases: list[Path]) -> Iterator[Callable[..., Settings]]:
    """Settings with a home of their own, `name` inside the test's folder; its server is stopped at the end."""
    made: dict[str, Settings] = {}

    def new(name: str = "home", idle_seconds: int = 60) -> Settings:
        made[name] = _settings(tmp_path, name, idle_seconds)
        return made[name]

    yield new
    for settings in made.values():
        _give_up(settings, databases)


@pytest.fixture(scope="session")
def shared_home(tmp_path_factory: pytest.TempPathFactory, databases: list[Path]) -> Iterator[Settings]:
    """Settings of one home for all tests that leave it as they found it, or stopped."""
    settings = _settings(tmp_path_factory.mktemp("shared"), "home", 600)
    yield settings
    _give_up(settings, databases)


def _settings(folder: Path, name: str, idle_seconds: int) -> Settings:
    environment = {"LINEAGE_HOME": str(folder / name), "LINEAGE_DATABASE_IDLE_SECONDS": str(idle_seconds)}
    return read_settings(folder, environment)


def _give_up(settings: Settings, databases: list[Path]) -> None:
    identity = read_identity(settings.database_home / "cluster")
    if identity is not None:
        stop(settings)
        base = SYSTEM_ROOT / identity
        if os.geteuid() == 0 and base not in databases:
            databases.append(base)
