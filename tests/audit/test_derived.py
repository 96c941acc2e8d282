"""What was made from others: every answer meets its terms with theirs, under the overlay, at every time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from lineage_platform.model.overlay import Cover
from lineage_platform.model.terms import NOASSERTION
from lineage_platform.policy.terms import terms_of
from lineage_platform.recording import Recorder
from lineage_platform.settings import Settings
from lineage_platform.wiring.reading import OpenWorkspace, open_workspace
from tests.audit.definitions import World
from tests.audit.test_overlay import Lay, lay
from tests.audit.worlds import make_world, observe

__all__ = ["lay"]

OWN = "CC-BY-4.0"
NO_COMMERCIAL_USE = "licence-no-commercial-use"
MET = "CC-BY-4.0 AND CC-BY-NC-4.0"


def derive(world: World, recorder: Recorder, name: str, *parents: str) -> datetime:
    """The source is declared to be made from others; returns a moment before that was recorded."""
    before = datetime.now(UTC)
    world.sources[name] = replace(world.sources[name], derived_from=parents)
    observe(world, recorder, name)
    return before


def licences(asked: OpenWorkspace, source: str, as_of: datetime | None = None) -> dict[str, int]:
    """Documents of a source by licence, from the corpus; shards must sum to it."""

    def counted(rows: list[dict[str, object]], found: dict[str, int]) -> dict[str, int]:
        for row in rows:
            if row["source"] == source:
                found[str(row["licence"])] = found.get(str(row["licence"]), 0) + int(str(row["documents"]))
        return found

    whole = counted(asked.trace_corpus("demo", as_of=as_of).rows(), {})
    shards: dict[str, int] = {}
    for entry in asked.shards("demo").shards:
        counted(asked.trace(entry.shard, "demo", as_of=as_of).rows(), shards)
    assert shards == whole
    return whole


def test_a_derived_source_has_the_terms_of_its_parents(settings: Settings, recorder: Recorder) -> None:
    world = make_world(settings, recorder)
    before = derive(world, recorder, "press", "blog")
    derive(world, recorder, "blog", "forum")
    with open_workspace(settings=settings) as asked:
        assert licences(asked, "blog", as_of=before) == {OWN: 12}
        assert licences(asked, "press") == {NOASSERTION: 80}
        assert licences(asked, "blog") == {NOASSERTION: 12}
        notes = [gap.note for gap in asked.trace_corpus("demo").gaps if gap.kind == "licence-unknown"]
        assert any(note.startswith("blog + forum + press: forum:") for note in notes)

    settled = terms_of(world.sources["forum"], None)[0]
    [row] = recorder.restate([Cover(source="forum")], settled, reason="settled", author="me")
    with open_workspace(settings=settings) as asked:
        assert licences(asked, "blog") == {MET: 12}
        assert licences(asked, "press") == {MET: 80}
        assert asked.impact(licence="CC-BY-NC-4.0").corpora[0].documents == 12 + 80 + 25
        answer = asked.explain("blog", use="commercial-pretraining", jurisdictions=["US"])
        [reason] = [item for item in answer.judgements[0].reasons if item.policy == NO_COMMERCIAL_USE]
        assert (reason.documents, reason.sources, reason.facts["commercial"]) == (12, ("forum",), "no")
        entries = asked.trace("shard-00000", "demo").evidence.entries
        assert any(entry.event and entry.event["kind"] == "OVERLAY" for entry in entries)

    recorder.reinstate([row], reason="not settled", author="me")
    with open_workspace(settings=settings) as asked:
        assert licences(asked, "blog") == {NOASSERTION: 12}


def test_an_overlay_on_what_it_was_made_from_and_on_itself(settings: Settings, recorder: Recorder) -> None:
    world = make_world(settings, recorder)
    derive(world, recorder, "blog", "press")
    withdrawn = replace(terms_of(world.sources["press"], None)[0], licence="LicenseRef-withdrawn")
    recorder.restate([Cover(document=world.key("press", 7))], withdrawn, reason="asked", author="me")
    with open_workspace(settings=settings) as asked:
        assert licences(asked, "blog") == {"CC-BY-4.0 AND LicenseRef-withdrawn": 12}, (
            "any may be made from it"
        )
        assert licences(asked, "press") == {OWN: 78, "LicenseRef-withdrawn": 2}
        assert asked.impact(licence="LicenseRef-withdrawn").corpora[0].documents == 14

    better = replace(terms_of(world.sources["press"], None)[0], licence="CC0-1.0")
    recorder.restate([Cover(source="blog")], better, reason="settled", author="me")
    with open_workspace(settings=settings) as asked:
        assert licences(asked, "blog") == {"CC-BY-4.0 AND CC0-1.0 AND LicenseRef-withdrawn": 12}, (
            "still made from it"
        )
        assert asked.impact(licence="LicenseRef-withdrawn").corpora[0].documents == 14


def test_which_copies_could_take_the_place_of_a_document(
    asked: OpenWorkspace, world: World, lay: Lay
) -> None:
    key = next(iter(world.duplicates.values()))

    def ranked() -> tuple[int | None, list[tuple[int | None, bool]]]:
        place = asked.impact(document=str(key)).corpora[0].shards[0].shard
        rows = next(entry.documents for entry in asked.shards("demo").shards if entry.shard == place)
        traces = (asked.trace_document(place, "demo", row=row) for row in range(rows))
        found = next(trace for trace in traces if trace.document == str(key))
        return found.rank, [(copy.rank, copy.could_replace) for copy in found.duplicates]

    before, [(copy, could)] = ranked()
    assert before is not None and copy is not None and could == (copy <= before)
    lay(document=key)
    after, copies = ranked()
    assert after is not None and after > max(before, copy)
    assert copies == [(copy, True)], "terms of the document got worse, not those of its copy"
