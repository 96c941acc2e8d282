"""The engine that runs a transformation's tasks: one Daft program, on this machine or on a Ray cluster.

    results = Engine().map(annotate_part, tasks, progress=lambda done, total: ...)
    results = Engine("ray", "10.0.0.1:6379").map(annotate_part, tasks)

A task function, its tasks and its outcomes must be importable and picklable: a worker may be another process. Outcomes
come back in task order. The first task that raises stops the map: no further task starts, those that run are waited
for, and what it raised reaches the caller, an error of ours as it was, any other with the worker's traceback as a note.

On a cluster a task may be tried again elsewhere when its node is lost, even while the first try still runs unseen: both
write the same bytes, and what one writes has no name before it is whole (`lineage_platform.files.create`).

Why tasks and not one data frame over the whole table: docs/decisions/0001-tasks-not-data-frames.md.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, Protocol, TypeVar

import pyarrow as pa

from lineage_platform.errors import InvalidInput, LineageError

Task = TypeVar("Task")
Outcome = TypeVar("Outcome")
Progress = Callable[[int, int], None]
Runner = Literal["local", "ray"]


def quiet(_done: int, _total: int) -> None:
    """No progress wanted."""


def steps(progress: Progress, before: int, total: int) -> Progress:
    """The progress of one map among several: `before` tasks of `total` were done when it begins."""
    return lambda done, _total: progress(before + done, total)


@lru_cache(maxsize=1)
def use_system_memory() -> None:
    """Make Arrow allocate from the C library in this process.

    Its own allocator takes huge pages, which the kernel fills with zeros each time: a batch's buffers live for
    milliseconds, and the kernel took twice the time it takes this way.
    """
    pa.set_memory_pool(pa.system_memory_pool())


class Watch(Protocol):
    """What the tasks of one map know of each other; goes to the workers with them."""

    def begin(self, position: int, /) -> bool:
        """Whether the task at `position` may start; asked before each start. May raise Unavailable."""

    def stop(self) -> None:
        """From now on no task may start."""


class Pool(Protocol):
    """Where tasks run."""

    rounds: int
    """How often what has no outcome yet is handed out before the map gives up."""

    def watch(self) -> Watch:
        """For one map."""

    def frame(self, positions: Sequence[int], tasks: Sequence[Any]) -> Any:
        """A Daft frame with columns `position` and `task`, of which every row can run on another worker."""

    def call(self, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """What a worker does with a row's `task`."""

    def gave_up(self, error: Exception, missing: int, /) -> Exception:
        """What to say when tasks have no outcome after the last round."""


@dataclass(frozen=True)
class _Failure:
    """What a task raised, on its way to the caller; `error` None: another task had failed, this one never ran."""

    error: Exception | None


class _ThreadWatch:
    """Seen by every thread of this process."""

    def __init__(self) -> None:
        self._stopped = False

    def begin(self, _position: int, /) -> bool:
        return not self._stopped

    def stop(self) -> None:
        self._stopped = True


class _Threads:
    """Daft's local engine: the threads of this process."""

    rounds = 1

    def watch(self) -> Watch:
        return _ThreadWatch()

    def frame(self, positions: Sequence[int], tasks: Sequence[Any]) -> Any:
        import daft

        series = daft.Series.from_pylist(list(tasks), dtype=daft.DataType.python())
        return daft.from_pydict({"position": list(positions), "task": series}).into_batches(1)

    def call(self, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return function

    def gave_up(self, error: Exception, _missing: int, /) -> Exception:
        return error


class Engine:
    """Maps a function over tasks through Daft; nothing is kept between maps.

    `local` runs them on the threads of this process, a single task in the caller's; `ray` on the cluster whose head is
    `address` (host:port, or `auto` for the one that this machine belongs to), without one on a cluster of this machine
    that ends with the process. A process can use one of them: Daft is told once.
    """

    def __init__(self, runner: Runner = "local", address: str | None = None) -> None:
        self._runner = runner
        self._address = address

    def map(
        self, function: Callable[[Task], Outcome], tasks: Sequence[Task], progress: Progress = quiet
    ) -> list[Outcome]:
        """Run every task and return the outcomes in order; raises what a task raised.

        Raises InvalidInput when Ray is not installed, Unavailable when the cluster cannot be reached or loses tasks
        again and again.
        """
        if not tasks:
            return []
        use_system_memory()
        if len(tasks) == 1 and self._runner == "local":
            outcomes = [function(tasks[0])]
            progress(1, 1)
            return outcomes
        pool = _pool(self._runner, self._address)
        watch = pool.watch()
        try:
            return _map(pool, watch, function, tasks, progress)
        finally:
            watch.stop()


@lru_cache(maxsize=1)
def _pool(runner: Runner, address: str | None) -> Pool:
    """The pool of this process. Raises InvalidInput, Unavailable."""
    os.environ["DAFT_ANALYTICS_ENABLED"] = "0"
    os.environ["DAFT_PROGRESS_BAR"] = "0"
    import daft
    from daft.runners import _get_runner  # what else Daft tells of its runner is a guess where none is set

    wanted, known = "native" if runner == "local" else "ray", _get_runner()
    if known is not None and known.name != wanted:
        raise InvalidInput(
            f"engine: got {runner}, expected Daft's {known.name} runner, which this process has begun with; start another "
            "process"
        )
    if runner == "local":
        if known is None:
            daft.set_runner_native()
        return _Threads()
    from lineage_platform.transformations.cluster import Cluster, connect

    starts = connect(address)
    if known is None:
        daft.set_runner_ray()
    return Cluster(starts)


def _map(
    pool: Pool, watch: Watch, function: Callable[[Any], Any], tasks: Sequence[Any], progress: Progress
) -> list[Any]:
    import daft

    function = pool.call(function)

    @daft.func(return_dtype=daft.DataType.python())
    def run(position: int, task: Any) -> Any:
        try:
            if not watch.begin(position):
                return position, _Failure(None)
            return position, function(task)
        except Exception as error:  # noqa: BLE001 - handed to the caller, who raises it
            watch.stop()
            if not isinstance(error, LineageError):
                error.add_note(traceback.format_exc())
            return position, _Failure(error)

    call = run(daft.col("position"), daft.col("task")).alias("outcome")
    outcomes: dict[int, Any] = {}
    failures: dict[int, Exception] = {}
    for turn in reversed(range(pool.rounds)):
        waiting = [position for position in range(len(tasks)) if position not in outcomes]
        try:
            for row in (
                pool.frame(waiting, [tasks[position] for position in waiting]).select(call).iter_rows()
            ):
                position, outcome = row["outcome"]
                if not isinstance(outcome, _Failure):
                    outcomes[position] = outcome
                    progress(len(outcomes), len(tasks))
                elif outcome.error is not None:
                    failures[position] = outcome.error
            lost: Exception = RuntimeError("the engine returned no outcome and no error")
        except Exception as error:  # noqa: BLE001 - of the engine: what a task raises is an outcome
            lost = error
        if failures:  # only now: no task of ours writes into the scratch folder any more
            raise failures[min(failures)]
        if len(outcomes) == len(tasks):
            break
        if not turn:
            raise pool.gave_up(lost, len(tasks) - len(outcomes)) from lost
    return [outcomes[position] for position in range(len(tasks))]
