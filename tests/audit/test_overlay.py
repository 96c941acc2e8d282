"""The overlay: a law about intervals, and what it does to answers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from lineage_platform.audit.overlay import cover
from lineage_platform.catalog.rows import OverlayRow
from lineage_platform.wiring.reading import OpenWorkspace
from tests.audit.definitions import World
from tests.audit.worlds import subject_hash

START = datetime(2026, 1, 1, tzinfo=UTC)
WITHDRAWN = {
    "source": "any",
    "declared": None,
    "licence": "LicenseRef-withdrawn",
    "licence_status": "resolved",
    "licence_note": "",
    "consent_basis": "consent-withdrawn",
    "consent_iri": "",
    "personal_data": "unknown",
    "scope": {"fields": [], "regions": [], "uses": [], "grantees": []},
    "evidence": None,
    "valid_from": None,
    "valid_to": None,
}

keys = st.integers(0, 30)
subjects = st.sampled_from([b"a", b"b"])
targets = st.one_of(
    st.tuples(keys, keys).map(lambda pair: {"key_from": min(pair), "key_to": max(pair)}),
    keys.map(lambda key: {"document": key}),
    subjects.map(lambda subject: {"subject": subject}),
    st.just({"source": "all"}),
)


@given(
    st.lists(st.tuples(targets, st.integers(0, 3), st.none() | st.just(7)), max_size=8),
    st.dictionaries(keys, subjects, max_size=8),
)
def test_withdrawals_then_the_most_specific_then_the_latest_count(
    rows: list[tuple[dict[str, Any], int, int | None]], subject_of: dict[int, bytes]
) -> None:
    overlay = [
        OverlayRow(number, {}, START + timedelta(days=day), 0, withdrawal=withdrawal, **target)
        for number, (target, day, withdrawal) in enumerate(rows)
    ]

    class Everything:
        keys = (0, 30)

    intervals = cover(
        overlay,
        lambda _source: [Everything()],  # type: ignore[list-item]
        lambda wanted: [(subject, key) for key, subject in subject_of.items() if subject in wanted],
    )
    assert all(a.last < b.first for a, b in itertools.pairwise(intervals))
    for key in range(31):
        expected = None
        best: tuple[bool, int, datetime, int] | None = None
        for row in overlay:
            kinds = [
                (0, row.source is not None),
                (1, row.key_from is not None and row.key_from <= key <= (row.key_to or 0)),
                (2, row.subject is not None and subject_of.get(key) == row.subject),
                (3, row.document == key),
            ]
            for kind, covers in kinds:
                order = (row.withdrawal is not None, kind, row.recorded_at, row.id)
                if covers and (best is None or order > best):
                    best, expected = order, row.id
        found = [item.overlay for item in intervals if item.first <= key <= item.last]
        assert found == ([] if expected is None else [expected])


Lay = Callable[..., None]


@pytest.fixture
def lay(world: World) -> Iterator[Lay]:
    """Put rows into the overlay; they are gone after the test."""
    columns = {"source", "key_from", "key_to", "document", "subject", "valid_to"}

    def put(
        licence: str = "LicenseRef-withdrawn",
        recorded_at: datetime = START,
        lifted_at: datetime | None = None,
        **values: Any,
    ) -> None:
        assert set(values) <= columns
        row = {
            **dict.fromkeys(columns),
            "statement": Jsonb({**WITHDRAWN, "licence": licence}),
            "recorded_at": recorded_at,
            "valid_from": recorded_at,
            **values,
        }
        with psycopg.connect(world.settings.database_url or "") as connection:
            laid = connection.execute(
                """INSERT INTO lineage.overlay (source, key_from, key_to, document, subject, statement, reason, author,
                       valid_from, valid_to, recorded_at, ledger_index)
                   VALUES (%(source)s, %(key_from)s, %(key_to)s, %(document)s, %(subject)s, %(statement)s, 'asked', 'me',
                       %(valid_from)s, %(valid_to)s, %(recorded_at)s, 1) RETURNING id""",
                row,
            ).fetchone()
            if lifted_at is not None:
                connection.execute(
                    "INSERT INTO lineage.reinstatements VALUES (%s, 'settled', 'me', %s, %s, 2)",
                    (*(laid or ()), lifted_at, lifted_at),
                )

    yield put
    with psycopg.connect(world.settings.database_url or "") as connection:
        connection.execute("TRUNCATE lineage.overlay, lineage.reinstatements")


def withdrawn(asked: OpenWorkspace, licence: str = "LicenseRef-withdrawn", **how: Any) -> dict[str, int]:
    """Documents under a licence by source, from traces; the impact must say the same."""
    found: dict[str, int] = {}
    by_shard: dict[str, int] = {}
    for entry in asked.shards("demo").shards:
        trace = asked.trace(entry.shard, "demo", **how)
        assert trace.documents == sum(source.documents for source in trace.sources)
        for source in trace.sources:
            for terms in source.terms:
                if terms.licence == licence:
                    found[source.source] = found.get(source.source, 0) + terms.documents
                    by_shard[entry.shard] = by_shard.get(entry.shard, 0) + terms.documents
    whole: dict[str, int] = {}
    for row in asked.trace_corpus("demo", **how).rows():
        if row["licence"] == licence:
            whole[row["source"]] = whole.get(row["source"], 0) + row["documents"]
    assert whole == found
    if found:
        impact = asked.impact(licence=licence, **how)
        assert {shard.shard: shard.documents for shard in impact.corpora[0].shards} == by_shard
        assert len(impact.snapshots) == len(found)
    return found


def test_a_document(asked: OpenWorkspace, world: World, lay: Lay) -> None:
    key = world.key("press", 7)
    lay(document=key)
    assert withdrawn(asked) == {"press": 2}
    place = asked.impact(licence="LicenseRef-withdrawn").corpora[0].shards[0].shard
    rows = next(entry.documents for entry in asked.shards("demo").shards if entry.shard == place)
    document = next(
        document
        for document in (asked.trace_document(place, "demo", row=row) for row in range(rows))
        if document.document == str(key)
    )
    assert document.terms is not None
    assert document.terms["consent_basis"] == "consent-withdrawn"


def test_a_source_a_range_and_a_subject(asked: OpenWorkspace, world: World, lay: Lay) -> None:
    lay(source="blog")
    assert withdrawn(asked) == {"blog": 12}
    lay(key_from=world.key("press", 10), key_to=world.key("press", 12), licence="LicenseRef-range")
    assert withdrawn(asked, "LicenseRef-range") == {"press": 6}
    lay(subject=subject_hash(world.settings, "person1@example.org"), licence="LicenseRef-person")
    assert withdrawn(asked, "LicenseRef-person") == {"blog": 3}
    assert withdrawn(asked) == {"blog": 9}


def test_what_leaves_a_licence_is_not_found_under_it(asked: OpenWorkspace, world: World, lay: Lay) -> None:
    before = asked.impact(licence="CC-BY-4.0").corpora[0].documents
    lay(document=world.key("press", 7))
    assert asked.impact(licence="CC-BY-4.0").corpora[0].documents == before - 2
    assert asked.impact(source="press").corpora[0].documents == 80


def test_an_overlay_that_is_lifted_over_or_not_known_yet(asked: OpenWorkspace, lay: Lay) -> None:
    later = datetime.now(UTC) - timedelta(minutes=1)
    lay(source="blog", recorded_at=START, lifted_at=START + timedelta(days=10))
    lay(source="press", recorded_at=START, valid_to=START + timedelta(days=10))
    lay(source="forum", recorded_at=later)
    assert withdrawn(asked) == {"forum": 25}
    assert withdrawn(asked, as_of=later - timedelta(seconds=1)) == {}
    assert withdrawn(asked, as_of=START + timedelta(days=9)) == {"blog": 12, "press": 80}


def test_sources_show_it(asked: OpenWorkspace, world: World, lay: Lay) -> None:
    from lineage_platform.audit.listing import list_sources

    lay(source="blog")
    listed = {entry.source: entry for entry in list_sources(asked.catalog, (), {}).sources}
    assert listed["blog"].licence == "LicenseRef-withdrawn"
    assert listed["press"].licence == "CC-BY-4.0"
    assert (listed["press"].files, listed["press"].documents, listed["press"].in_workspace) == (2, 40, False)
