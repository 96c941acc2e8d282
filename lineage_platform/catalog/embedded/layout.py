"""Where one embedded cluster keeps what it needs, and whether all of it is ours.

    $LINEAGE_HOME/postgres/           belongs to the caller: `cluster` (its identity), `lock`, `used`, `server.log`
    <base>/data  <base>/sockets       belong to the account that runs the server, mode 0700

`base` is `$LINEAGE_HOME/postgres` for an ordinary user. For root it is `/var/lib/lineage-platform/<identity>`, because
the server's account may not be able to reach the home. A socket path longer than `sun_path` holds goes to `/tmp`.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import zlib
from dataclasses import dataclass
from pathlib import Path

from lineage_platform.catalog.embedded.account import Account, describe, server_account
from lineage_platform.errors import Unavailable
from lineage_platform.settings import Settings

SYSTEM_ROOT = Path("/var/lib/lineage-platform")
SOCKET_NAME = ".s.PGSQL.5432"
_SUN_PATH_BYTES = 107
_IDENTITY = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Layout:
    """The places of one cluster and the account that runs its server."""

    state: Path
    base: Path
    identity: str
    account: Account

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.base / "data"

    @property
    def log(self) -> Path:
        """What the server and its supervisor have to say."""
        return self.state / "server.log"

    @property
    def sockets(self) -> Path:
        """The directory of the socket; commas would split it where libpq reads a list of hosts."""
        beside = self.base / "sockets"
        if len(os.fsencode(beside / SOCKET_NAME)) <= _SUN_PATH_BYTES and not set(',"') & set(str(beside)):
            return beside
        # The identity cannot be guessed; the path tells a copied home from its original.
        name = f"{self.identity[:16]}-{zlib.crc32(os.fsencode(self.base)):08x}"
        return Path(f"/tmp/lineage-{self.account.uid}-{name}")  # noqa: S108 - checked before each use

    def tidy(self) -> None:
        """Remove an empty socket directory under /tmp; the caller holds the lock, and no server runs."""
        if self.sockets.parent != self.base:
            with contextlib.suppress(OSError):
                self.sockets.rmdir()


def claim_state(settings: Settings) -> Path:
    """`$LINEAGE_HOME/postgres`, made when missing. Raises Unavailable unless home and it belong to the caller."""
    try:
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_owner(settings.home)
        settings.database_home.mkdir(mode=0o700, exist_ok=True)
        check_owner(settings.database_home)
    except OSError as error:
        raise Unavailable(
            f"LINEAGE_HOME {settings.home} cannot be used: {error.strerror} ({error.filename})"
        ) from error
    return settings.database_home


def check_owner(path: Path) -> None:
    """Raises Unavailable when `path` belongs to anyone but the caller."""
    owner = path.stat().st_uid
    if owner != os.geteuid():
        raise Unavailable(
            f"{path} belongs to {describe(owner)}, and this is {describe(os.geteuid())}; "
            "run as its owner, or set LINEAGE_HOME to a directory of your own"
        )


def check_private(path: Path, account: Account) -> None:
    """Raises Unavailable unless `path` itself, not what it links to, is a directory only `account` can enter."""
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid or stat.S_IMODE(found.st_mode) & 0o077:
        raise Unavailable(
            f"{path}: got {stat.filemode(found.st_mode)} of {describe(found.st_uid)}, expected a directory "
            f"of {account.name} with mode 0700; remove it if nobody needs it"
        )


def read_identity(path: Path) -> str | None:
    """The identity in a `cluster` file, or None where there is no such file."""
    try:
        text = path.read_text("ascii", "replace").strip()
    except FileNotFoundError:
        return None
    if not _IDENTITY.fullmatch(text):
        raise Unavailable(
            f"{path}: got {text[:40]!r}, expected 32 hexadecimal digits; restore it from a backup"
        )
    return text


def write_synced(path: Path, text: str) -> None:
    """Write a small file that survives a power cut, or nothing."""
    partial = path.with_name(f"{path.name}.{os.urandom(4).hex()}")
    with partial.open("x") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make renames inside `path` durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def place(settings: Settings, identity: str, account: Account) -> Layout:
    """The layout of the cluster with that identity."""
    state = settings.database_home
    return Layout(state, SYSTEM_ROOT / identity if os.geteuid() == 0 else state, identity, account)


def find_layout(settings: Settings) -> Layout | None:
    """The cluster of this home, or None when there is none yet.

    Raises Unavailable when its data are gone, belong to another account, or to the home this one was copied from.
    """
    identity = read_identity(settings.database_home / "cluster")
    if identity is None:
        return None
    account = server_account()
    if account is None or not (place(settings, identity, account).data).exists():
        missing = SYSTEM_ROOT / identity if os.geteuid() == 0 else settings.database_home / "data"
        raise Unavailable(
            f"the database of {settings.home} is gone: expected it at {missing}; restore it from a backup, "
            f"or remove {settings.home} to begin anew"
        )
    layout = place(settings, identity, account)
    check_private(layout.data, account)
    if layout.base != layout.state:
        _check_home_of_base(settings, layout)
    return layout


def _check_home_of_base(settings: Settings, layout: Layout) -> None:
    """A copied home names the cluster of its original; a moved home takes its cluster along."""
    note = layout.base / "home"
    recorded = Path(note.read_text()) if note.exists() else settings.home
    if recorded == settings.home and note.exists():
        return
    other = recorded / "postgres"
    if (
        read_identity(other / "cluster") == layout.identity
        and other.exists()
        and not other.samefile(layout.state)
    ):
        raise Unavailable(
            f"{settings.home} is a copy of {recorded}, whose database it would share; "
            "use the original, or copy the database with pg_dump into a new home"
        )
    write_synced(note, str(settings.home))
