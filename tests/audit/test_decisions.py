"""Decisions: every record that is not in the shards is listed once, with the reason."""

from __future__ import annotations

import dataclasses
from collections import Counter

import pytest

from lineage_platform.errors import InvalidInput, NotFound
from lineage_platform.model.definitions import WeightedSource
from lineage_platform.recording import Recorder
from lineage_platform.settings import Settings
from lineage_platform.wiring import open_workspace
from lineage_platform.wiring.reading import OpenWorkspace
from tests.audit.corpora import make_selection, make_shards, make_tokenizer
from tests.audit.definitions import World
from tests.audit.worlds import make_world


def test_keys_of_the_contract(asked: OpenWorkspace) -> None:
    answer = asked.decisions("demo").to_dict()
    assert list(answer) == ["corpus", "version", "records", "totals", "decisions", "gaps"]
    assert list(answer["totals"][0]) == ["dataset", "reason", "records"]
    keys = ["dataset", "source", "file", "record", "record_id", "document", "reason", "detail"]
    assert list(answer["decisions"][0]) == keys


def test_what_is_not_in_the_shards_is_listed_once(asked: OpenWorkspace, world: World) -> None:
    answer = asked.decisions()
    expected = {
        str(world.key(name, number))
        for name in world.sources
        for number in set(range(len(world.records[name]))) - set(world.kept(name))
    }
    assert sorted(row.document for row in answer.decisions) == sorted(expected)
    assert answer.records == sum(total.records for total in answer.totals) == len(expected) == 6
    assert answer.gaps == ()
    unreadable, *copies = answer.to_dict()["decisions"]
    assert unreadable == {
        "dataset": "documents/forum",
        "source": "forum",
        "file": "forum/0.jsonl",
        "record": 30,
        "record_id": None,
        "document": str(world.key("forum", 30)),
        "reason": "malformed-record",
        "detail": "no JSON",
    }
    for number, copy in enumerate(copies):
        assert copy == {
            "dataset": "demo/deduplicated",
            "source": "forum",
            "file": "forum/0.jsonl",
            "record": number,
            "record_id": f"r{number}",
            "document": str(world.key("forum", number)),
            "reason": "exact-duplicate",
            "detail": f"duplicate of {world.duplicates[world.key('forum', number)]}",
        }
    assert len(answer.to_pandas()) == 6


def test_totals_do_not_know_the_limit(asked: OpenWorkspace) -> None:
    everything = asked.decisions(limit=None)
    for limit in range(8):
        some = asked.decisions(limit=limit)
        assert (some.records, some.totals) == (everything.records, everything.totals)
        assert some.decisions == everything.decisions[:limit]
    with pytest.raises(InvalidInput, match="limit"):
        asked.decisions(limit=-1)


def test_of_a_source_and_for_a_reason(asked: OpenWorkspace) -> None:
    assert asked.decisions(source="forum") == asked.decisions()
    assert asked.decisions(source="press").records == 0
    assert asked.decisions(source="press").totals == ()
    assert asked.decisions(source="press").decisions == ()
    copies = asked.decisions(reason="exact-duplicate", source="forum")
    assert [(total.dataset, total.reason, total.records) for total in copies.totals] == [
        ("demo/deduplicated", "exact-duplicate", 5)
    ]
    assert asked.decisions(reason="quality").records == 0
    assert asked.decisions(reason="normalised").records == 0  # an edit, which drops nothing
    with pytest.raises(NotFound) as missing:
        asked.decisions(source="forun")
    assert missing.value.nearest[0] == "forum"
    with pytest.raises(NotFound) as missing:
        asked.decisions(reason="qualty")
    assert missing.value.nearest[0] == "quality"
    with pytest.raises(NotFound):
        asked.decisions("none")


def test_weights_and_what_a_pinned_tokenizer_was_trained_on(settings: Settings, recorder: Recorder) -> None:
    world = make_world(settings, recorder, formats=("parquet",))
    whole = world.corpus
    world.corpus = dataclasses.replace(whole, sources=(WeightedSource("press", 0.5), *whole.sources[1:]))
    for make in (make_selection, make_tokenizer, make_shards):
        make(world, recorder)
    left_out = world.versions["demo/selection"].statistics.dropped
    with open_workspace(settings=settings) as opened:
        halved = opened.decisions(limit=None)
        assert Counter(row.reason for row in halved.decisions)["weight"] == left_out > 0
        assert {row.source for row in halved.decisions if row.reason == "weight"} == {"press"}
        assert all(row.file and row.record_id for row in halved.decisions if row.reason == "weight")
    world.corpus = whole
    for make in (make_selection, make_shards):  # the tokenizer stays
        make(world, recorder)
    with open_workspace(settings=settings) as opened:
        answer = opened.decisions()
        assert answer.version == world.versions["demo/shards"].id != halved.version
        assert [total.reason for total in answer.totals] == ["malformed-record", "exact-duplicate"]
