"""What goes into a spill under a group comes out of it under that group, in order."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_platform.transformations.spill import SpillWriter, read_spills, remove_spills

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
