"""Rights summed up: shards sum to the corpus, the corpus to the trace; the overlay and times count."""

from __future__ import annotations

from datetime import date

import pytest

from lineage_platform.errors import NotFound
from lineage_platform.wiring.reading import OpenWorkspace
from tests.audit.definitions import World
from tests.audit.test_overlay import Lay, lay

__all__ = ["lay"]


def test_keys_of_the_contract(asked: OpenWorkspace) -> None:
    answer = asked.rights(corpus="demo").to_dict()
    assert list(answer) == ["corpus", "version", "shard", "day", "rights", "gaps"]
    assert list(answer["rights"]) == [
        "documents", "tokens", "licences", "duties", "restrictions", "personal_data", "minors", "generations",
        "unknowns", "strictest", "uses", "regions", "recipients", "valid_from", "valid_to", "first_embargo",
        "last_embargo", "synthetic", "depth", "rightsholders", "jurisdictions", "generators", "personal_categories",
    ]  # fmt: skip


def test_shards_sum_to_the_corpus_and_the_corpus_to_its_trace(asked: OpenWorkspace, world: World) -> None:
    whole, every = asked.rights(corpus="demo").rights, asked.rights_by_shard("demo").shards
    traced = asked.trace_corpus("demo")
    assert (whole["documents"], whole["tokens"]) == (traced.documents, traced.tokens)
    by_licence: dict[str, int] = {}
    for row in traced.rows():
        by_licence[row["licence"]] = by_licence.get(row["licence"], 0) + row["documents"]
    assert {licence: count["documents"] for licence, count in whole["licences"].items()} == by_licence
    for shard, rights in every.items():
        assert asked.rights(shard, "demo").rights == rights
        assert rights["documents"] == asked.trace(shard, "demo").documents
    for key in ("licences", "duties", "unknowns"):
        for word, count in whole[key].items():
            assert count["tokens"] == sum(
                rights[key].get(word, {"tokens": 0})["tokens"] for rights in every.values()
            )
    assert whole["personal_data"]["personal"]["documents"] == len(world.kept("blog"))
    assert (whole["strictest"]["commercial"], whole["depth"]) == ("no", 0)
    assert {gap.kind for gap in asked.rights(corpus="demo").gaps} == {gap.kind for gap in traced.gaps}
    assert len(asked.rights_by_shard("demo").rows()) == len(every)


def test_the_overlay_counts(asked: OpenWorkspace, world: World, lay: Lay) -> None:
    before = asked.rights(corpus="demo").rights
    lay(document=world.key("press", 7))
    after = asked.rights(corpus="demo").rights
    assert after["licences"]["LicenseRef-withdrawn"]["documents"] == 2
    assert after["documents"] == before["documents"]
    assert (
        sum(
            rights["licences"].get("LicenseRef-withdrawn", {"documents": 0})["documents"]
            for rights in asked.rights_by_shard("demo").shards.values()
        )
        == 2
    )
    assert (
        "LicenseRef-withdrawn"
        not in asked.rights(corpus="demo", valid_at=date(2025, 1, 1)).rights["licences"]
    )


def test_the_attribution_file_names_every_source(asked: OpenWorkspace) -> None:
    text = asked.attribution(corpus="demo")
    assert [line for line in text.splitlines() if line.startswith("### ")] == [
        "### blog",
        "### forum",
        "### press",
    ]
    assert "# demo/shards@" in text
    assert asked.attribution("0", "demo").startswith("# shard-00000 of demo/shards@")


def test_what_does_not_exist(asked: OpenWorkspace) -> None:
    with pytest.raises(NotFound):
        asked.rights("shard-99999", "demo")
    with pytest.raises(NotFound):
        asked.rights_by_shard("dmo")
