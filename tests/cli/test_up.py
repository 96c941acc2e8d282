"""`lineage up` with a code location of its own: what it starts, what it notices, and that nothing outlives it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from lineage_platform.catalog.embedded import ensure_running, status, stop
from lineage_platform.catalog.embedded.layout import SYSTEM_ROOT, read_identity
from lineage_platform.catalog.urls import database_urls
from lineage_platform.cli.down import run_down
from lineage_platform.cli.locations import find_workspace_file, read_locations
from lineage_platform.cli.up import run_up
from lineage_platform.errors import InvalidInput
from lineage_platform.settings import Settings, read_settings

CODE = """
import os
from pathlib import Path
import dagster as dg

@dg.asset(name=Path(os.environ["LINEAGE_WORKSPACE"], "lineage.yaml").read_text().split()[-1])
def made(): ...

defs = dg.Definitions(assets=[made])
"""
RUN = """
import sys
from pathlib import Path
from lineage_platform.cli.locations import CodeLocation
from lineage_platform.cli.pages import Pages
from lineage_platform.cli.up import serve
from lineage_platform.errors import LineageError
from lineage_platform.settings import read_settings

location = CodeLocation("tiny", "tiny", Path(sys.argv[2]))
try:
    sys.exit(serve(read_settings(), Pages("127.0.0.1", int(sys.argv[1])), [location]))
except LineageError as error:
    print(error)
    sys.exit(error.exit_code)
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace without sources, and a module beside it whose one asset is named in `lineage.yaml`."""
    folder = tmp_path / "workspace"
    (folder / "sources").mkdir(parents=True)
    (folder / "corpora").mkdir()
    (folder / "lineage.yaml").write_text("name: first\n")
    (tmp_path / "tiny.py").write_text(CODE)
    return folder


@pytest.fixture
def embedded(workspace: Path) -> Iterator[Settings]:
    settings = read_settings(workspace, {})
    yield settings
    identity = read_identity(settings.database_home / "cluster")
    stop(settings)
    if os.geteuid() == 0 and identity is not None:
        shutil.rmtree(SYSTEM_ROOT / identity)


class Up:
    """A running `lineage up`."""

    def __init__(self, settings: Settings, port: int) -> None:
        self.port = port
        self.said = settings.workspace.parent / f"said-{port}-{time.monotonic_ns()}"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("LINEAGE_")}
        with self.said.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", RUN, str(port), str(settings.workspace.parent)],
                env=inherited | settings.environment(),
                stdout=output,
                stderr=output,
            )

    def wait_for(self, text: str, seconds: float = 120) -> None:
        wait_until(lambda: text in self.said.read_text() or self.process.poll() is not None, seconds)
        assert text in self.said.read_text()

    def descendants(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def assets(self) -> list[str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        body = json.dumps({"query": "{ assetNodes { assetKey { path } } }"})
        connection.request("POST", "/graphql", body, {"Content-Type": "application/json"})
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return [node["assetKey"]["path"][0] for node in answer["data"]["assetNodes"]]


@contextlib.contextmanager
def up(settings: Settings, port: int) -> Iterator[Up]:
    running = Up(settings, port)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.terminate()
        running.process.wait(60)


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def are_gone(processes: list[psutil.Process]) -> bool:
    return not any(item.is_running() and item.status() != psutil.STATUS_ZOMBIE for item in processes)


@pytest.mark.slow
def test_up_serves_notices_changes_and_stops_cleanly(embedded: Settings, port: int) -> None:
    with up(embedded, port) as running:
        running.wait_for("Ctrl-C stops all of it.")
        assert f"http://127.0.0.1:{port}" in running.said.read_text()
        assert running.assets() == ["first"]
        with psycopg.connect(database_urls(embedded).psycopg) as connection:
            places = connection.execute(
                "select schemaname from pg_tables where tablename = 'runs'"
            ).fetchall()
        assert ("dagster",) in places
        assert ("public",) not in places

        declared = embedded.workspace / "lineage.yaml"
        declared.write_text("name: second\n")
        running.wait_for("reloaded tiny")
        assert running.assets() == ["second"]
        declared.write_text("nam: third\n")
        running.wait_for("what was loaded stays")
        assert running.assets() == ["second"]
        declared.write_text("name: second\n")

        with up(embedded, port + 1) as second:
            assert second.process.wait(60) == 1
            assert "already serves" in second.said.read_text()

        started = running.descendants()
        assert len(started) >= 4
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(60) == 0
        assert are_gone(started)
        assert not status(embedded).running


@pytest.mark.slow
def test_a_subprocess_that_ends_is_reported_and_all_of_it_stops(
    settings: Settings, workspace: Path, port: int
) -> None:
    """On a real server, whose URL stands in no file."""
    here = read_settings(workspace, {"LINEAGE_DATABASE_URL": settings.database_url or ""})
    with up(here, port) as running:
        running.wait_for("Ctrl-C stops all of it.")
        assert "postgresql" not in (here.dagster_home / "dagster.yaml").read_text()
        started = running.descendants()
        next(item for item in started if "dagster._daemon" in item.cmdline()).kill()
        assert running.process.wait(60) == 1
        assert "daemon ended with code -9; its log" in running.said.read_text()
        assert are_gone(started)


@pytest.mark.slow
def test_nothing_outlives_a_killed_up(embedded: Settings, port: int) -> None:
    with up(embedded, port) as running:
        running.wait_for("Ctrl-C stops all of it.")
        server = status(embedded).process
        started = [item for item in running.descendants() if item.pid != server]
        running.process.kill()
        wait_until(lambda: are_gone(started))
        assert status(embedded).running
    left = Path((embedded.dagster_home / "up.lock").read_text())
    assert left.exists()
    with up(embedded, port) as running:
        running.wait_for("starting Dagster")
    assert not left.exists()


@pytest.mark.slow
def test_an_interrupt_while_starting_stops_cleanly(embedded: Settings, port: int) -> None:
    with up(embedded, port) as running:
        running.wait_for("starting Dagster")
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(60) == 0
        assert "Ctrl-C stops all of it." not in running.said.read_text()


def test_a_broken_workspace_starts_nothing(workspace: Path) -> None:
    (workspace / "lineage.yaml").write_text("nam: x\n")
    settings = read_settings(workspace, {})
    with pytest.raises(InvalidInput, match=r"lineage\.yaml"):
        run_up(settings, 0)
    assert not settings.home.exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.org"])
def test_only_this_machine_is_served(host: str, workspace: Path) -> None:
    with pytest.raises(InvalidInput, match="this machine alone"):
        run_up(read_settings(workspace, {}), 0, host)


def test_a_busy_port_is_named(workspace: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        busy = other.getsockname()[1]
        with pytest.raises(InvalidInput, match=f"--port: {busy} on 127.0.0.1 cannot be used"):
            run_up(read_settings(workspace, {}), busy)


def test_down_says_what_it_did(embedded: Settings) -> None:
    assert "no embedded PostgreSQL runs" in run_down(embedded)
    ensure_running(embedded)
    assert "stopped the embedded PostgreSQL" in run_down(embedded)
    real = read_settings(embedded.workspace, {"LINEAGE_DATABASE_URL": "postgresql://u@h/c"})
    assert "nothing to stop" in run_down(real)


def test_the_code_location_is_the_one_that_ships() -> None:
    file, root = find_workspace_file()
    (location,) = read_locations(file, root)
    assert (location.name, location.module) == ("lineage", "assets.definitions")
    assert (location.folder / "assets" / "definitions.py").exists()
