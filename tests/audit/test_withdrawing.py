"""What is withdrawn is found, quarantined, refused and lifted again; a naive count over all placements must agree."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lineage_platform.audit.quarantine import withdrawn_in
from lineage_platform.audit.withdrawn import WithdrawalAnswer
from lineage_platform.errors import Conflict, InvalidInput, NotFound
from lineage_platform.ledger.keys import add_secret
from lineage_platform.model.keys import key_range, snapshot_of
from lineage_platform.model.withdrawals import Planned, Recorded
from lineage_platform.recording import Recorder
from lineage_platform.settings import Settings
from lineage_platform.transformations.parts import read_table
from lineage_platform.wiring import open_recorder, open_workspace
from lineage_platform.wiring.reading import OpenWorkspace
from lineage_platform.wiring.withdrawing import Wanted, reinstate_withdrawal, withdraw
from tests.audit.definitions import World
from tests.audit.releasing import make_release
from tests.audit.worlds import make_annotations, make_documents, make_world, observe
from tests.recording import consistency

SAID: dict[str, Any] = {"reason": "A letter", "author": "A. Officer"}


@pytest.fixture
def made(settings: Settings, recorder: Recorder) -> World:
    return make_world(settings, recorder)


@pytest.fixture
def asked(made: World) -> Iterator[OpenWorkspace]:
    with open_workspace(settings=made.settings) as opened:
        yield opened


def placed(recorder: Recorder, world: World) -> list[dict[str, Any]]:
    """Every placement of the corpus."""
    version = world.versions["demo/shards"]
    return [
        row
        for path in recorder.paths(version, "placements-by-document")
        for row in read_table(path).to_pylist()
    ]


def found(answer: WithdrawalAnswer) -> tuple[set[str], int, int]:
    """Shards, documents, tokens of the one corpus."""
    if not answer.corpora:
        return set(), 0, 0
    [corpus] = answer.corpora
    assert (corpus.documents, corpus.tokens) == (answer.documents, answer.tokens)
    assert corpus.bytes > 0
    return set(corpus.shards), corpus.documents, corpus.tokens


def counted(rows: list[dict[str, Any]], keys: set[int]) -> tuple[set[str], int, int]:
    own = [row for row in rows if row["document"] in keys]
    return {f"shard-{row['shard']:05d}" for row in own}, len(own), sum(row["tokens"] for row in own)


def of(world: World, source: str) -> set[int]:
    return {world.key(source, number) for number in range(len(world.records[source]))}


def test_a_dry_run_says_what_is_hit_and_records_nothing(
    asked: OpenWorkspace, made: World, recorder: Recorder, tmp_path: Path
) -> None:
    rows = placed(recorder, made)
    some = [
        made.key("press", 3),
        made.key("forum", 7),
        made.key("forum", 2),
    ]  # the last was dropped as a duplicate
    person = {
        made.key("blog", number)
        for number, record in enumerate(made.records["blog"])
        if record.subject == "Person1@Example.org "
    }
    licensed = {
        made.key("forum", number)
        for number, record in enumerate(made.records["forum"])
        if record.declared == "MIT"
    }
    query = tmp_path / "query.parquet"
    pq.write_table(pa.table({"document": sorted(of(made, "blog"))}), query)
    for wanted, keys in (
        (Wanted(source="press"), of(made, "press")),
        (Wanted(documents=[str(key) for key in some]), set(some)),
        (Wanted(subject="person1@example.org"), person),
        (Wanted(licence="mit"), licensed),
        (Wanted(licence="CC-BY-4.0"), of(made, "press") | of(made, "blog")),
        (Wanted(query=query), of(made, "blog")),
    ):
        answer = withdraw(asked, wanted, **SAID, dry_run=True)
        assert found(answer) == counted(rows, keys), wanted
        assert (answer.withdrawal, answer.state) == (None, "planned")
    documents = withdraw(asked, Wanted(documents=[str(key) for key in some]), **SAID, dry_run=True)
    assert (documents.restored, documents.remaining) == (1, 1)
    press = withdraw(asked, Wanted(source="press"), **SAID, dry_run=True)
    assert (press.restored, press.remaining) == (5, 0)
    assert asked.withdrawals().withdrawals == ()
    assert asked.verify().ok


def test_a_life_of_a_withdrawal(asked: OpenWorkspace, made: World, recorder: Recorder) -> None:
    release = make_release(made, recorder, passed=True)
    key = made.key("press", 3)
    answer = withdraw(asked, Wanted(documents=[str(key)]), **SAID, request="12")
    assert (answer.state, answer.kind) == ("recorded", "takedown")
    assert [(item.release, item.state) for item in answer.releases] == [(release.id, "quarantined")]
    [corpus] = answer.corpora
    held = set(corpus.shards)
    assert {entry.shard for entry in asked.shards().shards if entry.quarantined} == held
    number = str(answer.withdrawal)
    for entry in asked.shards().shards:
        assert asked.trace(entry.shard).quarantined == ((number,) if entry.shard in held else ())
    assert asked.trace_corpus().quarantined == (number,)
    [impact] = asked.impact(source="press").corpora
    assert set(impact.quarantined) == held
    assert recorder.refused(["press", "forum", "blog"]) == [(key, key, f"withdrawal {number}")]
    [state] = asked.releases().releases
    assert (state.state, f"withdrawal {number}" in str(state.reason)) == ("quarantined", True)

    again = withdraw(asked, Wanted(documents=[str(key)]), **SAID)
    assert (again.state, again.withdrawal) == ("recorded-before", number)
    other = withdraw(asked, Wanted(source="press"), **SAID)
    assert other.state == "recorded"
    assert recorder.refused(["press"])[1] == (key, key, f"withdrawal {number}")
    assert asked.verify().ok
    consistency.check(made.settings)

    reinstate_withdrawal(asked, number, **SAID)
    with pytest.raises(Conflict, match="all of it was reinstated before"):
        reinstate_withdrawal(asked, number, **SAID)
    assert asked.releases().releases[0].state == "quarantined", "the other withdrawal has it still"
    assert all(entry.quarantined == (other.withdrawal,) for entry in asked.shards().shards)
    reinstate_withdrawal(asked, str(other.withdrawal), **SAID)
    assert [item.state for item in asked.withdrawals().withdrawals] == ["lifted", "lifted"]
    assert asked.releases().releases[0].state == "reopened"
    assert not any(entry.quarantined for entry in asked.shards().shards)
    assert recorder.refused(["press", "forum", "blog"]) == []
    assert asked.verify().ok


def test_nothing_in_quarantine_is_released(asked: OpenWorkspace, made: World, recorder: Recorder) -> None:
    answer = withdraw(asked, Wanted(documents=[str(made.key("blog", 1))]), **SAID)
    refused = make_release(made, recorder)
    assert asked.releases().releases[0].state == "refused"
    with asked.catalog.snapshot():
        [kept] = asked.catalog.files([refused.id], "verdicts")
    assert f'"quarantined":["withdrawal {answer.withdrawal}"]' in asked.store.path(kept.file).read_text()


def test_a_corpus_that_was_being_made_meanwhile_is_not_released_either(
    asked: OpenWorkspace, made: World, recorder: Recorder
) -> None:
    answer = withdraw(asked, Wanted(documents=[str(made.key("blog", 1))]), **SAID)
    licence = withdraw(asked, Wanted(licence="MIT"), **SAID)
    with psycopg.connect(made.settings.database_url or "", autocommit=True) as connection:
        connection.execute("DELETE FROM lineage.quarantines")  # as if they had come later
    with asked.catalog.snapshot():
        found = withdrawn_in(asked.catalog, made.versions["demo/shards"].id, [])
    assert found == []
    refused = make_release(made, recorder)
    with asked.catalog.snapshot():
        [kept] = asked.catalog.files([refused.id], "verdicts")
    named = f'"quarantined":["withdrawal {answer.withdrawal}","withdrawal {licence.withdrawal}"]'
    assert named in asked.store.path(kept.file).read_text()


def test_what_was_never_seen_is_refused_when_it_comes(
    asked: OpenWorkspace, made: World, recorder: Recorder
) -> None:
    later = withdraw(asked, Wanted(source="later"), **SAID)
    assert ([gap.kind for gap in later.gaps], later.corpora) == (["never-seen"], ())
    person = withdraw(asked, Wanted(subject="nobody@example.org"), **SAID)
    assert [gap.kind for gap in person.gaps] == ["never-seen"]
    assert recorder.refused(["press", "forum", "blog"]) == []
    with pytest.raises(NotFound, match="document"):
        withdraw(asked, Wanted(documents=[str(key_range(4711)[0])]), **SAID)
    with pytest.raises(NotFound, match="licence"):
        withdraw(asked, Wanted(licence="WTFPL"), **SAID)
    assert len(asked.withdrawals().withdrawals) == 2
    assert asked.verify().ok


def test_it_does_not_come_back(asked: OpenWorkspace, made: World, recorder: Recorder) -> None:
    """A later snapshot: by record id, by text, and by person, under a newer key too."""
    first = str(withdraw(asked, Wanted(documents=[str(made.key("press", 3))]), **SAID).withdrawal)
    second = str(withdraw(asked, Wanted(subject="person2@example.org"), **SAID).withdrawal)
    add_secret(made.settings.subject_key_file)
    fresh = open_recorder(made.settings)
    people = [
        number
        for number, record in enumerate(made.records["blog"])
        if record.subject == "Person2@Example.org "
    ]
    known = {(made.key("blog", number),) * 2 for number in people}
    assert {(low, high) for low, high, _ in fresh.refused(["blog"])} == known
    text = made.records["press"][3].text
    changed = [*made.records["press"], type(made.records["press"][0])(1, 30, text)]
    made.records["press"] = [
        record if number != 3 else type(record)(record.file, record.ordinal, "other words now")
        for number, record in enumerate(changed)
    ]
    old = made.snapshots["press"].number
    observe(made, recorder, "press")
    make_documents(made, recorder, "press")
    make_annotations(made, recorder, "press")
    assert made.snapshots["press"].number != old
    expected = {
        made.key("press", 3),
        made.key("press", 40),
    }  # the same record with other words, another with the same
    same = {
        made.key("press", number)
        for number, record in enumerate(made.records["press"])
        if (record.ordinal == 3 or record.text == text)
    }
    got = {low: said for low, high, said in fresh.refused(["press"])}
    assert expected <= set(got) <= same
    assert set(got.values()) == {f"withdrawal {first}"}
    assert {snapshot_of(key) for key in got} == {made.snapshots["press"].number}
    assert {said for _, _, said in fresh.refused(["blog"])} == {f"withdrawal {second}"}
    fresh.close()


def test_a_whole_shard(asked: OpenWorkspace, made: World, recorder: Recorder, tmp_path: Path) -> None:
    rows = placed(recorder, made)
    keys = {row["document"] for row in rows if row["shard"] == 1}
    query = tmp_path / "shard.parquet"
    pq.write_table(pa.table({"document": [str(key) for key in sorted(keys)]}), query)
    answer = withdraw(asked, Wanted(query=query), **SAID)
    assert found(answer) == counted(rows, keys)
    emptied = Counter(row["shard"] for row in rows)[1]
    held = {row["shard"]: row["documents"] for row in asked.catalog.table("quarantines", "shard")}
    assert held[1] == emptied
    assert asked.verify().ok


def test_overlapping_withdrawals_at_once(made: World, recorder: Recorder) -> None:
    wanted = [
        Wanted(source="press"),
        Wanted(documents=[str(made.key("press", 1)), str(made.key("forum", 9))]),
        Wanted(licence="CC-BY-4.0"),
        Wanted(subject="person1@example.org"),
        Wanted(source="press"),
    ]
    answers: list[WithdrawalAnswer] = []

    def run(one: Wanted) -> None:
        with open_workspace(settings=made.settings) as opened:
            answers.append(withdraw(opened, one, **SAID))

    threads = [threading.Thread(target=run, args=(one,)) for one in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(answer.state for answer in answers) == {"recorded": 4, "recorded-before": 1}
    with open_workspace(settings=made.settings) as asked:
        assert asked.verify().ok
        ranges = recorder.refused(["press", "forum", "blog"])
        assert ranges == sorted(ranges)
        assert all(low <= high for low, high, _ in ranges)
        assert all(one[1] < other[0] for one, other in itertools.pairwise(ranges))


def test_planned_again_where_corpora_were_committed_meanwhile(
    asked: OpenWorkspace, made: World, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    withdrawal = Recorder.withdraw
    tries: list[Planned] = []

    def out_of_date(self: Recorder, planned: Planned) -> Recorded:
        tries.append(planned)
        stale = Planned(planned.withdrawal, (), (), frozenset()) if len(tries) < limit else planned
        return withdrawal(self, stale)

    monkeypatch.setattr(Recorder, "withdraw", out_of_date)
    limit = 4
    with pytest.raises(Conflict, match="came while the withdrawal was worked out"):
        withdraw(asked, Wanted(source="press"), **SAID)
    assert (len(tries), asked.withdrawals().withdrawals) == (3, ())
    tries.clear()
    limit = 3
    assert withdraw(asked, Wanted(source="press"), **SAID).state == "recorded"
    assert asked.verify().ok


def test_bad_questions(asked: OpenWorkspace, tmp_path: Path) -> None:
    for wanted in (Wanted(), Wanted(source="press", licence="MIT")):
        with pytest.raises(InvalidInput, match="expected exactly one"):
            withdraw(asked, wanted, **SAID)
    file = tmp_path / "x.parquet"
    with pytest.raises(InvalidInput, match="expected a Parquet file"):
        withdraw(asked, Wanted(query=file), **SAID)
    pq.write_table(pa.table({"other": [1]}), file)
    with pytest.raises(InvalidInput, match="a column `document`"):
        withdraw(asked, Wanted(query=file), **SAID)
    pq.write_table(pa.table({"document": pa.array([1, None])}), file)
    with pytest.raises(InvalidInput, match="a key that is null"):
        withdraw(asked, Wanted(query=file), **SAID)
    with pytest.raises(InvalidInput, match="--kind: got 'x'"):
        withdraw(asked, Wanted(source="press"), **SAID, kind="x")
    assert asked.withdrawals().withdrawals == ()
