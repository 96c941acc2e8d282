"""Is the server up, start it, stop it. Only what a warm start needs is imported here."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lineage_platform.catalog.embedded.layout import (
    SOCKET_NAME,
    Layout,
    check_owner,
    check_private,
    claim_state,
    find_layout,
)
from lineage_platform.catalog.embedded.locking import locked
from lineage_platform.errors import Unavailable
from lineage_platform.settings import Settings

_START_SECONDS = 120
_STOP_SECONDS = 60
_ATTEMPTS = 2


@dataclass(frozen=True)
class Endpoint:
    """Where clients find the server, and as whom and to which database they connect."""

    sockets: Path
    role: str = "lineage"
    database: str = "lineage"


@dataclass(frozen=True)
class ServerStatus:
    """Whether the server takes connections; its process id and data directory when there are any."""

    running: bool
    process: int | None
    data: Path | None


@dataclass(frozen=True)
class _Postmaster:
    process: int
    ready: bool


@contextlib.contextmanager
def _as_unavailable() -> Iterator[None]:
    """What the system refuses (a full disk, a file system without locks) is told as one of our errors."""
    try:
        yield
    except OSError as error:
        raise Unavailable(f"the embedded PostgreSQL: {error}") from error


@_as_unavailable()
def ensure_running(settings: Settings) -> Endpoint:
    """The server of this home, started (and its cluster made) when it is not up; a few milliseconds when it is.

    Safe to call from many processes at once: one starts, the others wait. Raises Unavailable when home or data belong to
    another user, or the server does not start.
    """
    state = claim_state(settings)
    lock = state / "lock"
    with locked(lock, exclusive=False):
        layout = find_layout(settings)
        if layout is not None:
            (state / "used").touch(mode=0o600)
            if _answers(layout):
                return Endpoint(layout.sockets)
    with locked(lock, exclusive=True):
        layout = find_layout(settings)
        if layout is None:
            from lineage_platform.catalog.embedded.cluster import make_cluster

            layout = make_cluster(settings)
        (state / "used").touch(mode=0o600)
        if not _answers(layout):
            _start(layout, settings.database_idle_seconds)
    return Endpoint(layout.sockets)


@_as_unavailable()
def stop(settings: Settings, *, unless_used: bool = False) -> bool:
    """Stop the server in order, disconnecting clients; with `unless_used` only when there are none.

    Returns whether a server was stopped. Raises Unavailable when it belongs to another user.
    """
    state = settings.database_home
    if not _is_made(settings):
        return False
    with locked(state / "lock", exclusive=True):
        layout = find_layout(settings)
        postmaster = None if layout is None else _postmaster(layout)
        if layout is None or postmaster is None:
            if layout is not None and _answers(layout):
                raise Unavailable(f"the server of {settings.home} runs in another container; stop it there")
            return False
        if unless_used and _answers(layout):
            from lineage_platform.catalog.embedded.launch import count_clients

            if count_clients(layout):
                return False
        _terminate(layout, postmaster)
        layout.tidy()
    return True


@_as_unavailable()
def status(settings: Settings) -> ServerStatus:
    """How the server of this home is; starts nothing. Raises Unavailable when it belongs to another user."""
    layout = find_layout(settings) if _is_made(settings) else None
    if layout is None:
        return ServerStatus(False, None, None)
    postmaster = _postmaster(layout)
    return ServerStatus(_answers(layout), postmaster.process if postmaster else None, layout.data)


def _is_made(settings: Settings) -> bool:
    try:
        for path in (settings.home, settings.database_home):
            check_owner(path)
        return (settings.database_home / "cluster").exists()
    except FileNotFoundError:
        return False


def _answers(layout: Layout) -> bool:
    """Whether a server run by the cluster's account takes connections on the cluster's private socket."""
    if not layout.sockets.exists():
        return False
    check_private(layout.sockets, layout.account)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(5)
        try:
            client.connect(str(layout.sockets / SOCKET_NAME))
        except OSError:
            return False
        credentials = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return struct.unpack("3i", credentials)[1] == layout.account.uid and _is_ready(_pid_file(layout))


def _pid_file(layout: Layout) -> list[str]:
    try:
        return (layout.data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return []


def _is_ready(lines: list[str]) -> bool:
    """Line 8 of postmaster.pid is the server's state (PostgreSQL's pidfile.h, LOCK_FILE_LINE_PM_STATUS)."""
    return len(lines) >= 8 and lines[7].strip() == "ready"


def _postmaster(layout: Layout) -> _Postmaster | None:
    """The live server that wrote postmaster.pid in this data directory, if any."""
    lines = _pid_file(layout)
    try:
        process = int(lines[0])
        if Path(f"/proc/{process}").stat().st_uid != layout.account.uid:
            return None
    except (OSError, IndexError, ValueError):
        return None
    return None if _works_elsewhere(process, layout.data) else _Postmaster(process, _is_ready(lines))


def _works_elsewhere(process: int, data: Path) -> bool:
    """A server's working directory is its data directory; after a restart of the machine its number is anyone's."""
    try:
        return not Path(f"/proc/{process}/cwd").samefile(data)
    except PermissionError:
        return False
    except OSError:
        return True


def _start(layout: Layout, idle_seconds: int) -> None:
    """Start a server, wait for one that a killed command was starting, replace one that lost its socket."""
    from lineage_platform.catalog.embedded.launch import launch

    deadline = time.monotonic() + _START_SECONDS
    failures = 0
    while not _answers(layout):
        postmaster = _postmaster(layout)
        if postmaster is not None and postmaster.ready:
            _terminate(layout, postmaster)
        elif postmaster is not None:
            if time.monotonic() > deadline:
                raise Unavailable(
                    f"the embedded PostgreSQL is not ready after {_START_SECONDS} s; see {layout.log}"
                )
            time.sleep(0.02)
        else:
            complaint = launch(layout, idle_seconds)
            failures += complaint is not None
            if failures == _ATTEMPTS:
                raise Unavailable(
                    f"the embedded PostgreSQL did not start; its log {layout.log} ends:\n{complaint}"
                )


def _terminate(layout: Layout, postmaster: _Postmaster) -> None:
    """Fast shutdown (SIGINT), immediate (SIGQUIT) when that takes too long; returns when the process is gone."""
    for number in (signal.SIGINT, signal.SIGQUIT):
        try:
            os.kill(postmaster.process, number)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + _STOP_SECONDS
        while time.monotonic() < deadline:
            if _postmaster(layout) != postmaster and not Path(f"/proc/{postmaster.process}").exists():
                return
            time.sleep(0.01)
    raise Unavailable(f"the embedded PostgreSQL (process {postmaster.process}) does not stop")
