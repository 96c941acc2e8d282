"""The supervisor of one embedded server: starts it, watches for clients, stops it when idle.

Run by path as a script, so that it loads nothing but this file: `python -I -S watchdog.py '{"server": [...], ...}'`.
The first process returns when the server is ready (status 0) or has failed (status 1); its child stays until the server
ends. If the child is killed, the kernel interrupts the server (PR_SET_PDEATHSIG), which then shuts down in order.

The child and every process of the server hold one flock. While it is held nobody starts a second server on the same
data, in another container neither; once it is free, whatever process postmaster.pid names is not a server of ours.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_GRACE_SECONDS = 10
_LOCK_SECONDS = 10

# Dagster keeps no connection between queries, so finished sessions count as use too; ours are in `postgres`.
CLIENTS = (
    "select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"
)
_SESSIONS = "select coalesce(sum(sessions), 0) from pg_stat_database where datname <> 'postgres'"


@dataclass(frozen=True)
class Watch:
    """What the supervisor needs to know; `user` and `group` are None when the server runs as the caller."""

    server: list[str]
    psql: list[str]
    environment: dict[str, str]
    user: int | None
    group: int | None
    data: str
    sockets: str
    identity: str
    identity_file: str
    lock: str
    running: str
    used: str
    idle_seconds: float

    def credentials(self) -> dict[str, Any]:
        """Arguments that make subprocess drop to the server's account."""
        return {} if self.user is None else {"user": self.user, "group": self.group, "extra_groups": []}


def main(argument: str) -> int:
    """Start, tell the waiting process how it went, and stay. Returns the status of whichever process this is."""
    watch = Watch(**json.loads(argument))
    reader, writer = os.pipe()
    if os.fork():
        os.close(writer)
        return 0 if os.read(reader, 1) == b"+" else 1
    os.close(reader)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    running = _lock_running(watch)
    _drop_foreign_pid(Path(watch.data, "postmaster.pid"))
    server = subprocess.Popen(
        watch.server,
        stdin=subprocess.DEVNULL,
        cwd="/",
        env=watch.environment,
        pass_fds=[running],
        preexec_fn=_end_with_parent,
        **watch.credentials(),
    )
    try:
        if _wait_until_ready(watch, server):
            os.write(writer, b"+")
            os.close(writer)
            _watch_clients(watch, server)
    finally:
        _end(server)
    return 0


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def _lock_running(watch: Watch) -> int:
    """Take the lock of a running server; one that was killed leaves children that end a moment later."""
    descriptor = os.open(watch.running, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            if time.monotonic() > deadline:
                sys.exit(f"another server still runs on {watch.data}")
            time.sleep(0.02)


def _drop_foreign_pid(file: Path) -> None:
    """PostgreSQL refuses to start while any process of its user has the number in postmaster.pid."""
    try:
        process = int(file.read_text().split()[0])
    except (OSError, IndexError, ValueError):
        return
    if Path(f"/proc/{process}").exists():
        file.unlink(missing_ok=True)


def _wait_until_ready(watch: Watch, server: subprocess.Popen[bytes]) -> bool:
    """The last line of postmaster.pid says `ready` when connections are taken (miscadmin.h, PM_STATUS_READY)."""
    file = Path(watch.data, "postmaster.pid")
    while server.poll() is None:
        try:
            lines = file.read_text().splitlines()
        except OSError:
            lines = []
        if len(lines) >= 8 and lines[0] == str(server.pid) and lines[7].strip() == "ready":
            return True
        time.sleep(0.005)
    return False


def _watch_clients(watch: Watch, server: subprocess.Popen[bytes]) -> None:
    data = Path(watch.data).stat().st_ino
    woken = _wake_on_end()
    asked = used = time.time()
    sessions = -1
    while server.poll() is None:
        if select.select([woken], [], [], min(1.0, watch.idle_seconds / 8))[0]:
            os.read(woken, 512)
        if not _still_there(watch, data):
            _end(server)
            _tidy(watch)
            return
        if time.time() - asked < min(30.0, watch.idle_seconds / 4):
            continue
        asked = time.time()
        clients, now = _activity(watch)
        if clients or now != sessions:
            used, sessions = asked, now
        if asked - max(used, _marked(watch)) >= watch.idle_seconds and _stop_if_unused(
            watch, server, sessions
        ):
            return


def _wake_on_end() -> int:
    """A descriptor that becomes readable when a child ends: a sleep would go on, and hold the lock of a running server."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return reader


def _still_there(watch: Watch, data: int) -> bool:
    """Whether the home still names this cluster and the data directory is the one the server was started on."""
    try:
        identity = Path(watch.identity_file).read_text().strip()
        return identity == watch.identity and Path(watch.data).stat().st_ino == data
    except OSError:
        return False


def _marked(watch: Watch) -> float:
    """When a command last said that it is about to connect."""
    try:
        return Path(watch.used).stat().st_mtime
    except OSError:
        return 0.0


def _activity(watch: Watch) -> tuple[int, int]:
    """Clients now, and sessions ever; a failed question counts as a client."""
    try:
        done = subprocess.run(
            [*watch.psql, f"select ({CLIENTS}), ({_SESSIONS})"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=10,
            cwd="/",
            env=watch.environment,
            **watch.credentials(),
        )
        clients, sessions = done.stdout.split(b"|")
        return int(clients), int(sessions)
    except (OSError, ValueError, subprocess.SubprocessError):
        return 1, -1


def _stop_if_unused(watch: Watch, server: subprocess.Popen[bytes], sessions: int) -> bool:
    """Under the lock that commands take before they connect, ask once more, then stop."""
    descriptor = os.open(watch.lock, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if time.time() - _marked(watch) < watch.idle_seconds or _activity(watch) != (0, sessions):
            return False
        _end(server)
        _tidy(watch)
        return True
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)


def _tidy(watch: Watch) -> None:
    """Remove a socket directory that is not beside the data; its name belongs to this cluster alone."""
    if Path(watch.sockets).parent != Path(watch.data).parent:
        with contextlib.suppress(OSError):
            Path(watch.sockets).rmdir()


def _end(server: subprocess.Popen[bytes]) -> None:
    """Fast shutdown, then immediate shutdown, then kill."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if server.poll() is not None:
            return
        server.send_signal(number)
        try:
            server.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            continue


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
