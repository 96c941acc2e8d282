from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import ProgrammingError

from lineage_platform.catalog import migrate as module
from lineage_platform.catalog.engine import create
from lineage_platform.catalog.migrate import HEAD, migrate
from lineage_platform.catalog.reading import connect
from lineage_platform.catalog.tables import SCHEMA, metadata
from lineage_platform.errors import Unavailable


def test_the_migrations_make_exactly_the_tables(empty_database_url: str) -> None:
    migrate(empty_database_url)
    # the embedded server's role is named like the schema, which would make it the default schema
    sign = "&" if "?" in empty_database_url else "?"
    engine = create(f"{empty_database_url}{sign}options=-csearch_path%3Dpublic")
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_schemas": True, "version_table_schema": SCHEMA, "compare_server_default": True},
        )
        assert compare_metadata(context, metadata) == []
        checks = connection.exec_driver_sql(
            "SELECT conname FROM pg_constraint WHERE contype = 'c' AND connamespace = 'lineage'::regnamespace"
        )
        made = set(connection.exec_driver_sql("SELECT count(*) FROM lineage.deployment").scalars())
        names = set(checks.scalars())
    engine.dispose()
    assert made == {1}
    assert names >= {"runs_state_check", "overlay_range_check", "ledger_leaves_erased_check"}


def test_head_is_the_newest_revision() -> None:
    folder = module.Path(module.__file__).parent / "migrations"
    assert ScriptDirectory(str(folder)).get_heads() == [HEAD]


def test_a_check_of_the_head_imports_neither_alembic_nor_sqlalchemy(database_url: str) -> None:
    program = (
        "import sys; from lineage_platform.catalog.migrate import migrate; migrate(sys.argv[1]);"
        "print(sorted({'alembic', 'sqlalchemy'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, database_url], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_two_at_once(empty_database_url: str) -> None:
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(migrate, [empty_database_url] * 3))
    with psycopg.connect(empty_database_url) as connection:
        assert connection.execute("SELECT version_num FROM lineage.alembic_version").fetchall() == [(HEAD,)]
        assert connection.execute("SELECT count(*) FROM lineage.deployment").fetchall() == [(1,)]


def test_a_database_of_a_newer_version_is_left_alone(empty_database_url: str) -> None:
    migrate(empty_database_url)
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("UPDATE lineage.alembic_version SET version_num = '9999'")
    with pytest.raises(Unavailable, match=r"newer version .revision 9999; this one knows"):
        migrate(empty_database_url)


@pytest.mark.parametrize(("revision", "kind"), [("0001", "older"), ("9999", "newer")])
def test_questions_to_the_tables_of_another_version_are_refused(
    empty_database_url: str, revision: str, kind: str
) -> None:
    connect(empty_database_url).close()
    migrate(empty_database_url)
    connect(empty_database_url).close()
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("UPDATE lineage.alembic_version SET version_num = %s", [revision])
    with pytest.raises(Unavailable, match=rf"{kind} version .revision {revision}; this one knows"):
        connect(empty_database_url)


def test_no_server() -> None:
    with pytest.raises(Unavailable, match="the database does not answer"):
        migrate("postgresql://nobody@/nothing?host=/nonexistent")


def test_a_migration_that_fails_leaves_nothing(empty_database_url: str) -> None:
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("CREATE SCHEMA lineage CREATE TABLE shards (id int)")
    with pytest.raises(ProgrammingError, match="already exists"):
        migrate(empty_database_url)
    with psycopg.connect(empty_database_url) as connection:
        assert connection.execute("SELECT to_regclass('lineage.runs')").fetchall() == [(None,)]


@pytest.mark.parametrize(
    "row",
    [
        "(key_from, key_to) VALUES (2, 1)",
        "(key_from) VALUES (1)",
        "(source, document) VALUES ('a', 1)",
        "DEFAULT VALUES",
    ],
)
def test_an_overlay_covers_one_thing(database_url: str, row: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE lineage.overlay ALTER statement SET DEFAULT '{}'")
        for column in ("reason", "author"):
            connection.execute(f"ALTER TABLE lineage.overlay ALTER {column} SET DEFAULT ''")
        for column in ("valid_from", "recorded_at"):
            connection.execute(f"ALTER TABLE lineage.overlay ALTER {column} SET DEFAULT now()")
        connection.execute("ALTER TABLE lineage.overlay ALTER ledger_index SET DEFAULT 0")
        connection.execute("INSERT INTO lineage.overlay (key_from, key_to) VALUES (1, 2)")
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(f"INSERT INTO lineage.overlay {row}")
        connection.rollback()
