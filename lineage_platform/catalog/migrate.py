"""Brings a database to the tables of this version of the product.

Where that has been done already it is one query, and neither Alembic nor SQLAlchemy is imported.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg

from lineage_platform.errors import Unavailable

HEAD = "0004"
"""The newest revision in `migrations/versions`."""

CONNECT_SECONDS = 10


def migrate(url: str) -> None:
    """Run what is missing of the migrations on the database at `url` (a libpq URL); two processes at once are fine.

    Raises Unavailable when the database does not answer, or has tables of a newer version than this.
    """
    try:
        with psycopg.connect(
            url, connect_timeout=CONNECT_SECONDS, application_name="lineage", autocommit=True
        ) as connection:
            found = _revision(connection)
    except psycopg.OperationalError as error:
        raise Unavailable(f"the database does not answer: {' '.join(str(error).split())}") from error
    if found != HEAD:
        _upgrade(url)


def refuse_other_tables(connection: psycopg.Connection[Any]) -> None:
    """Raises Unavailable when the database has tables, but not those of this version: questions bring none up to date."""
    found = _revision(connection)
    if found is not None and found < HEAD:
        raise Unavailable(
            f"the database has the tables of an older version (revision {found}; this one knows {HEAD}): run `lineage "
            "materialize` or `lineage up`, which bring them up to date"
        )
    if found is not None and found > HEAD:
        raise _newer(found)


def _newer(found: str) -> Unavailable:
    return Unavailable(
        f"the database has the tables of a newer version (revision {found}; this one knows {HEAD}): "
        "upgrade lineage-platform"
    )


def _revision(connection: psycopg.Connection[Any]) -> str | None:
    try:
        row = connection.execute("SELECT version_num FROM lineage.alembic_version").fetchone()
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        return None
    return None if row is None else row[0]


def _upgrade(url: str) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from sqlalchemy import Connection, text

    from lineage_platform.catalog import locks
    from lineage_platform.catalog.engine import Database

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))

    def upgrade(connection: Connection) -> None:
        locks.take(connection, locks.MIGRATION)
        exists = connection.scalar(text("SELECT to_regclass('lineage.alembic_version')"))
        found = connection.scalar(text("SELECT version_num FROM lineage.alembic_version")) if exists else None
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if found is not None and found not in known:
            raise _newer(found)
        if not connection.scalar(text("SELECT to_regnamespace('lineage')")):
            connection.execute(text("CREATE SCHEMA lineage"))
        config.attributes["connection"] = connection
        command.upgrade(config, HEAD)

    database = Database(url)
    try:
        database.transaction(upgrade)
    finally:
        database.close()
