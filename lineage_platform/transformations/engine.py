"""The engine that runs a transformation's tasks: one Daft program, locally or on a cluster.

    results = Engine().map(annotate_part, tasks, progress=lambda done, total: ...)

A task function and its tasks must be importable and picklable by a worker. Results come back in task order. A task that
raises stops the map; the error that reaches the caller is the task's own where it is one of ours.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

from lineage_platform.errors import LineageError

Task = TypeVar("Task")
Outcome = TypeVar("Outcome")
Progress = Callable[[int, int], None]


def _quiet(_done: int, _total: int) -> None:
    """No progress wanted."""


class Engine:
    """Maps a function over tasks through Daft; nothing is kept between maps."""

    def map(
        self, function: Callable[[Task], Outcome], tasks: Sequence[Task], progress: Progress = _quiet
    ) -> list[Outcome]:
        """Run every task and return the outcomes in order; raises what a task raised."""
        if not tasks:
            return []
        if len(tasks) == 1:
            outcomes = [function(tasks[0])]
            progress(1, 1)
            return outcomes
        return self._map(function, tasks, progress)

    def _map(
        self, function: Callable[[Task], Outcome], tasks: Sequence[Task], progress: Progress
    ) -> list[Outcome]:
        os.environ.setdefault("DAFT_ANALYTICS_ENABLED", "0")
        os.environ.setdefault("DAFT_PROGRESS_BAR", "0")
        import daft

        @daft.func(return_dtype=daft.DataType.python())
        def run(position: int) -> Any:
            try:
                return position, function(tasks[position]), None
            except LineageError as error:
                return position, None, error

        frame = daft.from_pydict({"task": list(range(len(tasks)))}).into_batches(1)
        outcomes: dict[int, Outcome] = {}
        for row in frame.select(run(daft.col("task")).alias("outcome")).iter_rows():
            position, outcome, error = row["outcome"]
            if error is not None:
                raise error
            outcomes[position] = cast("Outcome", outcome)
            progress(len(outcomes), len(tasks))
        return [outcomes[position] for position in range(len(tasks))]
