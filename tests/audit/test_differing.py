"""What would change: nothing is recorded, no document is lost, and the verdicts are those that explanations give."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from lineage_platform.audit.differing import Differing, PolicyDiff
from lineage_platform.audit.moves import Question, matched_rules
from lineage_platform.model.overlay import Cover
from lineage_platform.model.when import When
from lineage_platform.policy.policies import load
from lineage_platform.policy.ruling import Rule
from lineage_platform.policy.terms import terms_of
from lineage_platform.policy.verdicts import UNDECLARED
from lineage_platform.recording import Recorder
from lineage_platform.settings import Settings
from lineage_platform.wiring.reading import OpenWorkspace, open_workspace
from tests.audit.definitions import World, declared
from tests.audit.releasing import make_release
from tests.audit.worlds import make_world

DAY = date(2026, 11, 22)
OWN = """
@id("house-no-nc")
@title("Nothing that is bound to non-commercial use")
@title_zh("不使用限于非商业用途的内容")
@law("House rule 3")
@severity("error")
@effect("refuse")
@clears("Ask the holder.")
@source("docs/house.md")
forbid (principal, action, resource)
when { resource.commercial == "no" };
"""

COUNTS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from([None, 1, 2]), st.integers(1, 9)), max_size=8)


def rules(counts: Counter[tuple[int, int | None]]) -> list[Rule]:
    return [Rule(terms, overlay, some, 10 * some, {}) for (terms, overlay), some in counts.items()]


@given(COUNTS, st.randoms())
def test_every_document_is_matched_once(counts: list[tuple[int, int | None, int]], order: object) -> None:
    before: Counter[tuple[int, int | None]] = Counter()
    after: Counter[tuple[int, int | None]] = Counter()
    for terms, overlay, some in counts:
        before[terms, None] += some
        after[terms, overlay] += some
    was, will = rules(before), rules(after)
    found = list(matched_rules(was, will))
    for place, rule in enumerate(was):
        assert sum(some for at, _, some, _ in found if at == place) == rule.documents
    for place, rule in enumerate(will):
        here = [match for match in found if match[1] == place]
        assert sum(some for _, _, some, _ in here) == rule.documents
        assert sum(tokens for _, _, _, tokens in here) == rule.tokens
    assert all(was[one].terms == will[other].terms for one, other, _, _ in found)


def asked(_corpus: str) -> Question:
    return Question(("research", "commercial-pretraining"), ("EU", "US"), DAY, UNDECLARED)


def moved(answer: PolicyDiff, use: str, jurisdiction: str) -> list[tuple[str, str, int, tuple[str, ...]]]:
    [corpus] = answer.corpora
    return [
        (move.before, move.after, move.documents, move.sources)
        for move in corpus.moves
        if (move.use, move.jurisdiction) == (use, jurisdiction)
    ]


def verdicts(opened: OpenWorkspace, use: str, jurisdiction: str) -> dict[str, int]:
    [judgement] = opened.explain(
        corpus="demo", use=use, jurisdictions=[jurisdiction], valid_at=DAY
    ).judgements
    return {share.verdict: share.documents for share in judgement.shares}


def test_other_policies(world: World, tmp_path: Path) -> None:
    (tmp_path / "own.cedar").write_text(OWN)
    with open_workspace(settings=world.settings) as opened:
        size = opened.catalog.ledger_size()
        differing = Differing(opened.catalog, opened.store, opened.policies, DAY)
        same = differing.other_policies(["demo"], asked, load(), "policies")
        assert (
            same.rows() == [] and same.policies_changed == () and same.policies_before == same.policies_after
        )
        answer = differing.other_policies(["demo"], asked, load([tmp_path]), "policies")
        assert answer.policies_changed == ("house-no-nc",) and answer.sources_changed == ()
        [(was, will, documents, sources)] = moved(answer, "research", "EU")
        assert (was, will, sources) == ("allowed", "refused", ("forum",))
        assert documents == opened.rights(corpus="demo").rights["restrictions"]["non-commercial"]["documents"]
        assert moved(answer, "commercial-pretraining", "EU") == [], "refused before"
        [move] = [row for row in answer.rows() if (row["use"], row["jurisdiction"]) == ("research", "EU")]
        assert "house-no-nc" in move["policies_after"] and "house-no-nc" not in move["policies_before"]
        assert opened.catalog.ledger_size() == size


def test_terms_as_declared_before_they_are_recorded(settings: Settings, recorder: Recorder) -> None:
    world = make_world(settings, recorder)
    bound = declared("press", "CC-BY-NC-4.0", "not-personal-data", "none")
    derived = replace(world.sources["blog"], derived_from=("press",))
    with open_workspace(settings=settings) as opened:
        differing = Differing(opened.catalog, opened.store, opened.policies, DAY)
        assert differing.declared_terms(["demo"], asked, tuple(world.sources.values()), "demo").rows() == []
        before = verdicts(opened, "commercial-pretraining", "US")
        answer = differing.declared_terms(["demo"], asked, [bound, derived], "demo")
        assert answer.sources_changed == ("blog", "press")
        found = moved(answer, "commercial-pretraining", "US")
        assert sum(documents for _, will, documents, _ in found if will == "refused") == 80 + 12
        assert {source for _, _, _, sources in found for source in sources} == {"press"}, (
            "the part that decides"
        )
    for source in (bound, derived):
        recorder.observe(
            source,
            world.snapshots[source.id].digest,
            world.snapshots[source.id].files,
            None,
            terms_of(source, None),
        )
    with open_workspace(settings=settings) as opened:
        after = verdicts(opened, "commercial-pretraining", "US")
        assert after["refused"] - before.get("refused", 0) == 92, "what was said beforehand"
        differing = Differing(opened.catalog, opened.store, opened.policies, DAY)
        assert differing.declared_terms(["demo"], asked, [bound, derived], "demo").rows() == []


def test_a_release_against_today(settings: Settings, recorder: Recorder) -> None:
    world = make_world(settings, recorder)
    release = make_release(world, recorder, passed=True)
    today = When().day
    with open_workspace(settings=settings) as opened:
        nothing = Differing(opened.catalog, opened.store, opened.policies, today).release("demo")
        assert (nothing.value, nothing.rows(), nothing.sources_changed) == (release.id, [], ())
    withdrawn = replace(terms_of(world.sources["press"], None)[0], licence="LicenseRef-withdrawn")
    recorder.restate([Cover(document=world.key("press", 7))], withdrawn, reason="asked", author="me")
    with open_workspace(settings=settings) as opened:
        answer = Differing(opened.catalog, opened.store, opened.policies, today).release(release.id)
        assert answer.sources_changed == ("press",) and answer.policies_changed == ()
        [(was, _, documents, sources)] = moved(answer, "research", "EU")
        assert (was, documents, sources) == ("allowed", 2, ("press",))
