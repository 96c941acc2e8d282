"""Clusters against union-find over all links at once, whatever the shape of the graph and the size of the stretches."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineage_platform.transformations import clusters, links
from lineage_platform.transformations.clusters import find_clusters, labels_of
from lineage_platform.transformations.engine import Engine, Progress, quiet
from lineage_platform.transformations.links import LINK, Spills
from lineage_platform.transformations.spill import SpillWriter
from lineage_platform.transformations.stretches import Stretch, cuts_of
from tests.transformations.worlds import AwayEngine

Pairs = list[tuple[int, int]]


def reference(pairs: Pairs) -> dict[int, int]:
    """The lowest member of the cluster of every linked row."""
    parent: dict[int, int] = {}

    def root(row: int) -> int:
        parent.setdefault(row, row)
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    for one, other in pairs:
        low, high = sorted((root(one), root(other)))
        parent[high] = low
    return {row: root(row) for row in list(parent)}


def cluster(folder: Path, pairs: Pairs, rows: int, width: int, spills: int, engine: Engine) -> dict[int, int]:
    """In stretches of `width` rows."""
    stretches = [
        Stretch(n, low, min(width, rows - low), low, ()) for n, low in enumerate(range(0, rows, width))
    ]
    cuts = cuts_of(stretches)
    found = Spills(str(folder / "links"), spills)
    for number in range(spills):
        mine = np.array(pairs[number::spills], np.int64).reshape(-1, 2)
        with SpillWriter(found.path(number), LINK) as spill:
            later, first = mine.max(axis=1), mine.min(axis=1)
            spill.write(pa.table([later, first], schema=LINK), cuts.of_rows(later))
    made = find_clusters([found], stretches, cuts, scratch=folder, engine=engine)
    assert {path.name for path in folder.iterdir()} == {Path(made.stars.folder).name}
    labels = [labels_of(made, stretch) for stretch in stretches]
    for linked, _ in labels:
        assert (np.diff(linked) > 0).all()
    found_labels = {
        row: label for pair in labels for row, label in zip(*(item.tolist() for item in pair), strict=True)
    }
    assert made.copies == sum(row != label for row, label in found_labels.items())
    return found_labels


def shapes(rows: int, kind: str, chance: random.Random) -> Pairs:
    order = list(range(rows))
    if kind != "chain in order":
        chance.shuffle(order)
    if kind.startswith("chain"):
        return list(itertools.pairwise(order))
    if kind == "star":
        return [(order[0], other) for other in order[1:]] * 2
    if kind == "tree":
        return [(order[n], order[n // 2]) for n in range(1, rows)]
    if kind == "grid":
        return [(order[n], order[n + step]) for n in range(rows) for step in (1, 7) if n + step < rows]
    return [(one, other) for one, other in zip(order[::2], order[1::2], strict=False)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.data(),
    st.integers(2, 60),
    st.integers(1, 25),
    st.integers(1, 30),
    st.integers(1, 3),
    st.integers(0, 5),
)
def test_random_graphs(
    tmp_path_factory: pytest.TempPathFactory,
    data: st.DataObject,
    rows: int,
    width: int,
    span: int,
    spills: int,
    seed: int,
) -> None:
    row = st.integers(0, rows - 1)
    pairs = data.draw(st.lists(st.tuples(row, row).filter(lambda pair: pair[0] != pair[1]), max_size=80))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clusters, "SPAN_ROWS", span)
        patch.setattr(links, "CHUNK_BYTES", 50)
        found = cluster(tmp_path_factory.mktemp("c"), pairs, rows, width, spills, AwayEngine(seed))
    assert found == reference(pairs)


@pytest.mark.parametrize("kind", ["chain", "chain in order", "star", "tree", "grid", "pairs"])
@pytest.mark.parametrize(("width", "span"), [(1, 1), (5, 17), (17, 300), (5, 100)])
def test_shapes(tmp_path: Path, kind: str, width: int, span: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "SPAN_ROWS", span)
    monkeypatch.setattr(links, "CHUNK_BYTES", 1000)
    rows = 300 if span > 1 else 12
    pairs = shapes(rows, kind, random.Random(width))
    assert cluster(tmp_path, pairs, rows, width, 2, AwayEngine(0)) == reference(pairs)


def test_a_chain_across_many_spans_takes_few_rounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Counting(AwayEngine):
        maps = 0

        def map(
            self, function: Callable[[Any], Any], tasks: Sequence[Any], progress: Progress = quiet
        ) -> list[Any]:
            self.maps += 1
            return super().map(function, tasks, progress)

    monkeypatch.setattr(clusters, "SPAN_ROWS", 400)
    rows, engine = 6400, Counting(0)
    pairs = shapes(rows, "chain", random.Random(1))
    assert set(cluster(tmp_path, pairs, rows, 400, 1, engine).values()) == {0}
    assert engine.maps < 2 * 13


def test_nothing_linked(tmp_path: Path) -> None:
    assert cluster(tmp_path, [], 10, 4, 1, Engine()) == {}
