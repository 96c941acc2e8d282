"""A process of its own for Ray: three nodes of one core on this machine, and what runs on them.

`python -m tests.cluster.driver <data> <work> <bucket>` runs the chain with its files in a bucket, then on a local disk while
one of the nodes is killed, then some small tasks, and writes what happened to <work>/told.json. The nodes start without
the variables of object storage; the driver has them.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from lineage_platform.errors import LineageError, NotFound
from lineage_platform.files import place
from lineage_platform.transformations import cluster as cluster_module
from lineage_platform.transformations.cluster import storage_environment
from lineage_platform.transformations.engine import Engine, Progress, quiet
from tests.cluster import chain

NODES = 3
KILLED_STEP = "_annotate_part"
"""The function of the step in which a node goes."""


class Watched(Engine):
    """Every task notes where it ran and when; one that ends on the marked node waits there for the node's end."""

    def __init__(self, notes: Path, address: str) -> None:
        super().__init__("ray", address)
        notes.mkdir()
        self._notes = notes

    def map(
        self, function: Callable[[Any], Any], tasks: Sequence[Any], progress: Progress = quiet
    ) -> list[Any]:
        return super().map(partial(noted, function, self._notes), tasks, progress)


def noted(function: Callable[[Any], Any], notes: Path, task: Any) -> Any:
    """Runs in the worker."""
    step, node, begun = getattr(function, "__name__", ""), node_id(), time.time()
    outcome = function(task)
    trap = notes.parent / "trap"
    trapped = step == KILLED_STEP and trap.exists() and trap.read_text() == node
    note = {"step": step, "node": node, "begun": begun, "ended": time.time(), "trapped": trapped}
    (notes / secrets.token_hex(8)).write_text(json.dumps(note))
    if trapped:
        time.sleep(600)
    return outcome


def node_id() -> str:
    import ray

    return str(ray.get_runtime_context().get_node_id())


def told(notes: Path) -> list[dict[str, Any]]:
    """Every note."""
    return [json.loads(path.read_text()) for path in notes.iterdir()]


def kill_when_trapped(notes: Path, node: Any, killed: dict[str, Any]) -> None:
    """kill -9 of a raylet and its workers, once one of them sits in the trap."""
    while not any(note["trapped"] for note in told(notes)):
        time.sleep(0.1)
    raylet = psutil.Process(node.all_processes["raylet"][0].process.pid)
    processes = [raylet, *raylet.children(recursive=True)]
    killed |= {"node": node.node_id, "processes": [process.name() for process in processes]}
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    killed["at"] = time.time()
    (notes.parent / "trap").unlink()


@contextlib.contextmanager
def cluster() -> Iterator[tuple[str, list[Any]]]:
    """Address and nodes of a cluster; the first is its head."""
    os.environ |= {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_enable_worker_prestart": "0",
    }
    storage = storage_environment()
    for name in storage:
        os.environ.pop(name, None)
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "object_store_memory": 80 * 1024**2, "include_dashboard": False}
    node["include_log_monitor"] = False
    started = Cluster(initialize_head=True, head_node_args=node)
    try:
        nodes = [started.head_node, *(started.add_node(wait=False, **node) for _ in range(1, NODES))]
        started.wait_for_nodes()
        os.environ |= storage
        yield started.address, nodes
    finally:
        import ray

        ray.shutdown()
        started.shutdown()


def lose_one_node(data: Path, work: Path, address: str, victim: Any) -> dict[str, Any]:
    """The chain on a local disk, while the victim is killed."""
    (work / "trap").write_text(victim.node_id)
    engine = Watched(work / "disturbed-notes", address)
    killed: dict[str, Any] = {}
    arguments = (work / "disturbed-notes", victim, killed)
    killer = threading.Thread(target=kill_when_trapped, args=arguments, daemon=True)
    killer.start()
    digests = chain.run(data, work / "disturbed", engine)
    killer.join(timeout=1)
    return {"digests": digests, "notes": told(work / "disturbed-notes"), "killed": killed}


def double(number: int) -> int:
    return number * 2


def fail_ours(number: int) -> int:
    if number == 1:
        raise NotFound("document", "docment", ["document"])
    return number


def fail_foreign(number: int) -> int:
    if number == 1:
        raise ZeroDivisionError("by nought")
    return number


class Odd(Exception):
    """An error that does not come out of pickle."""

    def __init__(self, first: int, second: int) -> None:
        super().__init__(f"{first} and {second}")


def fail_oddly(number: int) -> int:
    raise Odd(number, number)


def crash(number: int) -> int:
    if number == 1:
        os.abort()
    return number


def small_tasks(work: Path, address: str) -> dict[str, Any]:
    """What an engine promises, on the cluster."""
    seen: list[tuple[int, int]] = []
    engine = Watched(work / "small-notes", address)
    outcomes = engine.map(double, range(20), lambda done, total: seen.append((done, total)))
    raised = {}
    cluster_module.STARTS = 2
    for function in (fail_ours, fail_foreign, fail_oddly, crash):
        try:
            engine.map(function, range(6 if function is crash else 60))
        except Exception as error:  # noqa: BLE001 - told to the test
            raised[function.__name__] = {
                "kind": type(error).__name__,
                "text": str(error),
                "notes": getattr(error, "__notes__", []),
                "ours": vars(error) if isinstance(error, LineageError) else {},
            }
    return {"outcomes": outcomes, "seen": seen, "raised": raised, "notes": told(work / "small-notes")}


def main(data: Path, work: Path, bucket: str) -> None:
    """Everything."""
    with cluster() as (address, nodes):
        engine = Watched(work / "stored-notes", address)
        stored = {"digests": chain.run(data, place(bucket), engine), "notes": told(work / "stored-notes")}
        # Ray took any node of this machine for the driver's own; with that one the driver's work would end
        other = next(node for node in reversed(nodes) if node.node_id != node_id())
        disturbed = lose_one_node(data, work, address, other)
        small = small_tasks(work, address)
    story = {"stored": stored, "disturbed": disturbed, "small": small}
    (work / "told.json").write_text(json.dumps(story))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
