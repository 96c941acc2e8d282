"""Whole-table data frames beside tasks, on narrow tables: `python -m benchmarks.frames [--rows N ...]`.

The numbers of docs/decisions/0001-tasks-not-data-frames.md. Every way runs in a process of its own, so that its peak memory
is its own. Each removes 30 % of the rows of one table by the keys of another (what selection does), but for `join`,
which joins the table to its own columns, and `order`, which says whether rows came back in the order of the files.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

PARTS = 16
FOLDER = Path(__file__).parent / "data" / "frames"


def make(folder: Path, rows: int) -> None:
    """A table like a selection's input, and the keys to remove, in PARTS parts each."""
    random = np.random.default_rng(0)
    for name in ("table", "gone"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for part in range(PARTS):
        count = rows // PARTS
        keys = np.arange(part * count, (part + 1) * count)

        def fixed(width: int, count: int = count) -> pa.Array:
            data = pa.py_buffer(random.bytes(width * count))
            return pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), count, [None, data])

        table = pa.table(
            {
                "document": keys,
                "identity": fixed(16),
                "sha256": fixed(32),
                "terms": random.integers(0, 5, count),
                "bytes": random.integers(100, 9000, count).astype(np.int32),
            }
        )
        pq.write_table(
            table, folder / "table" / f"{part:02d}.parquet", row_group_size=65_536, compression="zstd"
        )
        gone = pa.table({"document": keys[random.random(count) < 0.3]})
        pq.write_table(gone, folder / "gone" / f"{part:02d}.parquet", compression="zstd")


def run_anti(folder: Path, out: Path) -> str:
    """Daft: an anti join over whole tables."""
    import daft

    gone = daft.read_parquet(str(folder / "gone" / "*.parquet"))
    table = daft.read_parquet(str(folder / "table" / "*.parquet"))
    table.join(gone, on="document", how="anti").write_parquet(str(out))
    return "done"


def run_join(folder: Path, out: Path) -> str:
    """Daft: a join of the table with two of its own columns, as of annotations with documents."""
    import daft

    table = daft.read_parquet(str(folder / "table" / "*.parquet"))
    table.join(table.select("document", "identity", "sha256"), on="document").write_parquet(str(out))
    return "done"


def run_order(folder: Path, out: Path) -> str:
    """Daft: the keys as they come back, three times."""
    import daft

    out.mkdir()
    table = daft.read_parquet(str(folder / "table" / "*.parquet")).select("document")
    steps = [np.diff(table.to_arrow().column("document").to_numpy()) for _ in range(3)]
    return f"places out of order in three reads: {[int((step < 0).sum()) for step in steps]}"


def run_tasks(folder: Path, out: Path) -> str:
    """Ours: one task a part, keys found by binary search."""
    from lineage_platform.transformations.engine import Engine

    out.mkdir()
    names = sorted(path.name for path in (folder / "table").iterdir())
    Engine().map(_remove, [(str(folder), str(out), name) for name in names])
    return "done"


def _remove(task: tuple[str, str, str]) -> None:
    folder, out, name = (Path(item) for item in task)
    gone = pq.read_table(folder / "gone" / name, use_threads=False).column("document").to_numpy()
    with (
        pq.ParquetFile(folder / "table" / name) as table,
        pq.ParquetWriter(out / name, table.schema_arrow) as writer,
    ):
        for batch in table.iter_batches(65_536, use_threads=False):
            keys = batch.column("document").to_numpy()
            places = np.minimum(np.searchsorted(gone, keys), len(gone) - 1)
            writer.write_batch(batch.filter(pa.array(gone[places] != keys)))


WAYS = {"anti": run_anti, "join": run_join, "order": run_order, "tasks": run_tasks}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run every way at every size, each in a process of its own."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.frames", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[2_000_000, 20_000_000])
    parser.add_argument("--way", choices=sorted(WAYS), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    os.environ["DAFT_ANALYTICS_ENABLED"] = os.environ["DAFT_PROGRESS_BAR"] = "0"
    for rows in options.rows:
        folder = FOLDER / str(rows)
        if options.way is None:
            make(folder, rows)
            for way in WAYS:
                command = [sys.executable, "-m", "benchmarks.frames", "--rows", str(rows), "--way", way]
                subprocess.run(command, check=True)
            shutil.rmtree(folder)
            continue
        shutil.rmtree(folder / "out", ignore_errors=True)
        start = time.perf_counter()
        result = WAYS[options.way](folder, folder / "out")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(
            f"{options.way:6} {rows:>12,} rows  peak {peak:5.2f} GB  CPU {time.process_time():6.1f} s"
            f"  wall {time.perf_counter() - start:6.1f} s  {result}"
        )


if __name__ == "__main__":
    main()
