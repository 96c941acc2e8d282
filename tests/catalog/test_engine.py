from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import Connection, text

from lineage_platform.catalog.engine import Database
from lineage_platform.errors import LineageError, Unavailable

QUICK = (0.0, 0.0)


def own_backend(connection: Connection) -> int:
    return connection.scalar(text("SELECT pg_backend_pid()"))


def terminate(url: str, backend: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])


def test_a_lost_connection_is_made_again(database_url: str) -> None:
    database = Database(database_url, delays=QUICK)
    tries = []

    def work(connection: Connection) -> int:
        tries.append(own_backend(connection))
        connection.execute(text("INSERT INTO lineage.pins VALUES ('a', 'b', 'c', '1')"))
        if len(tries) == 1:
            terminate(database_url, tries[0])
        return connection.scalar(text("SELECT count(*) FROM lineage.pins"))

    assert database.transaction(work) == 1
    assert len(set(tries)) == 2
    database.close()


def test_a_connection_lost_while_idle(database_url: str) -> None:
    database = Database(database_url, delays=QUICK)
    terminate(database_url, database.transaction(own_backend))
    assert database.transaction(lambda connection: connection.scalar(text("SELECT 1"))) == 1
    database.close()


def test_a_database_that_stays_away(database_url: str) -> None:
    revived = []
    database = Database(
        "postgresql://nobody@/nothing?host=/nonexistent", lambda: revived.append(1), delays=QUICK
    )
    with pytest.raises(Unavailable, match="the database does not answer: ") as caught:
        database.transaction(lambda connection: connection.scalar(text("SELECT 1")))
    assert revived == [1, 1]
    assert caught.value.exit_code == 3
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("state", "kind", "words"),
    [
        ("53100", LineageError, "disk is full"),
        ("55P03", Unavailable, "kept the catalog locked"),
        ("42501", Unavailable, "may not do this"),
        ("57P03", Unavailable, "does not answer"),
    ],
)
def test_foreign_errors_are_mapped(
    database_url: str, state: str, kind: type[LineageError], words: str
) -> None:
    database = Database(database_url, delays=QUICK)
    raising = text(f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END $$")
    with pytest.raises(kind, match=words):
        database.transaction(lambda connection: connection.execute(raising))
    database.close()


def test_options_of_the_url_stay(database_url: str) -> None:
    sign = "&" if "?" in database_url else "?"
    database = Database(f"{database_url}{sign}options=-csearch_path%3Dmine")
    shown = database.transaction(
        lambda connection: connection.scalar(
            text("SELECT current_setting('search_path') || current_setting('lock_timeout')")
        )
    )
    assert shown == "mine2min"
    database.close()


def test_an_error_of_the_work_rolls_back(database_url: str) -> None:
    database = Database(database_url)

    def work(connection: Connection) -> None:
        connection.execute(text("INSERT INTO lineage.pins VALUES ('a', 'b', 'c', '1')"))
        raise KeyError("no")

    with pytest.raises(KeyError):
        database.transaction(work)
    assert database.transaction(lambda c: c.scalar(text("SELECT count(*) FROM lineage.pins"))) == 0
    database.close()
