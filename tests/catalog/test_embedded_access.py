"""Who can reach the embedded database, and what it leaves alone."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from lineage_platform.catalog.embedded import ensure_running, status, stop
from lineage_platform.catalog.embedded.account import caller
from lineage_platform.catalog.embedded.binaries import shared_programs
from lineage_platform.catalog.embedded.layout import SOCKET_NAME, SYSTEM_ROOT, Layout, find_layout
from lineage_platform.catalog.urls import database_urls
from lineage_platform.errors import Unavailable
from lineage_platform.settings import Settings, read_settings

NewHome = Callable[..., Settings]
ROOT = os.geteuid() == 0
NOBODY = 65534


def layout_of(settings: Settings) -> Layout:
    layout = find_layout(settings)
    assert layout is not None
    return layout


def connect_as_nobody(layout: Layout, role: str) -> str:
    """What an attempt to connect says, made with the uid of an ordinary other user."""
    command = [str(shared_programs(SYSTEM_ROOT) / "psql"), "-XAtq", "-h", str(layout.sockets), "-U", role]
    done = subprocess.run(
        [*command, "-d", "lineage", "-c", "select 1"],
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert not done.stdout
    return done.stderr


def test_another_user_cannot_connect(shared_home: Settings) -> None:
    ensure_running(shared_home)
    layout = layout_of(shared_home)
    for path in (layout.base, layout.data, layout.sockets):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
        assert path.stat().st_uid == layout.account.uid
    assert stat.S_IMODE((layout.sockets / SOCKET_NAME).stat().st_mode) == 0o700
    assert (layout.data / "pg_hba.conf").read_text() == "local all all peer map=lineage\n"
    if ROOT:
        for role in ("lineage", "postgres"):
            assert "Permission denied" in connect_as_nobody(layout, role)


def test_another_user_who_reaches_the_socket_is_still_refused(shared_home: Settings) -> None:
    urls = database_urls(shared_home)
    layout = layout_of(shared_home)
    with psycopg.connect(urls.psycopg, user="postgres") as connection:
        rules = connection.execute("select type, auth_method, options from pg_hba_file_rules").fetchall()
        users = connection.execute("select distinct sys_name from pg_ident_file_mappings").fetchall()
    assert rules == [("local", "peer", ["map=lineage"])]
    assert {user for (user,) in users} == {caller().name, layout.account.name}
    if ROOT:
        opened = (layout.base, layout.sockets, layout.sockets / SOCKET_NAME)
        for path in opened:
            path.chmod(0o777)
        for role in ("lineage", "postgres"):
            assert "Peer authentication failed" in connect_as_nobody(layout, role)
        with pytest.raises(Unavailable, match="mode 0700"):
            status(shared_home)
        for path in opened:
            path.chmod(0o700)


def test_nothing_listens_but_the_socket(shared_home: Settings) -> None:
    ensure_running(shared_home)
    descriptors = Path(f"/proc/{status(shared_home).process}/fd")
    sockets = set()
    for descriptor in descriptors.iterdir():
        with contextlib.suppress(FileNotFoundError):
            sockets.add(str(descriptor.readlink()).removeprefix("socket:[").rstrip("]"))
    for table in ("tcp", "tcp6", "udp", "udp6"):
        rows = (
            Path(f"/proc/net/{table}").read_text().splitlines()[1:]
            if Path(f"/proc/net/{table}").exists()
            else []
        )
        assert not sockets & {row.split()[9] for row in rows}


def test_permissions_of_others_are_unchanged(new_home: NewHome, tmp_path: Path) -> None:
    folders = [tmp_path, *tmp_path.parents, Path("/tmp"), Path("/var/lib")]
    before = [(path, path.stat().st_mode, path.stat().st_uid, path.stat().st_gid) for path in folders]
    settings = new_home("a/b/" + "long-" * 20)
    ensure_running(settings)
    stop(settings)
    assert before == [(path, path.stat().st_mode, path.stat().st_uid, path.stat().st_gid) for path in folders]


@pytest.mark.parametrize("name", ["h" * 120, "with,comma", "with space and 'quotes' \\ %s é 数据"])
def test_any_name_of_a_home_works(new_home: NewHome, name: str) -> None:
    urls = database_urls(new_home(name))
    with psycopg.connect(urls.psycopg) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_a_socket_directory_that_is_not_ours_is_refused(new_home: NewHome, tmp_path: Path) -> None:
    settings = new_home("h" * 120)
    sockets = ensure_running(settings).sockets
    stop(settings)
    assert sockets.exists() == (sockets.parent == layout_of(settings).base), "nothing is left under /tmp"
    shutil.rmtree(sockets, ignore_errors=True)
    sockets.mkdir(0o755)
    with pytest.raises(Unavailable, match="expected a directory"):
        ensure_running(settings)
    shutil.rmtree(sockets)
    (tmp_path / "trap").mkdir(mode=0o700)
    sockets.symlink_to(tmp_path / "trap")
    with pytest.raises(Unavailable, match="expected a directory"):
        ensure_running(settings)
    sockets.unlink()
    ensure_running(settings)


def test_a_home_of_another_user_is_refused(tmp_path: Path) -> None:
    home = Path("/")
    if ROOT:
        home = tmp_path / "home"
        home.mkdir()
        os.chown(home, NOBODY, NOBODY)
    settings = read_settings(tmp_path, {"LINEAGE_HOME": str(home)})
    for attempt in (ensure_running, stop, status):
        with pytest.raises(Unavailable, match="belongs to") as refusal:
            attempt(settings)
        assert refusal.value.exit_code == 3
    assert not settings.database_home.exists()


def test_a_home_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="Not a directory"):
        ensure_running(read_settings(tmp_path, {"LINEAGE_HOME": str(tmp_path / "file" / "home")}))


def test_what_the_system_refuses_is_unavailable(tmp_path: Path) -> None:
    settings = read_settings(tmp_path, {"LINEAGE_HOME": str(tmp_path / "home")})
    (settings.database_home / "lock").mkdir(parents=True)
    with pytest.raises(Unavailable, match="lock"):
        ensure_running(settings)


def test_data_of_another_user_are_refused(shared_home: Settings) -> None:
    ensure_running(shared_home)
    stop(shared_home)
    layout = layout_of(shared_home)
    if ROOT:
        os.chown(layout.data, NOBODY, NOBODY)
    else:
        layout.data.chmod(0o750)
    with pytest.raises(Unavailable, match="expected a directory of"):
        ensure_running(shared_home)
    layout.data.chmod(0o700)
    if ROOT:
        os.chown(layout.data, layout.account.uid, layout.account.gid)
    ensure_running(shared_home)


def test_variables_of_libpq_do_not_lead_astray(
    shared_home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"PGPORT": "1", "PGHOST": "192.0.2.1", "PGUSER": "x", "PGDATABASE": "x"}.items():
        monkeypatch.setenv(name, value)
    urls = database_urls(shared_home)
    with psycopg.connect(urls.psycopg) as connection:
        assert connection.execute("select current_user").fetchone() == ("lineage",)


@pytest.mark.skipif(not ROOT, reason="only root can become a user without a name")
def test_a_user_without_a_name_is_told_so() -> None:
    os.seteuid(3_000_000)
    try:
        with pytest.raises(Unavailable, match="has no name on this system"):
            caller()
    finally:
        os.seteuid(0)
