"""Both orders of the index say the same, cost little, and let a reader fetch little."""

from __future__ import annotations

import itertools
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lineage_platform.model.keys import document_key
from lineage_platform.model.tables import (
    PLACEMENTS_BY_DOCUMENT,
    PLACEMENTS_BY_SHARD,
    SHARDS_BY_SNAPSHOT,
    TERMS_BY_SNAPSHOT,
)
from lineage_platform.model.versions import Part
from lineage_platform.transformations import placements
from lineage_platform.transformations.engine import Engine
from lineage_platform.transformations.parts import KeyRange, key_ranges, read_table
from lineage_platform.transformations.placements import (
    placement_bounds,
    spill_placements,
    write_placements,
)

DOCUMENTS = 200_000
SHARDS = 300


def made_up(seed: int = 0) -> pa.Table:
    """Placements as a corpus of five snapshots has them: documents in random order, token counts log-normal."""
    random = np.random.default_rng(seed)
    snapshots = random.choice(np.arange(1, 6), DOCUMENTS, p=[0.4, 0.3, 0.2, 0.05, 0.05])
    documents = (
        np.array([document_key(int(n), 0) for n in range(6)])[snapshots] + np.arange(DOCUMENTS) * 3 // 2
    )
    shards = np.sort(random.integers(0, SHARDS, DOCUMENTS)).astype(np.int32)
    rows = (np.arange(DOCUMENTS) - np.searchsorted(shards, shards)).astype(np.int32)
    order = random.permutation(DOCUMENTS)
    return pa.table(
        {
            "shard": shards,
            "row": rows,
            "document": documents[order],
            "terms": random.integers(1 << 60, 1 << 62, 6)[snapshots[order]],
            "tokens": np.clip(random.lognormal(6.9, 0.8, DOCUMENTS), 5, 60_000).astype(np.int32),
        }
    ).cast(PLACEMENTS_BY_SHARD)


class Index:
    def __init__(self, folder: Path, table: pa.Table, tasks: int = 3) -> None:
        keys = np.sort(table.column("document").to_numpy())
        pieces = np.array_split(keys, 20)
        ranges = [KeyRange(int(p[0]), int(p[-1]), len(p)) for p in pieces]
        bounds = placement_bounds(ranges, SHARDS)
        cuts = np.searchsorted(table.column("shard").to_numpy(), np.linspace(0, SHARDS, tasks + 1))
        placed = [
            spill_placements(folder / "work", number, table.slice(start, end - start))
            for number, (start, end) in enumerate(itertools.pairwise(cuts))
        ]
        index = write_placements(placed, bounds, folder, folder / "work", Engine())
        self.parts, self.terms = index.parts, index.terms
        self.left = list((folder / "work").iterdir())

    def of(self, role: str) -> list[Part]:
        return [part for part in self.parts if part.role == role]

    def rows(self, role: str) -> pa.Table:
        return pa.concat_tables([read_table(part.path) for part in self.of(role)])


@pytest.fixture(scope="module")
def table() -> pa.Table:
    return made_up()


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory, table: pa.Table) -> Index:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(placements, "PART_ROWS", 70_000)
        return Index(tmp_path_factory.mktemp("placements"), table)


def test_by_shard_is_the_table_in_order(index: Index, table: pa.Table) -> None:
    assert index.rows("placements-by-shard").equals(table)
    assert len(index.of("placements-by-shard")) == 3


def test_by_document_is_the_same_rows_by_key(index: Index, table: pa.Table) -> None:
    rows = index.rows("placements-by-document")
    assert rows.schema.equals(PLACEMENTS_BY_DOCUMENT)
    expected = table.sort_by([(name, "ascending") for name in ("document", "shard", "row")])
    assert rows.equals(expected.select(PLACEMENTS_BY_DOCUMENT.names))
    reaches = [key_ranges(part.path) for part in index.of("placements-by-document")]
    assert len(reaches) == 3
    assert all(a[-1].high < b[0].low for a, b in itertools.pairwise(reaches))


@pytest.mark.parametrize(
    ("role", "schema", "of"),
    [
        ("shards-by-snapshot", SHARDS_BY_SNAPSHOT, "shard"),
        ("terms-by-snapshot", TERMS_BY_SNAPSHOT, "terms"),
    ],
)
def test_the_summaries_sum_exactly(
    index: Index, table: pa.Table, role: str, schema: pa.Schema, of: str
) -> None:
    summary = index.rows(role)
    assert summary.schema.equals(schema)
    query = (
        f"select document >> 36, {of}, count(*), sum(tokens)::bigint from placed group by all order by all"
    )
    with duckdb.connect() as connection:
        connection.register("placed", table)
        expected = connection.execute(query).fetchall()
    assert expected == [tuple(row.values()) for row in summary.to_pylist()]


def test_the_sums_by_terms_are_handed_back(index: Index) -> None:
    assert index.terms.equals(index.rows("terms-by-snapshot"))


def test_files_say_which_keys_they_hold(index: Index) -> None:
    for part in index.parts:
        keys = read_table(part.path).column(0).to_pylist()
        assert (part.low, part.high) == (keys[0], keys[-1])


def test_nothing_is_left_between(index: Index) -> None:
    assert index.left == []


@pytest.mark.parametrize("role", ["placements-by-shard", "placements-by-document"])
def test_a_placement_costs_less_than_eight_bytes(index: Index, role: str) -> None:
    assert sum(part.bytes for part in index.of(role)) / DOCUMENTS < 6


def test_a_reader_of_one_shard_touches_few_row_groups(index: Index, table: pa.Table) -> None:
    holding = 0
    for part in index.of("placements-by-shard"):
        metadata = pq.ParquetFile(part.path).metadata
        for number in range(metadata.num_row_groups):
            statistics = metadata.row_group(number).column(0).statistics
            holding += statistics.min <= 150 <= statistics.max
    assert holding <= 2


def test_duckdb_reads_every_encoding(index: Index, table: pa.Table) -> None:
    expected = tuple(
        int(table.column(name).to_numpy().sum(dtype=np.uint64)) % 2**64 for name in table.column_names
    )
    for role in ("placements-by-shard", "placements-by-document"):
        paths = [part.path for part in index.of(role)]
        names = ", ".join(f"sum({name}) % (2::hugeint ** 64)::hugeint" for name in table.column_names)
        [row] = duckdb.read_parquet(paths).aggregate(names).fetchall()
        assert tuple(int(value) for value in row) == expected


def test_nothing_placed(tmp_path: Path) -> None:
    work = tmp_path / "work"
    placed = [spill_placements(work, 0, PLACEMENTS_BY_SHARD.empty_table())]
    index = write_placements(placed, placement_bounds([], 1), tmp_path, work, Engine())
    assert [(part.role, part.rows, part.low) for part in index.parts] == [
        ("placements-by-shard", 0, None),
        ("placements-by-document", 0, None),
        ("shards-by-snapshot", 0, None),
        ("terms-by-snapshot", 0, None),
    ]
