"""The embedded server is broken on purpose; the next command finds a working one with everything committed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from lineage_platform.catalog.embedded import ensure_running, status, stop
from lineage_platform.catalog.embedded.layout import find_layout
from lineage_platform.catalog.urls import database_urls
from lineage_platform.errors import Unavailable
from lineage_platform.settings import Settings

NewHome = Callable[..., Settings]
START = "from lineage_platform.catalog.embedded import ensure_running as e; from lineage_platform.settings import read_settings as r; e(r())"


def commit(settings: Settings) -> int:
    """Commit one more row; how many there are."""
    with psycopg.connect(database_urls(settings).psycopg) as connection:
        connection.execute("create table if not exists commits (number serial)")
        connection.execute("insert into commits default values")
        row = connection.execute("select count(*) from commits").fetchone()
    assert row is not None
    return int(row[0])


def process_of(settings: Settings) -> int:
    process = status(settings).process
    assert process is not None
    return process


def supervisor_of(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def wait_for_end(process: int) -> None:
    while Path(f"/proc/{process}").exists():
        time.sleep(0.01)


def test_after_each_kill_of_the_server_the_next_command_recovers(shared_home: Settings) -> None:
    before = commit(shared_home)
    for expected in range(before + 1, before + 4):
        server = process_of(shared_home)
        os.kill(server, signal.SIGKILL)
        wait_for_end(server)
        assert commit(shared_home) == expected


def test_the_server_shuts_down_when_its_supervisor_is_killed(shared_home: Settings) -> None:
    before = commit(shared_home)
    server = process_of(shared_home)
    os.kill(supervisor_of(server), signal.SIGKILL)
    wait_for_end(server)
    layout = find_layout(shared_home)
    assert layout is not None
    assert not (layout.data / "postmaster.pid").exists()
    assert commit(shared_home) == before + 1


def test_what_a_killed_server_left_behind_does_not_matter(shared_home: Settings) -> None:
    """A process number that is someone else's by now, and a socket nobody listens on."""
    before = commit(shared_home)
    layout = find_layout(shared_home)
    assert layout is not None
    file = layout.data / "postmaster.pid"
    content = file.read_text().splitlines()
    server = process_of(shared_home)
    os.kill(server, signal.SIGKILL)
    wait_for_end(server)
    user = None if os.geteuid() else layout.account.uid
    with subprocess.Popen(["sleep", "60"], user=user, cwd="/") as bystander:
        file.write_text("\n".join([str(bystander.pid), *content[1:]]) + "\n")
        assert not status(shared_home).running
        assert not stop(shared_home)
        assert commit(shared_home) == before + 1
        assert bystander.poll() is None
        bystander.kill()


def test_a_server_that_lost_its_socket_is_replaced(shared_home: Settings) -> None:
    before = commit(shared_home)
    shutil.rmtree(ensure_running(shared_home).sockets)
    assert commit(shared_home) == before + 1


def test_a_server_that_cannot_start_says_why(shared_home: Settings) -> None:
    before = commit(shared_home)
    stop(shared_home)
    layout = find_layout(shared_home)
    assert layout is not None
    configuration = layout.data / "postgresql.conf"
    content = configuration.read_text()
    configuration.write_text(content + "\nshared_buffers = nonsense\n")
    with pytest.raises(Unavailable, match="shared_buffers"):
        ensure_running(shared_home)
    configuration.write_text(content)
    assert commit(shared_home) == before + 1


@pytest.mark.parametrize("seconds", [0.15, 0.3, 0.6])
def test_a_kill_while_the_cluster_is_made_leaves_nothing_half_made(new_home: NewHome, seconds: float) -> None:
    settings = new_home()
    command = subprocess.Popen(
        [sys.executable, "-c", START], env=os.environ | settings.environment(), start_new_session=True
    )
    time.sleep(seconds)
    os.killpg(command.pid, signal.SIGKILL)
    command.wait()
    assert commit(settings) == 1


def test_a_half_made_cluster_is_made_again(new_home: NewHome) -> None:
    settings = new_home()
    ensure_running(settings)
    stop(settings)
    layout = find_layout(settings)
    assert layout is not None
    layout.data.rename(layout.base / "data.partial")
    (layout.base / "data.partial" / "PG_VERSION").unlink()
    (layout.state / "cluster").rename(layout.state / "cluster.partial")
    assert commit(settings) == 1
    assert not (layout.base / "data.partial").exists()
    assert find_layout(settings) == layout
