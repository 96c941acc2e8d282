"""Selection conserves documents, says why each one went, and judges every one on its own."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow.compute as pc
import pytest

from lineage_platform.model.tables import DECISIONS, SELECTION
from lineage_platform.model.versions import Result
from lineage_platform.transformations import selection
from lineage_platform.transformations.engine import Engine, quiet
from lineage_platform.transformations.selection import select
from lineage_platform.transformations.standards import Rule, Standard
from lineage_platform.transformations.stopped import ANY, NOTHING, Stopped
from tests.transformations.worlds import (
    AwayEngine,
    corpus,
    documents_table,
    files_of,
    rows_of,
    text,
    write_annotations,
    write_documents,
    write_dropped,
)

TEXTS = [text(n, 5 + n % 7) for n in range(400)]
WORDY = Standard(
    "wordy@1",
    {},
    "",
    "",
    (
        Rule("at-least-eight-words", "word_count", 8, None, None, frozenset()),
        Rule("at-most-ten-words", "word_count", None, 10, None, frozenset()),
    ),
)


class World:
    def __init__(self, folder: Path, part_rows: int = 90, sources: str = "ab") -> None:
        self.folder = folder
        documents = {
            source: write_documents(folder / "d", source, number + 1, TEXTS, part_rows)
            for number, source in enumerate(sources)
        }
        self.annotations = {
            source: write_annotations(folder / "d", paths) for source, paths in documents.items()
        }
        self.runs = 0

    def select(
        self,
        weights: dict[str, float],
        standard: Standard | None = None,
        dropped: list[Path] | None = None,
        engine: Engine | None = None,
        seed: int = 0,
        stopped: Stopped = NOTHING,
    ) -> Result:
        self.runs += 1
        return select(
            self.annotations,
            dropped or [],
            corpus(weights, seed=seed),
            standard,
            stopped,
            scratch=self.folder / str(self.runs),
            engine=engine or Engine(),
            progress=quiet,
        )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("selection"))


def copies(result: Result) -> Counter[bytes]:
    return Counter(rows_of(result, "selection").column("identity").to_pylist())


def test_weight_one_takes_everything(world: World) -> None:
    result = world.select({"a": 1, "b": 1})
    rows = rows_of(result, "selection")
    assert rows.schema.equals(SELECTION)
    assert rows_of(result, "decisions").schema.equals(DECISIONS)
    statistics = result.statistics
    assert (statistics.records_in, statistics.kept, statistics.dropped, statistics.documents) == (
        800,
        800,
        0,
        800,
    )
    assert statistics.bytes == 2 * sum(len(item.encode()) for item in TEXTS)
    assert sum(documents for documents, _ in statistics.by_terms.values()) == 800
    assert rows.column("document").to_pylist() == sorted(rows.column("document").to_pylist())
    assert [part.name for part in result.parts[:2]] == ["selection/00000.parquet", "decisions/00000.parquet"]
    assert len(result.parts) == 2


@pytest.mark.parametrize(("rows", "parts"), [(1, 10), (180, 5), (300, 4)])
def test_small_parts_of_sources_share_a_part(
    world: World, monkeypatch: pytest.MonkeyPatch, rows: int, parts: int
) -> None:
    dropped = [write_dropped(world.folder / "some", documents_table("a", 1, TEXTS).slice(50, 100))]
    one = world.select({"b": 1.5, "a": 0.5}, WORDY, dropped)
    monkeypatch.setattr(selection, "PART_ROWS", rows)
    several = world.select({"b": 1.5, "a": 0.5}, WORDY, dropped)
    assert len(files_of(several, "selection")) == parts
    assert several.content_digest == one.content_digest
    assert several.statistics == one.statistics
    assert rows_of(several, "selection").equals(rows_of(one, "selection"))


def test_only_sources_of_the_recipe_count(world: World) -> None:
    assert world.select({"b": 1}).statistics.records_in == 400


def test_every_document_is_accounted_for(world: World, tmp_path: Path) -> None:
    gone = documents_table("a", 1, TEXTS).slice(50, 100)
    result = world.select({"a": 0.5, "b": 2.5}, WORDY, [write_dropped(tmp_path, gone)])
    statistics, decisions = result.statistics, rows_of(result, "decisions")
    assert statistics.records_in == 700 == statistics.kept + statistics.dropped
    assert len(decisions) == statistics.dropped == sum(statistics.by_reason.values())
    kept = set(rows_of(result, "selection").column("document").to_pylist())
    dropped = set(decisions.column("document").to_pylist())
    assert not kept & dropped
    assert len(kept) == statistics.kept
    assert not (kept | dropped) & set(gone.column("document").to_pylist())
    assert set(decisions.column("outcome").to_pylist()) == {"dropped"}
    details = Counter(
        zip(decisions.column("reason").to_pylist(), decisions.column("detail").to_pylist(), strict=True)
    )
    assert set(details) == {
        ("quality", "at-least-eight-words"),
        ("quality", "at-most-ten-words"),
        ("weight", "weight 0.5"),
    }
    before = statistics.details["before_weighting"]
    assert before["dropped"] == statistics.by_reason["quality"]
    assert before["records_in"] == before["kept"] + before["dropped"] == 700
    by_source = statistics.details["by_source"]
    assert {source: item["records_in"] for source, item in by_source.items()} == {"a": 300, "b": 400}
    assert sum(item["bytes"] for item in by_source.values()) == statistics.bytes
    assert sum(item["documents"] for item in by_source.values()) == statistics.documents


def test_quality_is_judged_before_weight(world: World) -> None:
    decisions = rows_of(world.select({"a": 0}, WORDY), "decisions")
    reasons = dict(
        zip(decisions.column("document").to_pylist(), decisions.column("reason").to_pylist(), strict=True)
    )
    for row, item in zip(documents_table("a", 1, TEXTS).to_pylist(), TEXTS, strict=True):
        good = 8 <= len(item.split()) <= 10
        assert reasons[row["document"]] == ("weight" if good else "quality")


@pytest.mark.parametrize(
    ("less", "more"), [(0.0, 0.25), (0.25, 0.5), (0.5, 1.0), (1.0, 1.5), (1.5, 2.0), (2.0, 2.5)]
)
def test_a_greater_weight_keeps_what_a_smaller_one_kept(world: World, less: float, more: float) -> None:
    one, other = world.select({"a": less}), world.select({"a": more})
    assert not copies(one) - copies(other)
    for result, weight in ((one, less), (other, more)):
        assert abs(result.statistics.documents - 400 * weight) < 60
        assert set(copies(result).values()) <= {int(weight), int(weight) + 1}


def test_epochs_count_from_nought(world: World) -> None:
    rows = rows_of(world.select({"a": 2.5}), "selection")
    assert rows.column("epoch").to_pylist()[:2] == [0, 1]
    pairs = list(zip(rows.column("document").to_pylist(), rows.column("epoch").to_pylist(), strict=True))
    assert pairs == sorted(set(pairs))
    per_document = Counter(document for document, _ in pairs)
    assert set(per_document.values()) == {2, 3}


def test_another_source_or_seed_changes_only_its_own(world: World) -> None:
    alone, together = world.select({"a": 0.5}), world.select({"a": 0.5, "b": 0.5})
    rows = rows_of(together, "selection")
    first = rows.filter(pc.less(rows.column("document"), 2 << 36))
    assert first.equals(rows_of(alone, "selection"))
    assert copies(world.select({"a": 0.5}, seed=1)) != copies(alone)


def test_neither_parts_nor_engine_nor_order_matter(world: World, tmp_path: Path) -> None:
    dropped = [write_dropped(tmp_path, documents_table("a", 1, TEXTS).slice(10, 7))]
    weights = {"a": 0.5, "b": 2.5}
    expected = world.select(weights, WORDY, dropped)
    away = world.select(weights, WORDY, dropped, AwayEngine(1))
    assert [(part.name, part.sha256) for part in away.parts] == [
        (part.name, part.sha256) for part in expected.parts
    ]
    other = World(tmp_path, part_rows=333)
    other.annotations = {source: paths[::-1] for source, paths in other.annotations.items()}
    result = other.select(dict(reversed(weights.items())), WORDY, dropped)
    assert result.content_digest == expected.content_digest == away.content_digest
    assert result.statistics == expected.statistics


def test_the_digest_follows_the_rows(world: World) -> None:
    digests = {world.select({"a": weight}).content_digest for weight in (0.5, 1.0, 2.0)}
    digests.add(world.select({"a": 1}, WORDY).content_digest)
    assert len(digests) == 4


def test_a_source_without_documents(tmp_path: Path) -> None:
    world = World(tmp_path, sources="a")
    world.annotations["empty"] = []
    result = world.select({"a": 1, "empty": 2})
    assert result.statistics.details["by_source"]["empty"]["records_in"] == 0
    assert result.content_digest == world.select({"a": 1}).content_digest


def test_documents_that_policy_stops_are_left_out_first(world: World) -> None:
    everything = rows_of(world.select({"a": 1, "b": 1}), "selection")
    keys, terms = (everything.column(name).to_pylist() for name in ("document", "terms"))
    chosen = sorted(keys)[10:20]
    stopped = Stopped(
        {(terms[0], None): "refused for research in EU: p", (ANY, 7): "unknown: q", (ANY, 8): None},
        [(chosen[0], chosen[4], 7), (chosen[5], chosen[9], 8)],
    )
    result = world.select({"a": 1, "b": 1}, WORDY, stopped=stopped)
    decisions = rows_of(result, "decisions").to_pylist()
    why = {row["document"]: row["detail"] for row in decisions if str(row["reason"]) == "not-allowed"}
    by_key = dict(zip(keys, terms, strict=True))
    expected = {key: "refused for research in EU: p" for key in keys if by_key[key] == terms[0]}
    expected |= dict.fromkeys(chosen[:5], "unknown: q")
    for key in chosen[5:]:
        expected.pop(key, None)
    assert why == expected
    statistics = result.statistics
    assert statistics.by_reason["not-allowed"] == len(expected)
    assert statistics.records_in == statistics.kept + statistics.dropped == len(keys)
    before = statistics.details["before_weighting"]
    assert before["records_in"] == before["kept"] + before["dropped"]
    assert (
        world.select({"a": 1, "b": 1}, stopped=Stopped({})).content_digest
        == world.select({"a": 1, "b": 1}).content_digest
    )
