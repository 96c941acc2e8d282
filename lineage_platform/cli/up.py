"""What `lineage up` does: the database, Dagster's code server, pages and daemon, until Ctrl-C or SIGTERM.

One code server loads the workspace for pages and daemon alike, listening on a socket in a private directory. When the
workspace's YAML changes it loads again. Nothing that was started here outlives this process.
"""

from __future__ import annotations

import contextlib
import fcntl
import ipaddress
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from lineage_platform.cli import output
from lineage_platform.cli.locations import CodeLocation, find_workspace_file, read_locations
from lineage_platform.cli.pages import Pages
from lineage_platform.cli.processes import Service, adopt_orphans, stop
from lineage_platform.errors import Conflict, InvalidInput, LineageError
from lineage_platform.settings import Settings

_CHECK_SECONDS = 2.0
_GRACE_SECONDS = 10.0
_START_SECONDS = 180.0

Appearance = dict[str, tuple[int, int]]


class _ServiceEnded(LineageError):
    """A subprocess ended on its own."""


def run_up(settings: Settings, port: int, host: str = "127.0.0.1") -> int:
    """Serve until interrupted; returns the exit code. A `port` of 0 takes a free one.

    Raises InvalidInput for a broken workspace, a host that is not of this machine alone or a busy port; Conflict when
    another `lineage up` serves the same home; Unavailable when the database does not start.
    """
    file, root = find_workspace_file()
    return serve(settings, Pages(_loopback(host), _free_port(host, port)), read_locations(file, root))


def serve(settings: Settings, pages: Pages, locations: Sequence[CodeLocation]) -> int:
    """`run_up` with the address and the code decided."""
    from lineage_platform.catalog.embedded import stop as stop_database
    from lineage_platform.cli.environment import dagster_variables
    from lineage_platform.wiring import load_workspace

    declared = _appearance(settings.workspace)
    load_workspace(settings)
    environment = {**os.environ, **dagster_variables(settings)}
    logs = settings.home / "logs"
    logs.mkdir(mode=0o700, exist_ok=True)
    with _interrupts() as interrupted, _private_directory(settings) as folder:
        adopt_orphans()
        starter = _Starter(environment, logs, folder, interrupted)
        try:
            output.line("starting Dagster")
            starter.close_orphans()
            starter.start(pages, locations)
            if not interrupted.is_set():
                _tell(settings, pages, logs)
                _watch(settings, pages, locations, starter.services, interrupted, declared)
        except _ServiceEnded as error:
            output.line(str(error))
            return error.exit_code
        finally:
            output.line("stopping")
            stop(starter.services, _GRACE_SECONDS)
            if settings.database_url is None:
                stop_database(settings, unless_used=True)
    return 0


def _loopback(host: str) -> str:
    with contextlib.suppress(ValueError):
        if host == "localhost" or ipaddress.ip_address(host).is_loopback:
            return host
    raise InvalidInput(
        f"--host: got {host!r}, expected an address of this machine alone such as 127.0.0.1: "
        "Dagster's pages ask for no password; put a proxy that does in front of them"
    )


def _free_port(host: str, port: int) -> int:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise InvalidInput(
                f"--port: {port} on {host} cannot be used ({error.strerror}); choose another one"
            ) from error
        taken: int = probe.getsockname()[1]
    return taken


