"""Tasks on a Ray cluster: joining it or starting one, and what its workers are told.

Daft puts one worker process on each node of the cluster and hands it as many tasks at once as the node has cores; a task
whose node is lost it hands to another one, without end. So each task asks the watch before it starts, one small process on
the driver's node: it stops the others after a failure, and a task that took its worker with it several times.
"""

from __future__ import annotations

import atexit
import os
import pickle
import secrets
import shutil
import socket
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

from lineage_platform.errors import InvalidInput, Unavailable
from lineage_platform.transformations.engine import use_system_memory

STARTS = 4
"""How often a task may start; a task lost that often is taken for the cause."""

_OBJECT_STORE_BYTES = 256 * 1024**2
"""Of a cluster of our own: it holds tasks and outcomes, never documents."""

_RETRIES = 10
"""Of a question to the watch, when its machine is too busy to take the connection."""

_ANSWER_SECONDS = 10.0


def connect(address: str | None) -> Any:
    """Join the cluster at `address`, or start one on this machine; returns the handle of its watch.

    Raises InvalidInput when Ray is not installed, Unavailable when the cluster does not answer.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    try:
        import ray
    except ImportError as error:
        raise InvalidInput(
            "engine ray: got an installation without Ray, expected the extra [ray]; run pip install "
            "'lineage-platform[ray]', or unset LINEAGE_ENGINE"
        ) from error
    if not ray.is_initialized():
        try:
            _start(ray) if address is None else _join(ray, address)
        except (OSError, OverflowError, RuntimeError, ValueError) as error:
            where = "on this machine" if address is None else f"at {address}"
            raise Unavailable(
                f"Ray {where}: got {_first_line(error)}, expected a cluster that answers, with the same versions of Ray "
                "and Python as here; check LINEAGE_RAY_ADDRESS and that this machine is one of its nodes"
            ) from error
    return _watch(ray)


def _start(ray: Any) -> None:
    """A cluster of this process: with a secret of its own, in a folder that others cannot enter."""
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))  # else Ray leaves one in the home folder
    folder = tempfile.mkdtemp(prefix="lineage-")
    atexit.register(_end, ray, folder)
    ray.init(
        address="local",
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
        object_store_memory=_OBJECT_STORE_BYTES,
        _temp_dir=os.path.join(folder, "ray"),  # noqa: PTH118 - Ray takes text
    )


def _end(ray: Any, folder: str) -> None:
    ray.shutdown()
    shutil.rmtree(folder, ignore_errors=True)


def _join(ray: Any, address: str) -> None:
    if address != "auto":  # Ray itself would try for minutes
        host, _, port = address.rpartition(":")
        socket.create_connection((host, int(port)), timeout=_ANSWER_SECONDS).close()
    environment = {"DAFT_ANALYTICS_ENABLED": "0"}  # Daft reports each import, on every node
    ray.init(
        address=address, log_to_driver=False, logging_level="ERROR", runtime_env={"env_vars": environment}
    )


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


class Starts:
    """The watch's memory; an actor, one for all maps of a process."""

    def __init__(self) -> None:
        self._starts: dict[int, dict[int, list[str]]] = {}

    def begin(self, run: int, position: int, worker: str) -> list[str] | None:
        """Workers that began this task before, or None when the map has stopped."""
        starts = self._starts.get(run)
        if starts is None:
            return None
        workers = starts.setdefault(position, [])
        workers.append(worker)
        return workers[:-1]

    def open(self, run: int) -> None:
        """A map begins."""
        self._starts[run] = {}

    def close(self, run: int) -> None:
        """A map has stopped."""
        self._starts.pop(run, None)


def _watch(ray: Any) -> Any:
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    options = {"num_cpus": 0, "scheduling_strategy": here, "max_task_retries": _RETRIES}
    return ray.remote(Starts).options(**options).remote()


@dataclass(frozen=True)
class ClusterWatch:
    """The watch of one map, as a worker has it."""

    starts: Any
    run: int
    limit: int

    def begin(self, position: int) -> bool:
        """Raises Unavailable for a task that was lost too often."""
        import ray

        worker = f"{socket.gethostname()}/{ray.get_runtime_context().get_node_id()[:8]}"
        before = ray.get(self.starts.begin.remote(self.run, position, worker))
        if before is not None and len(before) >= self.limit:
            raise Unavailable(
                f"task {position}: started {len(before)} times, its worker lost each time ({', '.join(before)}), "
                "expected workers that stay; most often there is too little memory (docs/cluster.md): see Ray's logs"
            )
        return before is not None

    def stop(self) -> None:
        """Waits until every later `begin` knows."""
        import ray

        ray.get(self.starts.close.remote(self.run))


class Cluster:
    """The workers of a cluster."""

    rounds = 3

    def __init__(self, starts: Any) -> None:
        self._starts = starts
        self._runs = count()

    def watch(self) -> ClusterWatch:
        """For one map."""
        import ray

        run = next(self._runs)
        ray.get(self._starts.open.remote(run))
        return ClusterWatch(self._starts, run, STARTS)

    def frame(self, positions: Sequence[int], tasks: Sequence[Any]) -> Any:
        """One partition a task: Daft schedules partitions, and would keep the rows of one together."""
        import daft
        import pyarrow as pa
        from ray import cloudpickle

        return daft.from_arrow(
            [
                pa.table({"position": [position], "task": [cloudpickle.dumps(task)]})
                for position, task in zip(positions, tasks, strict=True)
            ]
        )

    def call(self, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """`function`, with the access to object storage that this process has."""
        return partial(_call, function, storage_environment())

    def gave_up(self, error: Exception, missing: int) -> Exception:
        """After the last round."""
        return Unavailable(
            f"Ray: {missing} tasks have no outcome after {self.rounds} rounds, the last ended by {_first_line(error)}; "
            "expected a cluster that keeps at least one node; check it, then run again"
        )


def storage_environment() -> dict[str, str]:
    """The variables that lead to object storage. They travel with the tasks, as Ray writes its own environments to logs.

    Where this process has no endpoint, or a key without a session, a node has none of its own either.
    """
    named = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    if "AWS_ACCESS_KEY_ID" in named:
        named.setdefault("AWS_SESSION_TOKEN", "")
    return {**named, "LINEAGE_S3_ENDPOINT": os.environ.get("LINEAGE_S3_ENDPOINT", "")}


def _call(function: Callable[[Any], Any], environment: dict[str, str], task: bytes) -> Any:
    for name, value in environment.items():
        if os.environ.get(name) != value:
            os.environ[name] = value
    use_system_memory()
    try:
        return function(pickle.loads(task))  # noqa: S301 - our own tasks
    except Exception as error:
        if _survives(error):
            raise
        raise RuntimeError(f"{type(error).__qualname__}: {error}") from error


def _survives(error: Exception) -> bool:
    """Whether an error can travel to the caller."""
    try:
        return type(pickle.loads(pickle.dumps(error))) is type(error)  # noqa: S301
    except Exception:  # noqa: BLE001 - whatever its class does
        return False
