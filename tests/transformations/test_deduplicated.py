"""Deduplication against a naive model, on planted duplicates, and under every layout."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineage_platform.errors import InvalidInput, NotFound
from lineage_platform.model.definitions import Deduplication, MinHash
from lineage_platform.model.tables import DECISIONS, DERIVATIONS, annotations_schema
from lineage_platform.model.versions import Result
from lineage_platform.transformations import clusters, links, stretches, survivors
from lineage_platform.transformations.annotations import annotate
from lineage_platform.transformations.deduplicated import deduplicate
from lineage_platform.transformations.engine import Engine, quiet
from lineage_platform.transformations.parts import write_table
from lineage_platform.transformations.refused import refused
from lineage_platform.transformations.standards import Rule, Standard, load_standard
from tests.transformations.worlds import AwayEngine, rows_of, text, write_documents

SETTING = MinHash(ngram=5, bands=2, rows=3)
NEAR = Deduplication(exact=True, minhash=SETTING)
RULES = tuple(Rule(f"at_least_{n}", "word_count", float(n), None, None, frozenset()) for n in (1, 2))
STANDARD = Standard("test@1", {}, "", "", RULES)


@dataclass(frozen=True)
class Row:
    identity: int
    text: int
    bands: tuple[int, int] | None
    terms: int
    words: int


def write(folder: Path, rows: Sequence[Row], cuts: Sequence[int], first_key: int) -> list[Path]:
    """Annotations parts cut at `cuts`, with keys counting from `first_key`."""
    schema = annotations_schema(((SETTING.ngram, SETTING.bands, SETTING.rows),))
    columns: dict[str, Any] = {field.name: [None] * len(rows) for field in schema}
    columns["document"] = list(range(first_key, first_key + len(rows)))
    columns["identity"] = [row.identity.to_bytes(16, "big") for row in rows]
    columns["sha256"] = [hashlib.sha256(str(row.text).encode()).digest() for row in rows]
    columns["terms"] = [row.terms for row in rows]
    columns["bytes"] = [10 + row.text for row in rows]
    columns["language"] = ["en"] * len(rows)
    columns["word_count"] = [row.words for row in rows]
    columns["minhash_5_2x3"] = [
        np.array(row.bands, "<u8").tobytes() if row.bands is not None else None for row in rows
    ]
    table = pa.table({name: columns[name] for name in schema.names}).cast(schema)
    ends = [*sorted(cuts), len(rows)]
    return [
        Path(
            write_table(
                folder, f"{number}.parquet", "annotations", schema, table.slice(start, end - start)
            ).path
        )
        for number, (start, end) in enumerate(zip([0, *ends], ends, strict=False))
    ]


def run(
    folder: Path,
    rows: Sequence[Row],
    deduplication: Deduplication = NEAR,
    *,
    cuts: Sequence[int] = (),
    first_key: int = 100,
    engine: Engine | None = None,
    standard: Standard | None = STANDARD,
    withdrawn: Collection[int] = (),
) -> Result:
    return deduplicate(
        write(folder / "in", rows, cuts, first_key),
        deduplication,
        standard,
        {terms: terms for terms in range(10)},
        refused=refused((first_key + n, first_key + n, f"w-{n}") for n in withdrawn),
        scratch=folder / "out",
        engine=engine or AwayEngine(len(cuts)),
        progress=quiet,
    )


def survivors_of(
    result: Result, rows: Sequence[Row], first_key: int = 100
) -> dict[int, tuple[int, str, int]]:
    """By identity of a copy: identity of its survivor, method, cluster."""
    identity = {first_key + position: row.identity for position, row in enumerate(rows)}
    return {
        identity[row["child"]]: (
            identity[row["parent"]],
            row["method"],
            int.from_bytes(row["cluster"], "big"),
        )
        for row in rows_of(result, "derivations").to_pylist()
    }


def naive(rows: Sequence[Row], deduplication: Deduplication) -> dict[int, tuple[int, str, int]]:
    """What `survivors_of` must be: every pair compared, clusters merged one link at a time."""
    clusters = [{position} for position in range(len(rows))]
    for i, left in enumerate(rows):
        for j, right in enumerate(rows[:i]):
            same = deduplication.exact and left.text == right.text
            if deduplication.minhash is not None and left.bands is not None and right.bands is not None:
                same |= any(a == b for a, b in zip(left.bands, right.bands, strict=True))
            if same and clusters[i] is not clusters[j]:
                clusters[i] |= clusters[j]
                for member in clusters[i]:
                    clusters[member] = clusters[i]
    expected = {}
    for position, row in enumerate(rows):
        members = [rows[member] for member in clusters[position]]
        best = min(members, key=lambda m: (m.terms, (m.words < 1) + (m.words < 2), m.identity))
        if best is not row:
            exact = deduplication.exact and best.text == row.text
            lowest = min(member.identity for member in members)
            expected[row.identity] = (best.identity, "exact" if exact else "minhash", lowest)
    return expected


@st.composite
def worlds(draw: st.DrawFn) -> list[Row]:
    """Rows of few texts, whose band keys come from small ranges, so that chains and clusters are common."""
    texts = draw(
        st.lists(
            st.one_of(st.none(), st.tuples(st.integers(0, 6), st.integers(100, 106))), min_size=1, max_size=9
        )
    )
    numbers = draw(st.lists(st.integers(0, len(texts) - 1), max_size=18))
    identities = draw(st.permutations(range(len(numbers))))
    return [
        Row(identity, number, texts[number], draw(st.integers(0, 2)), draw(st.integers(0, 2)))
        for identity, number in zip(identities, numbers, strict=True)
    ]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    worlds(),
    st.sampled_from(
        [NEAR, replace(NEAR, exact=False), replace(NEAR, minhash=None), Deduplication(False, None)]
    ),
    st.lists(st.integers(0, 18), max_size=4),
    st.sampled_from([3, 1000]),
    st.sampled_from([1, 1000]),
    st.sets(st.integers(0, 18), max_size=4),
)
def test_it_is_the_naive_model(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[Row],
    deduplication: Deduplication,
    cuts: list[int],
    bucket: int,
    stretch: int,
    withdrawn: set[int],
) -> None:
    """Whatever the sizes of parts, buckets, stretches and chunks, and whatever was withdrawn, or never there."""
    cuts = [min(cut, len(rows)) for cut in cuts]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(links, "BUCKET_KEYS", bucket)
        patch.setattr(links, "CHUNK_BYTES", 16 * bucket)
        patch.setattr(clusters, "SPAN_ROWS", stretch)
        patch.setattr(survivors, "MEMBERS_AT_ONCE", bucket)
        patch.setattr(stretches, "STRETCH_ROWS", stretch)
        result = run(tmp_path_factory.mktemp("d"), rows, deduplication, cuts=cuts, withdrawn=withdrawn)
    left = [row for position, row in enumerate(rows) if position not in withdrawn]
    gone = {100 + position: f"w-{position}" for position in withdrawn if position < len(rows)}
    expected = naive(left, deduplication)
    assert survivors_of(result, rows) == expected
    decisions = rows_of(result, "decisions").to_pylist()
    assert [row["document"] for row in decisions] == sorted(row["document"] for row in decisions)
    assert {row["document"]: row["detail"] for row in decisions if row["reason"] == "withdrawn"} == gone
    statistics = result.statistics
    assert statistics.records_in == len(rows) == statistics.kept + statistics.dropped
    assert statistics.dropped == len(expected) + len(gone) == len(decisions)
    assert sum(statistics.by_reason.values()) == statistics.dropped
    assert statistics.by_reason.get("withdrawn", 0) == len(gone)
    kept = [row for row in left if row.identity not in expected]
    assert statistics.bytes == sum(10 + row.text for row in kept)
    assert sum(documents for documents, _ in statistics.by_terms.values()) == len(kept)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(worlds(), st.randoms(use_true_random=False))
def test_layout_order_and_keys_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row], chance: random.Random
) -> None:
    first = run(tmp_path_factory.mktemp("a"), rows)
    shuffled = chance.sample(rows, len(rows))
    second = run(tmp_path_factory.mktemp("b"), shuffled, cuts=[len(rows) // 2], first_key=5000)
    assert first.content_digest == second.content_digest
    assert survivors_of(first, rows) == survivors_of(second, shuffled, 5000)


def test_outputs_are_sorted_and_say_the_same(tmp_path: Path) -> None:
    rows = [Row(9 - n, n % 3, None, n % 2, 2) for n in range(9)]
    result = run(tmp_path, rows, cuts=[4])
    decisions, derivations = rows_of(result, "decisions"), rows_of(result, "derivations")
    assert decisions.schema.equals(DECISIONS)
    assert derivations.schema.equals(DERIVATIONS)
    keys = decisions.column("document").to_pylist()
    assert keys == sorted(keys) == derivations.column("child").to_pylist()
    assert decisions.column("detail").to_pylist() == [
        f"duplicate of {parent}" for parent in derivations.column("parent").to_pylist()
    ]
    assert set(decisions.column("outcome").to_pylist()) == {"dropped"}
    assert set(derivations.column("kind").to_pylist()) == {"duplicate-of"}
    terms = {100 + n: row.terms for n, row in enumerate(rows)}
    assert derivations.column("child_terms").to_pylist() == [terms[key] for key in keys]
    assert derivations.column("parent_terms").to_pylist() == [0] * 6
    assert [path.name for path in (tmp_path / "out").iterdir()] != []
    assert {path.parent.name for path in (tmp_path / "out").rglob("*") if path.is_file()} == {
        "decisions",
        "derivations",
    }


def test_a_chain_is_one_cluster(tmp_path: Path) -> None:
    rows = [
        Row(3, 0, (1, 101), 1, 2),
        Row(1, 1, (1, 102), 1, 2),
        Row(2, 2, (9, 102), 1, 2),
        Row(4, 3, (8, 109), 0, 2),
    ]
    result = run(tmp_path, rows)
    assert survivors_of(result, rows) == {3: (1, "minhash", 1), 2: (1, "minhash", 1)}
    assert result.statistics.details == {
        "clusters": 1,
        "cluster_sizes": {"3-5": 1},
        "largest_cluster": 3,
        "dropped_for_other_terms": 0,
    }


def test_rights_before_quality_before_identity(tmp_path: Path) -> None:
    rows = [Row(1, 0, None, 2, 2), Row(2, 0, None, 1, 0), Row(3, 0, None, 1, 1), Row(4, 0, None, 1, 1)]
    result = run(tmp_path, rows)
    assert {child: parent for child, (parent, _, _) in survivors_of(result, rows).items()} == {
        1: 3,
        2: 3,
        4: 3,
    }
    assert result.statistics.details["dropped_for_other_terms"] == 1
    without = run(tmp_path / "b", rows, standard=None)
    assert {parent for parent, _, _ in survivors_of(without, rows).values()} == {2}


def test_a_near_duplicate_of_the_survivor_is_not_called_exact(tmp_path: Path) -> None:
    rows = [
        Row(1, 0, (1, 101), 0, 2),
        Row(2, 1, (1, 102), 1, 2),
        Row(3, 1, (1, 102), 1, 2),
        Row(4, 0, (1, 101), 1, 2),
    ]
    result = run(tmp_path, rows)
    assert {child: method for child, (_, method, _) in survivors_of(result, rows).items()} == {
        2: "minhash",
        3: "minhash",
        4: "exact",
    }
    assert result.statistics.by_reason == {"near-duplicate": 2, "exact-duplicate": 1}


def test_the_digest_sees_new_documents_that_have_no_copy(tmp_path: Path) -> None:
    rows = [Row(1, 0, None, 0, 2), Row(2, 0, None, 0, 2)]
    more = [*rows, Row(3, 7, None, 0, 2)]
    assert run(tmp_path / "a", rows).content_digest != run(tmp_path / "b", more).content_digest


def test_terms_without_rank_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="77"):
        run(tmp_path, [Row(1, 0, None, 77, 2), Row(2, 0, None, 77, 2)])


def test_a_setting_that_was_not_annotated_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="minhash_5_14x8"):
        run(tmp_path, [Row(1, 0, None, 0, 2)], Deduplication())


def test_nothing_in_nothing_out(tmp_path: Path) -> None:
    for rows, cuts in (([], ()), ([], (0, 0))):
        result = run(tmp_path / str(len(cuts)), rows, cuts=cuts)
        assert result.statistics.records_in == 0
        assert [part.rows for part in result.parts] == [0, 0]
    nothing = deduplicate([], NEAR, None, {}, scratch=tmp_path / "none", engine=Engine(), progress=quiet)
    assert nothing.content_digest == result.content_digest


def test_planted_duplicates_of_real_text_across_sources(tmp_path: Path) -> None:
    """Two sources share 20 texts, ten of them with a word changed; the one with better rights survives."""
    mine = [text(seed, 200) for seed in range(60)]
    theirs = [text(seed, 200) for seed in range(100, 140)]
    copied = mine[:10] + [
        item.replace(" ", " changed ", 1) if " " in item else item + "又" for item in mine[10:20]
    ]
    documents = [
        *write_documents(tmp_path / "d", "mine", 1, mine, part_rows=25),
        *write_documents(tmp_path / "d", "theirs", 2, theirs + copied, part_rows=25),
    ]
    settings_ = MinHash()
    annotated = annotate(
        documents,
        ((settings_.ngram, settings_.bands, settings_.rows),),
        scratch=tmp_path / "a",
        engine=Engine(),
        progress=quiet,
    )
    table = rows_of(annotated, "annotations")
    snapshots = [key >> 36 for key in table.column("document").to_pylist()]
    rank = dict(zip(table.column("terms").to_pylist(), [2 - snapshot for snapshot in snapshots], strict=True))
    seen: list[tuple[int, int]] = []
    result = deduplicate(
        [Path(part.path) for part in annotated.parts],
        Deduplication(),
        load_standard("web@1"),
        rank,
        scratch=tmp_path / "b",
        engine=Engine(),
        progress=lambda done, total: seen.append((done, total)),
    )
    pairs = {
        (row["child"] & 0xFFFF, row["parent"] & 0xFFFF, row["method"])
        for row in rows_of(result, "derivations").to_pylist()
    }
    assert pairs == {(n, 40 + n, "exact" if n < 10 else "minhash") for n in range(20)}
    assert result.statistics.details["dropped_for_other_terms"] == 20
    assert seen[-1][0] == seen[-1][1]
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_what_was_withdrawn_is_in_the_digest(tmp_path: Path) -> None:
    rows = [Row(n, n, None, 0, 2) for n in range(4)]
    before, none, one, other = (
        run(tmp_path / str(number), rows, withdrawn=withdrawn).content_digest
        for number, withdrawn in enumerate(((), (9,), (1,), (2,)))
    )
    assert before == none
    assert len({before, one, other}) == 3


def test_a_range_of_keys_is_withdrawn(tmp_path: Path) -> None:
    rows = [Row(n, n // 2, None, 0, 2) for n in range(12)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stretches, "STRETCH_ROWS", 3)
        result = deduplicate(
            write(tmp_path / "in", rows, (3, 6, 9), 100),
            NEAR,
            None,
            {0: 0},
            refused=refused([(105, 108, "b"), (90, 101, "a")]),
            scratch=tmp_path / "out",
            engine=Engine(),
            progress=quiet,
        )
    gone = {row["document"]: row["detail"] for row in rows_of(result, "decisions").to_pylist()}
    withdrawn = {100: "a", 101: "a", 105: "b", 106: "b", 107: "b", 108: "b"}
    assert gone == {**withdrawn, 103: "duplicate of 102", 111: "duplicate of 110"}
