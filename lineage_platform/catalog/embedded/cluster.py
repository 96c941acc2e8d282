"""Making a cluster: initdb into a temporary sibling, roles and database inside, then one rename."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from lineage_platform.catalog.embedded.account import Account, caller, make_server_account
from lineage_platform.catalog.embedded.binaries import shared_programs, wheel_programs
from lineage_platform.catalog.embedded.layout import (
    SYSTEM_ROOT,
    Layout,
    check_private,
    find_layout,
    place,
    read_identity,
    sync_directory,
    write_synced,
)
from lineage_platform.errors import Unavailable
from lineage_platform.settings import Settings

ADMINISTRATOR = "postgres"
ROLE = "lineage"
DATABASE = "lineage"

# What does not decide who can connect; the rest is on the server's command line, where no file overrides it.
_PARAMETERS = {
    "shared_buffers": "64MB",
    "max_connections": "100",
    "min_wal_size": "32MB",
    "max_wal_size": "512MB",
    "wal_compression": "on",
    "io_method": "sync",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    # Statements and keys can hold personal data.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


def environment() -> dict[str, str]:
    """The environment of PostgreSQL's programs: nothing of the caller's, PG* variables least of all."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}


def programs_for(account: Account) -> Path:
    """The directory of programs this account can run."""
    return wheel_programs() if account.uid == caller().uid else shared_programs(SYSTEM_ROOT)


def make_cluster(settings: Settings) -> Layout:
    """The cluster of this home, made when there is none. The caller holds the lock, and owns home and state."""
    state = settings.database_home
    if caller().uid == 0:
        _make_system_root()
    account = make_server_account()
    draft = state / "cluster.partial"
    identity = read_identity(draft)
    if identity is None:
        identity = os.urandom(16).hex()
        write_synced(draft, identity)
    layout = place(settings, identity, account)
    _make_directory(layout.base, account)
    if layout.base != state:
        write_synced(layout.base / "home", str(settings.home))
    if not layout.data.exists():
        partial = layout.base / "data.partial"
        shutil.rmtree(partial, ignore_errors=True)
        _initialise(partial, account)
        partial.rename(layout.data)
        sync_directory(layout.base)
    draft.rename(state / "cluster")
    sync_directory(state)
    found = find_layout(settings)
    if found is None:
        raise Unavailable(f"{state} changed while its cluster was made; try again")
    return found


def prepare_sockets(layout: Layout) -> None:
    """Make the socket directory when missing. Raises Unavailable when someone else's stands in its place."""
    _make_directory(layout.sockets, layout.account)


def run_as(account: Account, command: list[str], text: str | None = None) -> str:
    """Output of a program of PostgreSQL's run as `account`. Raises Unavailable with its last words."""
    try:
        done = subprocess.run(
            command,
            input=text,
            stdin=subprocess.DEVNULL if text is None else None,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=environment(),
            **credentials(account),
        )
    except OSError as error:
        raise Unavailable(f"{command[0]} could not be run as {account.name}: {error.strerror}") from error
    if done.returncode != 0:
        raise Unavailable(
            f"{Path(command[0]).name} failed:\n{_tail(done.stderr) or f'status {done.returncode}'}"
        )
    return done.stdout


def credentials(account: Account) -> dict[str, Any]:
    """Arguments that make subprocess drop to `account`; none when the caller is that account."""
    if account.uid == caller().uid:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def _make_system_root() -> None:
    if SYSTEM_ROOT.exists():
        return
    try:
        SYSTEM_ROOT.mkdir(parents=True, exist_ok=True)
        SYSTEM_ROOT.chmod(0o711)
    except OSError as error:
        raise Unavailable(
            f"as root the embedded PostgreSQL lives in {SYSTEM_ROOT}, which cannot be made ({error.strerror}); "
            "run as an ordinary user, or set LINEAGE_DATABASE_URL"
        ) from error


def _make_directory(path: Path, account: Account) -> None:
    if not path.exists() and not path.is_symlink():
        path.mkdir(mode=0o700)
        if account.uid != caller().uid:
            os.chown(path, account.uid, account.gid, follow_symlinks=False)
    check_private(path, account)


def _initialise(data: Path, account: Account) -> None:
    programs = programs_for(account)
    command = [str(programs / "initdb"), "-D", str(data), "-U", ADMINISTRATOR, "--no-instructions"]
    command += [
        "--encoding=UTF8",
        "--locale=C",
        "--data-checksums",
        "--auth-local=peer",
        "--auth-host=reject",
    ]
    for name, value in _PARAMETERS.items():
        command += ["-c", f"{name}={value}"]
    run_as(account, command)
    _allow_only(data, account)
    single = [str(programs / "postgres"), "--single", "-j", "-D", str(data), "-c", "exit_on_error=on"]
    run_as(
        account,
        [*single, ADMINISTRATOR],
        f"create role {ROLE} login createdb;\n\ncreate database {DATABASE} owner {ROLE};\n\n",
    )
    run_as(account, [*single, DATABASE], f"create schema dagster authorization {ROLE};\n\n")


def _allow_only(data: Path, account: Account) -> None:
    """Only the caller and the server's account, known by `peer`, only on the socket."""
    users = sorted({account.name, caller().name})
    roles = (ADMINISTRATOR, ROLE)
    (data / "pg_hba.conf").write_text("local all all peer map=lineage\n")
    (data / "pg_ident.conf").write_text(
        "".join(f'lineage "{user}" {role}\n' for user in users for role in roles)
    )


def _tail(text: str, lines: int = 8) -> str:
    return "\n".join(text.strip().splitlines()[-lines:])
