from __future__ import annotations

import datetime
import threading
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, select, text

from lineage_platform.catalog.engine import Database
from lineage_platform.catalog.ledger import Ledger
from lineage_platform.catalog.tables import checkpoints, ledger_leaves, ledger_nodes
from lineage_platform.ledger import merkle
from lineage_platform.ledger.checkpoint import parse_and_verify
from lineage_platform.ledger.keys import load_or_create_key


def append(database: Database, events: list[dict], key: object = None) -> list[int]:
    def work(connection: Connection) -> list[int]:
        ledger = Ledger(connection)
        indexes = [ledger.append("START", event, uuid4()) for event in events]
        ledger.write(key)
        return indexes

    return database.transaction(work)


def clear(connection: Connection) -> None:
    for table in (ledger_leaves, ledger_nodes, checkpoints):
        connection.execute(table.delete())


@hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(0, 9), max_size=6))
def test_nodes_and_root_are_those_of_the_leaves(database_url: str, tmp_path: Path, sizes: list[int]) -> None:
    database, key = Database(database_url), load_or_create_key(tmp_path / "key.pem")
    database.transaction(clear)
    expected = 0
    for size in sizes:
        assert append(database, [{"n": i} for i in range(size)], key) == list(
            range(expected, expected + size)
        )
        expected += size
    leaves, nodes, noted = database.transaction(
        lambda c: (
            [bytes(h) for h in c.scalars(select(ledger_leaves.c.leaf_hash).order_by(ledger_leaves.c.index))],
            {(level, index): digest for level, index, digest in c.execute(select(ledger_nodes))},
            list(c.scalars(select(checkpoints.c.note).order_by(checkpoints.c.size))),
        )
    )
    database.close()
    whole: dict = {}
    for level, index, digest in merkle.new_nodes(0, leaves, lambda *_: pytest.fail("nothing stood before")):
        whole[level, index] = digest
    assert nodes == whole
    known = {(0, i): leaf for i, leaf in enumerate(leaves)} | whole
    for note in noted:
        checkpoint = parse_and_verify(note, key.public_key())
        assert checkpoint.root == merkle.root(checkpoint.size, lambda *place: known[place])
    assert len(noted) == sum(size > 0 for size in sizes)


def test_many_writers_take_turns(database_url: str) -> None:
    found: list[int] = []

    def run() -> None:
        database = Database(database_url)
        for _ in range(10):
            found.extend(append(database, [{}, {}]))
        database.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == list(range(80))


def test_time_goes_forward_whatever_clocks_say(database_url: str) -> None:
    database = Database(database_url)
    append(database, [{}])
    ahead = text(
        "UPDATE lineage.ledger_leaves SET recorded_at = now() + interval '1 hour' RETURNING recorded_at"
    )
    future = database.transaction(lambda c: c.scalar(ahead))
    time = database.transaction(lambda c: Ledger(c).time)
    assert time == future + datetime.timedelta(microseconds=1)
    database.close()


def test_a_transaction_that_fails_leaves_nothing(database_url: str) -> None:
    database = Database(database_url)
    append(database, [{}])

    def work(connection: Connection) -> None:
        ledger = Ledger(connection)
        ledger.append("START", {}, None)
        ledger.write()
        raise KeyError

    with pytest.raises(KeyError):
        database.transaction(work)
    assert append(database, [{}]) == [1]
    database.close()


def test_an_erased_entry_keeps_its_hash(database_url: str) -> None:
    database = Database(database_url)
    append(database, [{"personal": "data"}, {}])
    erase = text("UPDATE lineage.ledger_leaves SET salt = NULL, payload = NULL WHERE index = 0")
    database.transaction(lambda c: c.execute(erase))
    assert append(database, [{}, {}]) == [2, 3]
    half = insert(ledger_leaves).values(
        index=9, leaf_hash=b"", salt=b"x", kind="START", recorded_at=text("now()")
    )
    with pytest.raises(Exception, match="erased_check"):
        database.transaction(lambda c: c.execute(half))
    database.close()
