"""One recorded world for all questions that change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest

from lineage_platform.audit.verification import recorded as claims_of
from lineage_platform.audit.verification.entries import verify_entries
from lineage_platform.audit.verification.report import Report
from lineage_platform.settings import read_settings
from lineage_platform.wiring import open_recorder, open_workspace
from lineage_platform.wiring.reading import OpenWorkspace
from tests.audit.definitions import World
from tests.audit.verifying import Entries, quiet
from tests.audit.worlds import make_world

_made: list[World] = []  # tests/cli uses the fixture too, under a name of its own to pytest


@pytest.fixture(scope="session")
def world(server: str, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A recorded world in a database of its own; leave it as it is."""
    if not _made:
        _made.append(_make_world(server, tmp_path_factory))
    return _made[0]


def _make_world(server: str, tmp_path_factory: pytest.TempPathFactory) -> World:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE audit_world")
    folder = tmp_path_factory.mktemp("world")
    (folder / "workspace").mkdir()
    url = urlsplit(server)._replace(path="/audit_world").geturl()
    settings = read_settings(
        folder / "workspace", {"LINEAGE_HOME": str(folder / "home"), "LINEAGE_DATABASE_URL": url}
    )
    recorder = open_recorder(settings)
    try:
        return make_world(settings, recorder)
    finally:
        recorder.close()


@pytest.fixture
def asked(world: World) -> Iterator[OpenWorkspace]:
    """The world, to ask."""
    with open_workspace(settings=world.settings) as opened:
        yield opened


@pytest.fixture(scope="session")
def entries(world: World) -> Entries:
    """All claims and all events of the world."""
    with open_workspace(settings=world.settings) as opened, opened.catalog.snapshot():
        recorded = claims_of.read(opened.catalog)
        report = Report(quiet)
        events = list(verify_entries(opened.catalog, recorded, opened.public_key, report))
        assert report.problems == 0
    return recorded, events
