from __future__ import annotations

import dataclasses
import datetime
import itertools
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert, make_url, select, text

from lineage_platform.catalog import statements
from lineage_platform.catalog.engine import Database
from lineage_platform.catalog.reading import connect
from lineage_platform.catalog.tables import overlay, reinstatements, terms
from lineage_platform.model.terms import Evidence, Scope, Terms, in_force
from lineage_platform.model.when import When

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


DAYS = [datetime.date(2026, month, 1) for month in range(1, 13)]


@st.composite
def pieces(draw: st.DrawFn) -> list[Terms]:
    """Disjoint in valid time, with or without gaps, open at either end or not."""
    bounds = sorted(draw(st.sets(st.sampled_from(DAYS), min_size=2, max_size=6)))
    kept = [pair for pair in itertools.pairwise(bounds) if draw(st.booleans())] or [(bounds[0], bounds[1])]
    made = [
        dataclasses.replace(OWN, licence=f"L-{n}", valid_from=str(first), valid_to=str(end))
        for n, (first, end) in enumerate(kept)
    ]
    if draw(st.booleans()):
        made[0] = dataclasses.replace(made[0], valid_from=None)
    if draw(st.booleans()):
        made[-1] = dataclasses.replace(made[-1], valid_to=None)
    return made


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(pieces(), min_size=1, max_size=3), st.sampled_from(DAYS), st.integers(0, 400))
def test_what_was_believed_and_what_holds_on_a_day(
    database_url: str, history: list[list[Terms]], month: datetime.date, more: int
) -> None:
    database = Database(database_url)
    day = month + datetime.timedelta(days=more - 200)
    database.transaction(lambda c: c.execute(delete(terms)))
    for seconds, said in enumerate(history):
        database.transaction(lambda c, said=said, at=seconds: record(c, said, at))
    url = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with connect(url) as reading:
        for seconds, said in enumerate(history):
            known = NOW + datetime.timedelta(seconds=seconds)
            found = reading.terms(When(known, day), [OWN.number])[OWN.number]
            assert found.statement == in_force(said, day).statement()
            assert reading.rights(When(known, day), [OWN.number])[OWN.number].share == found.rights.share
        newest = reading.terms(When(None, day))[OWN.number]
        assert newest.statement == in_force(history[-1], day).statement()
        today = reading.terms(When())[OWN.number]
        assert today.statement == in_force(history[-1], When().day).statement()
    found_now = database.transaction(lambda c: statements.of_numbers(c, [OWN.number]))
    assert found_now[OWN.number] == in_force(history[-1], When().day)
    by_day = database.transaction(lambda c: statements.pieces_of_numbers(c, [OWN.number], day))
    assert by_day[OWN.number][0] == in_force(history[-1], day)
    assert sorted(by_day[OWN.number], key=lambda item: item.valid_from or "") == history[-1]
    database.close()
