"""Impact: the same placements, asked from the other side."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lineage_platform.audit.expressions import licences_in, mentions
from lineage_platform.audit.impacted import Impact
from lineage_platform.errors import InvalidInput, NotFound
from lineage_platform.policy.terms import terms_of
from lineage_platform.recording import Recorder
from lineage_platform.settings import Settings
from lineage_platform.wiring import open_workspace
from lineage_platform.wiring.reading import OpenWorkspace
from tests.audit.corpora import make_corpus, make_selection, make_shards, make_tokenizer
from tests.audit.definitions import Record, World, declared, prose, records
from tests.audit.worlds import make_world


def documents(impact: Impact) -> int:
    total = sum(corpus.documents for corpus in impact.corpora)
    for corpus in impact.corpora:
        assert corpus.documents == sum(shard.documents for shard in corpus.shards)
        assert corpus.tokens == sum(shard.tokens for shard in corpus.shards)
    return total


def test_keys_of_the_contract(asked: OpenWorkspace) -> None:
    answer = asked.impact(source="press").to_dict()
    assert list(answer) == [
        "source",
        "snapshots",
        "corpora",
        "gaps",
        "copies",
        "children",
        "releases",
        "models",
    ]
    assert list(answer["corpora"][0]) == [
        "corpus",
        "version",
        "shards",
        "documents",
        "tokens",
        "quarantined",
    ]
    assert list(answer["corpora"][0]["shards"][0]) == ["shard", "documents", "tokens"]
    assert next(iter(asked.impact(consent_basis="consent").to_dict())) == "consent_basis"


def test_a_source_is_where_its_traces_say(asked: OpenWorkspace, world: World) -> None:
    for name in world.sources:
        impact = asked.impact(source=name)
        traced = {}
        for entry in asked.shards("demo").shards:
            for source in asked.trace(entry.shard, "demo").sources:
                if source.source == name:
                    traced[entry.shard] = (source.documents, source.tokens)
        found = {item.shard: (item.documents, item.tokens) for item in impact.corpora[0].shards}
        assert found == traced
        assert impact.snapshots == (world.snapshots[name].id,)
        assert documents(impact) == len(world.kept(name)) * (2 if name == "press" else 1)


def test_licences_and_consent(asked: OpenWorkspace, world: World) -> None:
    kept = world.kept("forum")
    mit = sum(world.records["forum"][number].declared == "MIT" for number in kept)
    assert documents(asked.impact(licence="MIT")) == mit
    assert documents(asked.impact(licence="mit")) == mit
    assert documents(asked.impact(licence="CC-BY-4.0")) == 80 + 12
    assert documents(asked.impact(consent_basis="consent")) == 12
    gaps = asked.impact(licence="MIT").gaps
    assert [(gap.kind, gap.declared) for gap in gaps] == [("licence-unknown", "some home-made licence")]
    with pytest.raises(NotFound) as missing:
        asked.impact(licence="CC-BY-3.0")
    assert "CC-BY-4.0" in missing.value.nearest
    with pytest.raises(NotFound) as missing:
        asked.impact(consent_basis="consnt")
    assert "consent" in missing.value.nearest


def test_a_document_and_a_subject(asked: OpenWorkspace, world: World) -> None:
    press = asked.impact(document=str(world.key("press", 4)))
    assert documents(press) == 2
    assert press.snapshots == (world.snapshots["press"].id,)
    assert documents(asked.impact(document=str(world.key("forum", 4)))) == 0  # dropped as a duplicate
    assert documents(asked.impact(document=str(world.key("forum", 30)))) == 0  # never a document
    for name in ("Person2@Example.org", "  person2@EXAMPLE.org"):
        subject = asked.impact(subject=name)
        assert documents(subject) == 3
        assert "example" not in str(subject.to_dict())
    assert documents(asked.impact(subject="nobody@example.org")) == 0


def test_a_text_that_lives_on_in_a_copy(asked: OpenWorkspace, world: World) -> None:
    for child, survivor in world.duplicates.items():
        answer = asked.impact(document=str(child))
        assert documents(answer) == 0
        (copy,) = answer.to_dict()["copies"]
        assert list(copy) == ["document", "survivor", "corpus", "version", "shards"]
        assert (copy["document"], copy["survivor"]) == (str(child), str(survivor))
        assert (copy["corpus"], copy["version"]) == ("demo", world.versions["demo/shards"].id)
        placed = asked.impact(document=str(survivor))
        assert copy["shards"] == placed.to_dict()["corpora"][0]["shards"]
        assert placed.copies == ()  # it is no copy itself
    assert asked.impact(source="forum").copies == ()


def test_a_subject_lives_on_in_a_copy_of_another_source(settings: Settings, recorder: Recorder) -> None:
    copy = Record(0, 30, prose(7), subject="person9@example.org")
    own = Record(0, 31, prose(400), subject="person9@example.org")
    forum = [*records("forum")[:30], copy, own]
    world = make_world(settings, recorder, formats=("parquet",), changed={"forum": forum})
    child, survivor = world.key("forum", 30), world.key("press", 7)
    with open_workspace(settings=settings) as opened:
        answer = opened.impact(subject="person9@example.org")
        assert documents(answer) == 1
        assert [(copy.document, copy.survivor) for copy in answer.copies] == [(str(child), str(survivor))]
        assert sum(shard.documents for shard in answer.copies[0].shards) == 2  # the weight of the press
        assert opened.impact(subject="person1@example.org").copies == ()


SOURCE = """
id: {name}
title: Something
publisher: Example Society
steward: data@example.org
location: data.jsonl
format: jsonl
record: {{text: text}}
terms: {{licence: CC0-1.0, consent_basis: not-personal-data, personal_data: none}}
derived_from: [{parents}]
"""


def test_sources_that_were_derived_from_the_one_asked_about(world: World, tmp_path: Path) -> None:
    settings = dataclasses.replace(world.settings, workspace=tmp_path)
    parents = {"press": "", "forum": "", "synthetic": "press, forum", "translated": "synthetic"}

    def gaps(source: str) -> list[tuple[str, str]]:
        with open_workspace(settings=settings) as opened:
            return [(gap.kind, gap.id) for gap in opened.impact(source=source).gaps]

    assert gaps("press") == []  # no YAML
    (tmp_path / "data.jsonl").write_text('{"text": "a"}')
    (tmp_path / "sources").mkdir()
    for name in parents:
        (tmp_path / "sources" / f"{name}.yaml").write_text(SOURCE.format(name=name, parents=parents[name]))
    (tmp_path / "corpora").mkdir()
    assert gaps("press") == [("derived-source", "synthetic"), ("derived-source", "translated")]
    assert gaps("blog") == []
    (tmp_path / "sources" / "forum.yaml").write_text("id: [")
    assert gaps("press") == [("definition-invalid", "press")]


def test_what_does_not_exist_or_is_no_question(asked: OpenWorkspace, world: World) -> None:
    with pytest.raises(NotFound) as missing:
        asked.impact(source="presss")
    assert missing.value.nearest[0] == "press"
    with pytest.raises(NotFound):
        asked.impact(document=str(world.key("press", 39) + 500))
    with pytest.raises(NotFound):
        asked.impact(document="0")
    for wrong in ("twelve", "-1", str(1 << 63), "٣"):
        with pytest.raises(InvalidInput):
            asked.impact(document=wrong)
    with pytest.raises(InvalidInput):
        asked.impact()
    with pytest.raises(InvalidInput):
        asked.impact(source="press", licence="MIT")


def test_a_subject_is_not_looked_up_with_another_key(settings: Settings, recorder: Recorder) -> None:
    with open_workspace(settings=settings) as opened, pytest.raises(InvalidInput, match=r"subject\.key"):
        opened.impact(subject="person1@example.org")
    assert not settings.subject_key_file.exists()


@pytest.mark.parametrize(
    ("expression", "licence", "found"),
    [
        ("MIT", "MIT", True),
        ("MIT OR (GPL-2.0-only WITH Classpath-exception-2.0)", "gpl-2.0-only", True),
        ("MIT OR (GPL-2.0-only WITH Classpath-exception-2.0)", "Classpath-exception-2.0", True),
        ("MIT OR GPL-2.0-only", "GPL-2.0", False),
        ("MIT OR GPL-2.0-only", "OR", False),
        ("MIT OR  GPL-2.0-only", "mit or gpl-2.0-only", True),
        ("MIT AND Apache-2.0", "MIT OR Apache-2.0", False),
        ("NOASSERTION", "NOASSERTION", True),
    ],
)
def test_which_expressions_name_a_licence(expression: str, licence: str, found: bool) -> None:
    assert mentions(expression, licence) is found
    assert "OR" not in licences_in(expression)


def test_terms_as_they_were_believed_and_all_versions(settings: Settings, recorder: Recorder) -> None:
    world = make_world(settings, recorder, formats=("parquet",))
    with open_workspace(settings=settings) as opened:
        first = opened.impact(licence="CC-BY-NC-4.0")
    before = datetime.now(UTC)
    changed = declared("forum", "CC0-1.0", "not-personal-data", "none")
    recorder.observe(
        changed,
        world.snapshots["forum"].digest,
        world.snapshots["forum"].files,
        None,
        terms_of(changed, None),
    )
    make_corpus(world, recorder)  # the same content: no new version
    world.corpus = type(world.corpus)(**{**vars(world.corpus), "sources": world.corpus.sources[:1]})
    with open_workspace(settings=settings) as opened:
        with pytest.raises(NotFound):
            opened.impact(licence="CC-BY-NC-4.0")
        assert opened.impact(licence="CC0-1.0").corpora == first.corpora
        assert opened.impact(licence="CC-BY-NC-4.0", as_of=before) == first
        with pytest.raises(NotFound):
            opened.impact(licence="CC-BY-NC-4.0", as_of=before - timedelta(days=1))
    for make in (make_selection, make_tokenizer, make_shards):
        make(world, recorder)
    with open_workspace(settings=settings) as opened:
        assert opened.impact(licence="CC0-1.0").corpora == ()
        everything = opened.impact(licence="CC0-1.0", all_versions=True)
        assert everything.corpora == first.corpora
        assert len(opened.impact(source="press", all_versions=True).corpora) == 2
