"""The environment, read once: every `LINEAGE_*` variable the product knows.

| variable | meaning | default |
| --- | --- | --- |
| LINEAGE_WORKSPACE | the workspace directory | the current directory |
| LINEAGE_HOME | state: store, keys, embedded database, Dagster's home | `.lineage` in the workspace |
| LINEAGE_DATABASE_URL | a real PostgreSQL (`postgresql://user@host/name`) | the embedded one |
| LINEAGE_STORE_URL | where the files of versions are: a folder, `file:///folder` or `s3://bucket/prefix` | `$LINEAGE_HOME/store` |
| LINEAGE_S3_ENDPOINT | an S3-compatible server, `http(s)://host:port`; `files.storage` reads it in every process | Amazon's |
| LINEAGE_KEY_FILE | Ed25519 key that signs checkpoints | `$LINEAGE_HOME/keys/ledger.pem` |
| LINEAGE_SUBJECT_KEY_FILE | key of the hash that stands for data subjects | `$LINEAGE_HOME/keys/subject.key` |
| LINEAGE_ALLOW_PATHS | colon-separated folders outside the workspace that sources may read | none |
| LINEAGE_DATABASE_IDLE_SECONDS | after which the embedded database stops by itself | 900 |
| LINEAGE_ENGINE | where transformations run: `local` or `ray` | `local` |
| LINEAGE_RAY_ADDRESS | the head of a Ray cluster (`host:port`), or `auto` | a cluster of this machine, for the run |

When to set which: docs/settings.md.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lineage_platform.errors import InvalidInput
from lineage_platform.files.places import Place, place
from lineage_platform.files.storage import endpoint_of

_ADDRESS = re.compile(r"[^\s/@]+:[0-9]{1,5}")


@dataclass(frozen=True)
class Settings:
    """Where things are. Paths are absolute."""

    workspace: Path
    home: Path
    store: Place
    s3_endpoint: str | None
    database_url: str | None
    key_file: Path
    subject_key_file: Path
    allow_paths: tuple[Path, ...]
    database_idle_seconds: int
    engine: Literal["local", "ray"]
    ray_address: str | None

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
            "LINEAGE_STORE_URL": str(self.store),
            "LINEAGE_KEY_FILE": str(self.key_file),
            "LINEAGE_SUBJECT_KEY_FILE": str(self.subject_key_file),
            "LINEAGE_ALLOW_PATHS": os.pathsep.join(str(path) for path in self.allow_paths),
            "LINEAGE_DATABASE_IDLE_SECONDS": str(self.database_idle_seconds),
            "LINEAGE_ENGINE": self.engine,
        }
        if self.s3_endpoint is not None:
            values["LINEAGE_S3_ENDPOINT"] = self.s3_endpoint
        if self.database_url is not None:
            values["LINEAGE_DATABASE_URL"] = self.database_url
        if self.ray_address is not None:
            values["LINEAGE_RAY_ADDRESS"] = self.ray_address
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
        store=_store(environ.get("LINEAGE_STORE_URL") or str(home / "store")),
        s3_endpoint=_endpoint(environ.get("LINEAGE_S3_ENDPOINT") or None),
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
        engine=_engine(environ),
        ray_address=_ray_address(environ),
    )


def _engine(environ: Mapping[str, str]) -> Literal["local", "ray"]:
    match environ.get("LINEAGE_ENGINE") or "local":
        case "local":
            return "local"
        case "ray":
            return "ray"
        case other:
            raise InvalidInput(f"LINEAGE_ENGINE: got {other!r}, expected local or ray")


def _ray_address(environ: Mapping[str, str]) -> str | None:
    address = environ.get("LINEAGE_RAY_ADDRESS") or None
    if address is not None and address != "auto" and not _ADDRESS.fullmatch(address):
        raise InvalidInput(
            f"LINEAGE_RAY_ADDRESS: got {address!r}, expected host:port of the cluster's head, such as 10.0.0.1:6379, "
            "or auto for the cluster that this machine belongs to"
        )
    return address


def _store(written: str) -> Place:
    try:
        root = place(written)
    except InvalidInput as error:
        raise InvalidInput(f"LINEAGE_STORE_URL: got {error}") from None
    return root.expanduser().resolve() if isinstance(root, Path) else root


def _endpoint(written: str | None) -> str | None:
    if written is not None:
        endpoint_of(written)
    return written
