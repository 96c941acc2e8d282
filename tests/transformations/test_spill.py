"""What goes into a spill under a group comes out of it under that group, in order."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_platform.transformations.spill import SpillWriter, read_spills, remove_spills, spill_chunks

SCHEMA = pa.schema([pa.field("n", pa.int64()), pa.field("text", pa.large_string())])


@settings(deadline=None)
@given(
    st.lists(st.lists(st.tuples(st.integers(0, 3), st.text(max_size=5)), max_size=8), max_size=4),
    st.integers(1, 3),
)
def test_groups_come_back_in_order(writes: list[list[tuple[int, str]]], files: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        expected: dict[int, list[tuple[int, str]]] = {group: [] for group in range(4)}
        spills = []
        count = 0
        for file in range(files):
            with SpillWriter(Path(folder) / "spills" / str(file), SCHEMA) as spill:
                for rows in writes:
                    numbers = list(range(count, count + len(rows)))
                    count += len(rows)
                    table = pa.table({"n": numbers, "text": [item for _, item in rows]}, schema=SCHEMA)
                    spill.write(table, np.array([group for group, _ in rows], np.int64))
                    for number, (group, item) in zip(numbers, rows, strict=True):
                        expected[group].append((number, item))
            spills.append(spill.path)
        for group, rows in expected.items():
            table = read_spills(spills, group, SCHEMA)
            assert table.schema.equals(SCHEMA)
            assert list(zip(*table.to_pydict().values(), strict=True)) == rows
        remove_spills(spills)
        assert not any((Path(folder) / "spills").iterdir())


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.lists(st.integers(0, 3), max_size=4), min_size=1, max_size=3),
    st.integers(0, 3),
    st.integers(1, 900),
)
def test_chunks_of_several_groups_are_all_of_them(
    runs: list[list[int]], first: int, chunk_bytes: int
) -> None:
    """Written as runs of rows: `runs[n][group]` rows of each group, some of them none."""
    schema = pa.schema([pa.field("file", pa.int64()), pa.field("group", pa.int64())])
    with tempfile.TemporaryDirectory() as folder:
        spills = []
        for number, counts in enumerate(runs):
            groups = np.repeat(np.arange(len(counts)), counts)
            with SpillWriter(Path(folder) / str(number), schema) as spill:
                rows = pa.table([np.full(len(groups), number), groups], schema=schema)
                spill.write_runs(
                    rows, np.arange(len(counts)), np.concatenate([[0], np.cumsum(counts, dtype=int)])
                )
            spills.append(spill.path)
        wanted = range(first, 4)
        found = list(spill_chunks(spills, wanted, schema, chunk_bytes))
        expected = [
            (number, group)
            for number, counts in enumerate(runs)
            for group in wanted
            for _ in range(([*counts, 0, 0, 0, 0])[group])
        ]
        rows = [pair for table in found for pair in zip(*table.to_pydict().values(), strict=True)]
        assert rows == expected
        assert all(len(table) for table in found)
