"""The environment, read once: every `LINEAGE_*` variable the product knows.

| variable | meaning | default |
| --- | --- | --- |
| LINEAGE_WORKSPACE | the workspace directory | the current directory |
| LINEAGE_HOME | state: store, keys, embedded database, Dagster's home | `.lineage` in the workspace |
| LINEAGE_DATABASE_URL | a real PostgreSQL (`postgresql://user@host/name`) | the embedded one |
| LINEAGE_KEY_FILE | Ed25519 key that signs checkpoints | `$LINEAGE_HOME/keys/ledger.pem` |
| LINEAGE_SUBJECT_KEY_FILE | key of the hash that stands for data subjects | `$LINEAGE_HOME/keys/subject.key` |
| LINEAGE_ALLOW_PATHS | colon-separated folders outside the workspace that sources may read | none |
| LINEAGE_DATABASE_IDLE_SECONDS | after which the embedded database stops by itself | 900 |

When to set which: docs/settings.md.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lineage_platform.errors import InvalidInput


@dataclass(frozen=True)
class Settings:
    """Where things are. Paths are absolute."""

    workspace: Path
    home: Path
    database_url: str | None
    key_file: Path
    subject_key_file: Path
    allow_paths: tuple[Path, ...]
    database_idle_seconds: int

    @property
    def store(self) -> Path:
        """Root of the content-addressed store."""
        return self.home / "store"

    @property
    def dagster_home(self) -> Path:
        """Dagster's instance directory."""
        return self.home / "dagster"

    @property
    def database_home(self) -> Path:
        """Where the embedded database keeps what it needs."""
        return self.home / "postgres"

    def environment(self) -> dict[str, str]:
        """The variables a subprocess needs to see the same settings."""
        values = {
            "LINEAGE_WORKSPACE": str(self.workspace),
            "LINEAGE_HOME": str(self.home),
            "LINEAGE_KEY_FILE": str(self.key_file),
            "LINEAGE_SUBJECT_KEY_FILE": str(self.subject_key_file),
            "LINEAGE_ALLOW_PATHS": os.pathsep.join(str(path) for path in self.allow_paths),
            "LINEAGE_DATABASE_IDLE_SECONDS": str(self.database_idle_seconds),
        }
        if self.database_url is not None:
            values["LINEAGE_DATABASE_URL"] = self.database_url
        return values


def read_settings(workspace: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from the environment; `workspace` overrides LINEAGE_WORKSPACE. Raises InvalidInput on bad values."""
    root = (workspace or Path(environ.get("LINEAGE_WORKSPACE") or ".")).resolve()
    home = Path(environ.get("LINEAGE_HOME") or root / ".lineage").expanduser().resolve()
    idle = environ.get("LINEAGE_DATABASE_IDLE_SECONDS") or "900"
    if not idle.isdigit() or int(idle) < 1:
        raise InvalidInput(
            f"LINEAGE_DATABASE_IDLE_SECONDS: got {idle!r}, expected a positive number of seconds"
        )
    return Settings(
        workspace=root,
        home=home,
        database_url=environ.get("LINEAGE_DATABASE_URL") or None,
        key_file=Path(environ.get("LINEAGE_KEY_FILE") or home / "keys" / "ledger.pem").expanduser().resolve(),
        subject_key_file=Path(environ.get("LINEAGE_SUBJECT_KEY_FILE") or home / "keys" / "subject.key")
        .expanduser()
        .resolve(),
        allow_paths=tuple(
            Path(item).expanduser().resolve()
            for item in (environ.get("LINEAGE_ALLOW_PATHS") or "").split(os.pathsep)
            if item
        ),
        database_idle_seconds=int(idle),
    )
