"""The engine that runs a transformation's tasks: one Daft program, locally or on a cluster.

    results = Engine().map(annotate_part, tasks, progress=lambda done, total: ...)

A task function, its tasks and its outcomes must be importable and picklable: a worker may be another process. Outcomes
come back in task order. The first task that raises stops the map: no further task starts, those that run are waited
for, and what it raised reaches the caller, an error of ours as it was, any other with the worker's traceback as a note.

Why tasks and not one data frame over the whole table: docs/decisions/0001-tasks-not-data-frames.md.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from lineage_platform.errors import LineageError

Task = TypeVar("Task")
Outcome = TypeVar("Outcome")
Progress = Callable[[int, int], None]


def quiet(_done: int, _total: int) -> None:
    """No progress wanted."""


def steps(progress: Progress, before: int, total: int) -> Progress:
    """The progress of one map among several: `before` tasks of `total` were done when it begins."""
    return lambda done, _total: progress(before + done, total)


@dataclass(frozen=True)
class _Failure:
    """What a task raised, on its way to the caller; `error` None: another task had failed, this one never ran."""

    error: Exception | None


class Engine:
    """Maps a function over tasks through Daft; nothing is kept between maps."""

    def map(
        self, function: Callable[[Task], Outcome], tasks: Sequence[Task], progress: Progress = quiet
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
        os.environ["DAFT_ANALYTICS_ENABLED"] = "0"
        os.environ["DAFT_PROGRESS_BAR"] = "0"
        import daft

        stopped: list[bool] = []  # seen by every worker thread; on a cluster each process has its own

        @daft.func(return_dtype=daft.DataType.python())
        def run(position: int, task: Any) -> Any:
            if stopped:
                return position, _Failure(None)
            try:
                return position, function(task)
            except Exception as error:  # noqa: BLE001 - handed to the caller, who raises it
                stopped.append(True)
                if not isinstance(error, LineageError):
                    error.add_note(traceback.format_exc())
                return position, _Failure(error)

        frame = daft.from_pydict(
            {
                "position": list(range(len(tasks))),
                "task": daft.Series.from_pylist(list(tasks), dtype=daft.DataType.python()),
            }
        ).into_batches(1)
        call = run(daft.col("position"), daft.col("task")).alias("outcome")
        outcomes: dict[int, Outcome] = {}
        failures: dict[int, Exception] = {}
        try:
            for row in frame.select(call).iter_rows():
                position, outcome = row["outcome"]
                if not isinstance(outcome, _Failure):
                    outcomes[position] = outcome
                    progress(len(outcomes), len(tasks))
                elif outcome.error is not None:
                    failures[position] = outcome.error
        finally:
            stopped.append(True)
        if failures:  # only now: no task of ours writes into the scratch folder any more
            raise failures[min(failures)]
        return [outcomes[position] for position in range(len(tasks))]
