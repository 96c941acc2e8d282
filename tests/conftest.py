"""One embedded PostgreSQL a session; a database and a LINEAGE_HOME of its own for every test that asks.

`settings` is what most tests want; `recorder` is the write side on it. A database that a test leaves behind is emptied
and used again, because making and dropping one costs the better part of a second of disk.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import hypothesis
import psycopg
import pytest
from psycopg import sql

from lineage_platform.settings import Settings, read_settings
from tests.files.fixtures import bucket as bucket
from tests.files.fixtures import s3 as s3
from tests.files.fixtures import s3_server as s3_server

if TYPE_CHECKING:
    from lineage_platform.recording import Recorder

# where CI is set, the same examples each time: what is new is looked for elsewhere
hypothesis.settings.register_profile("house", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("house")

_numbers = count(1)
_free: list[str] = []


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a running server and of its own database, which stays empty."""
    from lineage_platform.catalog.embedded import stop
    from lineage_platform.catalog.embedded.layout import SYSTEM_ROOT, read_identity
    from lineage_platform.catalog.urls import database_urls

    folder = tmp_path_factory.mktemp("server")
    home = {"LINEAGE_HOME": str(folder / "home"), "LINEAGE_DATABASE_IDLE_SECONDS": "3600"}
    settings = read_settings(folder, home)
    yield database_urls(settings).psycopg
    _free.clear()
    identity = read_identity(settings.database_home / "cluster")
    stop(settings)
    if os.geteuid() == 0 and identity is not None:
        shutil.rmtree(SYSTEM_ROOT / identity)


@pytest.fixture
def empty_database_url(server: str) -> str:
    """A database without tables (libpq URL)."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        connection.execute(
            sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(sql.Identifier(name))
        )
    return urlsplit(server)._replace(path=f"/{name}").geturl()


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database with our tables and nothing in them (libpq URL)."""
    from lineage_platform.catalog.migrate import migrate

    request.getfixturevalue("server")
    if not _free:
        _free.append(request.getfixturevalue("empty_database_url"))
        migrate(_free[-1])
    url = _free.pop()
    yield url
    _empty(url)
    _free.append(url)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings with a workspace folder, a home and a database of their own; nothing of the environment."""
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    environment = {"LINEAGE_HOME": str(tmp_path / "home"), "LINEAGE_DATABASE_URL": database_url}
    return read_settings(workspace, environment)


@pytest.fixture
def recorder(settings: Settings) -> Iterator[Recorder]:
    """The write side on `settings`."""
    from lineage_platform.wiring import open_recorder

    opened = open_recorder(settings)
    yield opened
    opened.close()


def _empty(url: str) -> None:
    from lineage_platform.catalog.tables import deployment, metadata

    with psycopg.connect(url) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        for table in reversed(metadata.sorted_tables):
            if table is not deployment:
                connection.execute(
                    sql.SQL("DELETE FROM {}").format(sql.Identifier(*table.fullname.split(".")))
                )
        connection.execute("ALTER SEQUENCE lineage.snapshot_numbers RESTART")
        connection.execute("DROP SCHEMA IF EXISTS dagster CASCADE")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fast tests first, so that a simple mistake is told at once."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)
