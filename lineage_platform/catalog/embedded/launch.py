"""Starting a server under its supervisor, and asking it how many clients it has."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from lineage_platform.catalog.embedded import watchdog
from lineage_platform.catalog.embedded.account import caller
from lineage_platform.catalog.embedded.binaries import MAJOR
from lineage_platform.catalog.embedded.cluster import (
    ADMINISTRATOR,
    environment,
    prepare_sockets,
    programs_for,
    run_as,
)
from lineage_platform.catalog.embedded.layout import Layout
from lineage_platform.errors import Unavailable

_LOG_BYTES = 1 << 20


def launch(layout: Layout, idle_seconds: int) -> str | None:
    """Start the server; None when it takes connections, else how its log ends.

    Raises Unavailable when it cannot work: data of another major version, a socket directory that is not ours.
    """
    found = (layout.data / "PG_VERSION").read_text().strip()
    if found != MAJOR:
        raise Unavailable(f"{layout.data}: got a database of PostgreSQL {found}, expected {MAJOR}")
    prepare_sockets(layout)
    if layout.log.exists() and layout.log.stat().st_size > _LOG_BYTES:
        layout.log.replace(layout.log.with_suffix(".log.1"))
    start = layout.log.stat().st_size if layout.log.exists() else 0
    if _start(layout, idle_seconds):
        return None
    with layout.log.open("rb") as log:
        log.seek(start)
        return "\n".join(log.read().decode(errors="replace").strip().splitlines()[-8:])


def count_clients(layout: Layout) -> int:
    """Connections of others."""
    return int(run_as(layout.account, [*_psql(layout), watchdog.CLIENTS]))


def _start(layout: Layout, idle_seconds: int) -> bool:
    programs = programs_for(layout.account)
    sockets = str(layout.sockets)
    decided = {
        "listen_addresses": "",
        "unix_socket_directories": f'"{sockets}"',
        "unix_socket_permissions": "0700",
        "port": "5432",
        "logging_collector": "off",
        "log_destination": "stderr",
        "hba_file": str(layout.data / "pg_hba.conf"),
        "ident_file": str(layout.data / "pg_ident.conf"),
    }
    server = [str(programs / "postgres"), "-D", str(layout.data)]
    for name, value in decided.items():
        server += ["-c", f"{name}={value}"]
    other = layout.account.uid != caller().uid
    watch = watchdog.Watch(
        server=server,
        psql=_psql(layout),
        environment=environment(),
        user=layout.account.uid if other else None,
        group=layout.account.gid if other else None,
        data=str(layout.data),
        sockets=sockets,
        identity=layout.identity,
        identity_file=str(layout.state / "cluster"),
        lock=str(layout.state / "lock"),
        running=str(layout.state / "running"),
        used=str(layout.state / "used"),
        idle_seconds=idle_seconds,
    )
    script = Path(watchdog.__file__)
    with layout.log.open("ab") as log:
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(script), json.dumps(asdict(watch))],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            check=False,
            start_new_session=True,
        )
    return done.returncode == 0


def _psql(layout: Layout) -> list[str]:
    psql = str(programs_for(layout.account) / "psql")
    return [
        psql,
        "-XAtq",
        "-h",
        str(layout.sockets),
        "-p",
        "5432",
        "-U",
        ADMINISTRATOR,
        "-d",
        "postgres",
        "-c",
    ]