@contextlib.contextmanager
def _private_directory(settings: Settings) -> Iterator[Path]:
    """A directory for sockets, mode 0700, for one `lineage up` at a time: two daemons would both run every schedule.

    It is under /tmp because the path of a socket holds 107 bytes. One that a kill left behind is removed. Raises Conflict.
    """
    with (settings.dagster_home / "up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(f"another `lineage up` already serves {settings.home}") from None
        lock.seek(0)
        left = lock.read()
        if left.startswith("/tmp/lineage-up-"):  # noqa: S108 - our own note of what mkdtemp made
            shutil.rmtree(left, ignore_errors=True)
        folder = tempfile.mkdtemp(prefix="lineage-up-", dir="/tmp")
        lock.truncate(0)
        lock.write(folder)
        lock.flush()
        try:
            yield Path(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _interrupts() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set."""
    event = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: event.set()) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Starter:
    """Starts subprocesses one after the other into a list that is stopped whatever happens."""

    def __init__(
        self, environment: dict[str, str], logs: Path, folder: Path, interrupted: threading.Event
    ) -> None:
        self.services: list[Service] = []
        self._environment = environment
        self._logs = logs
        self._folder = folder
        self._interrupted = interrupted

    def close_orphans(self) -> None:
        """Close the runs that a kill left open, so that they do not fill the queue."""
        with (self._logs / "up-orphans.log").open("wb") as log:
            command = [sys.executable, "-m", "assets.orphans"]
            subprocess.run(command, env=self._environment, stdout=log, stderr=log, check=False)

    def start(self, pages: Pages, locations: Sequence[CodeLocation]) -> None:
        """Code servers first, then what asks them; returns early when interrupted. Raises _ServiceEnded."""
        import yaml

        entries = []
        for number, location in enumerate(locations):
            address = self._folder / f"{number}.sock"
            target = ("-m", location.module, "-d", str(location.folder), "--location-name", location.name)
            command = ("dagster", "code-server", "start", "-s", str(address), *target)
            self._run(f"code-{location.name}", location.folder, *command)
            entries.append({"grpc_server": {"socket": str(address), "location_name": location.name}})
            self._wait(lambda address=address: _listens(address))  # type: ignore[misc]
        file = self._folder / "workspace.yaml"
        file.write_text(yaml.safe_dump({"load_from": entries}), "utf-8")
        where = ("-h", pages.host, "-p", str(pages.port))
        self._run("webserver", self._folder, "dagster_webserver", "-w", str(file), *where)
        self._run("daemon", self._folder, "dagster._daemon", "run", "-w", str(file))
        self._wait(pages.are_up)

    def _run(self, name: str, cwd: Path, *command: str) -> None:
        if not self._interrupted.is_set():
            full = [sys.executable, "-m", *command]
            self.services.append(Service(name, full, self._environment, cwd, self._logs / f"up-{name}.log"))

    def _wait(self, is_up: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self._interrupted.wait(0.1) and not is_up():
            _raise_for_ended(self.services)
            if time.monotonic() > deadline:
                name = self.services[-1].name
                raise _ServiceEnded(f"{name} does not answer after {_START_SECONDS:.0f} s")


def _listens(address: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(address)) == 0


def _tell(settings: Settings, pages: Pages, logs: Path) -> None:
    with contextlib.suppress(OSError, ValueError):
        for name, message in pages.load_errors().items():
            output.line(f"{name} did not load: {message}")
    database = "LINEAGE_DATABASE_URL" if settings.database_url else f"embedded, in {settings.database_home}"
    output.line(f"Dagster    {pages.url}")
    output.line(f"database   {database}")
    output.line(f"logs       {logs}")
    output.line("Ctrl-C stops all of it.")


def _watch(
    settings: Settings,
    pages: Pages,
    locations: Sequence[CodeLocation],
    services: Sequence[Service],
    interrupted: threading.Event,
    declared: Appearance,
) -> None:
    from lineage_platform.catalog.urls import database_urls

    while not interrupted.wait(_CHECK_SECONDS):
        _raise_for_ended(services)
        # Dagster keeps no connection between its queries; this keeps the embedded database up, and starts it again.
        database_urls(settings)
        now = _appearance(settings.workspace)
        if now != declared:
            declared = now
            _reload(settings, pages, locations)


def _appearance(workspace: Path) -> Appearance:
    """Size and time of every YAML file that `load_workspace` reads."""
    found = {}
    for pattern in ("lineage.yaml", "sources/*.y*ml", "corpora/*.y*ml"):
        for file in workspace.glob(pattern):
            with contextlib.suppress(OSError):
                state = file.stat()
                found[str(file)] = (state.st_size, state.st_mtime_ns)
    return found


def _reload(settings: Settings, pages: Pages, locations: Sequence[CodeLocation]) -> None:
    from lineage_platform.wiring import load_workspace

    try:
        load_workspace(settings)
    except InvalidInput as error:
        output.line(f"the workspace changed; what was loaded stays: {error}")
        return
    for location in locations:
        try:
            complaint = pages.reload(location.name)
        except (OSError, ValueError) as error:
            complaint = str(error)
        output.line(
            f"{location.name} did not load: {complaint}"
            if complaint
            else f"reloaded {location.name}: the workspace changed"
        )


def _raise_for_ended(services: Sequence[Service]) -> None:
    for service in services:
        if service.exit_code is not None:
            raise _ServiceEnded(
                f"{service.name} ended with code {service.exit_code}; its log {service.log} ends:\n{service.tail()}"
            )
