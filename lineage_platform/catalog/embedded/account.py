"""Which operating-system account runs the embedded server: PostgreSQL refuses to run as root."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass

from lineage_platform.errors import Unavailable

ACCOUNT = "lineage-pg"


@dataclass(frozen=True)
class Account:
    """An operating-system user with its primary group."""

    uid: int
    gid: int
    name: str


def describe(uid: int) -> str:
    """`alice (uid 1000)`, or the number alone when the system has no name for it."""
    try:
        return f"{pwd.getpwuid(uid).pw_name} (uid {uid})"
    except KeyError:
        return f"uid {uid}"


def caller() -> Account:
    """Who runs this process. Raises Unavailable when the system has no name for it, which `peer` needs."""
    uid = os.geteuid()
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise Unavailable(
            f"user id {uid} has no name on this system, and the embedded PostgreSQL knows its clients by name; "
            "add the user to /etc/passwd, or set LINEAGE_DATABASE_URL"
        ) from None
    return Account(uid, os.getegid(), entry.pw_name)


def server_account() -> Account | None:
    """Who runs the server: the caller, or for root the system account; None when that was not made yet."""
    if os.geteuid() != 0:
        return caller()
    try:
        entry = pwd.getpwnam(ACCOUNT)
    except KeyError:
        return None
    if entry.pw_uid == 0:
        raise Unavailable(f"account {ACCOUNT}: got user id 0, expected an unprivileged account of its own")
    return Account(entry.pw_uid, entry.pw_gid, entry.pw_name)


def make_server_account() -> Account:
    """`server_account`, made with useradd where it is missing. Raises Unavailable when it cannot be."""
    account = server_account()
    if account is not None:
        return account
    import subprocess

    command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    try:
        done = subprocess.run(
            [*command, "--shell", "/usr/sbin/nologin", ACCOUNT],
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"},
        )
        reason = done.stderr.strip()
    except OSError as error:
        reason = str(error)
    account = server_account()
    if account is None:
        raise Unavailable(
            f"as root the embedded PostgreSQL runs as the system account {ACCOUNT}, which could not be made "
            f"({reason}); make it by hand, run as an ordinary user, or set LINEAGE_DATABASE_URL"
        )
    return account
