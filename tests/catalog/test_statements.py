from __future__ import annotations

import dataclasses
import datetime
from uuid import uuid4

import pytest
from sqlalchemy import Connection, insert, select, text

from lineage_platform.catalog import statements
from lineage_platform.catalog.engine import Database
from lineage_platform.catalog.tables import overlay, reinstatements, terms
from lineage_platform.model.terms import Evidence, Scope, Terms

NOW = datetime.datetime.now(datetime.UTC)
OWN = Terms(
    source="notes",
    declared=None,
    licence="CC-BY-4.0",
    licence_status="resolved",
    licence_note="",
    consent_basis="consent",
    consent_iri="https://w3id.org/dpv#Consent",
    personal_data="personal",
    scope=Scope(uses=("training",)),
    evidence=Evidence("LICENSE", "ab" * 32),
    valid_from="2024-01-01",
    valid_to="2026-01-01",
)
RECORD = dataclasses.replace(OWN, declared="MIT", licence="MIT", valid_to=None)


def record(connection: Connection, items: list[Terms], seconds: int) -> list[Terms]:
    time = NOW + datetime.timedelta(seconds=seconds)
    news = statements.news(connection, items)
    statements.append(connection, news, recorded_at=time, run_id=uuid4(), ledger_index=seconds)
    return news


def test_an_equal_statement_is_not_appended_again(database_url: str) -> None:
    database = Database(database_url)
    assert database.transaction(lambda c: record(c, [OWN, RECORD], 0)) == sorted(
        [OWN, RECORD], key=lambda item: item.number
    )
    assert database.transaction(lambda c: record(c, [OWN, RECORD, OWN], 1)) == []
    changed = dataclasses.replace(OWN, licence="LicenseRef-withdrawn")
    assert database.transaction(lambda c: record(c, [changed, RECORD], 2)) == [changed]
    assert database.transaction(lambda c: record(c, [OWN], 3)) == [OWN]
    rows = database.transaction(
        lambda c: c.execute(select(terms.c.valid_from, terms.c.valid_to).order_by(terms.c.id)).all()
    )
    assert len(rows) == 4
    assert rows[-1] == (datetime.date(2024, 1, 1), datetime.date(2026, 1, 1))
    database.close()


def test_what_is_in_force_comes_back_whole(database_url: str) -> None:
    database = Database(database_url)
    database.transaction(lambda c: record(c, [RECORD, OWN], 0))
    assert list(database.transaction(lambda c: statements.of_source(c, "notes")).values()) == [OWN, RECORD]
    assert database.transaction(lambda c: statements.of_numbers(c, [RECORD.number, 7])) == {
        RECORD.number: RECORD
    }
    assert database.transaction(lambda c: statements.of_numbers(c, [])) == {}
    database.close()


def test_a_later_statement_is_not_taken_back(database_url: str) -> None:
    database = Database(database_url)
    database.transaction(lambda c: record(c, [OWN], 5))
    other = dataclasses.replace(OWN, licence="MIT")
    before, after = NOW, NOW + datetime.timedelta(seconds=5)
    assert database.transaction(lambda c: statements.news(c, [other], since=before)) == []
    assert database.transaction(lambda c: statements.news(c, [other], since=after)) == [other]
    database.close()


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "lifted_at", "applies"),
    [
        ("now() - interval '1 day'", None, None, True),
        ("now() + interval '1 day'", None, None, False),
        ("now() - interval '2 days'", "now() - interval '1 day'", None, False),
        ("now() - interval '1 day'", None, "now()", False),
    ],
)
def test_the_overlay_of_a_source_replaces_its_terms(
    database_url: str, valid_from: str, valid_to: str | None, lifted_at: str | None, applies: bool
) -> None:
    database = Database(database_url)
    database.transaction(lambda c: record(c, [OWN, RECORD], 0))
    withdrawn = dataclasses.replace(OWN, licence="LicenseRef-withdrawn")
    row = {
        "source": "notes",
        "statement": withdrawn.statement(),
        "reason": "takedown",
        "author": "steward",
        "valid_from": text(valid_from),
        "valid_to": text(valid_to or "NULL"),
        "recorded_at": text("now() - interval '2 days'"),
        "ledger_index": 0,
    }

    def lay_over(connection: Connection) -> None:
        overlay_id = connection.scalar(insert(overlay).values(row).returning(overlay.c.id))
        if lifted_at:
            lifted = {"overlay": overlay_id, "reason": "settled", "author": "steward", "ledger_index": 0}
            times = {"effective": text(lifted_at), "recorded_at": text(lifted_at)}
            connection.execute(insert(reinstatements).values({**lifted, **times}))

    database.transaction(lay_over)
    found = database.transaction(lambda c: statements.of_source(c, "notes"))
    assert found.keys() == {OWN.number, RECORD.number}
    replaced = {item.licence == "LicenseRef-withdrawn" for item in found.values()}
    assert replaced == {applies}
    assert found[RECORD.number].declared == "MIT"
    database.close()
