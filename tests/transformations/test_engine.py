"""Tasks run at the same time, in any order; outcomes and errors come back as they were."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from lineage_platform.errors import InvalidInput, NotFound, Unavailable
from lineage_platform.transformations.cluster import Starts, connect, storage_environment
from lineage_platform.transformations.engine import Engine, _map, _Threads, quiet, steps

started: list[int] = []
meeting = threading.Barrier(2, timeout=60)


def double(number: int) -> int:
    return number * 2


def meet(number: int) -> int:
    meeting.wait()
    return number


def meet_and_fail(number: int) -> int:
    meeting.wait()
    raise InvalidInput(f"task {number}")


def fail_ours(number: int) -> int:
    started.append(number)
    if number == 1:
        raise NotFound("document", "docment", ["document"])
    return number


def fail_foreign(number: int) -> int:
    started.append(number)
    if number == 1:
        raise ZeroDivisionError("by nought")
    return number


@pytest.mark.parametrize("tasks", [0, 1, 2, 37])
def test_outcomes_are_in_task_order(tasks: int) -> None:
    seen: list[tuple[int, int]] = []
    outcomes = Engine().map(double, range(tasks), lambda done, total: seen.append((done, total)))
    assert outcomes == [number * 2 for number in range(tasks)]
    assert seen == [(done, tasks) for done in range(1, tasks + 1)]


def test_tasks_may_be_any_picklable_object() -> None:
    tasks: list[Any] = [{"a": [1]}, None, (), "text", range(3)]
    assert Engine().map(repr, tasks) == [repr(task) for task in tasks]


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="needs two cores")
def test_two_tasks_run_at_the_same_time() -> None:
    assert Engine().map(meet, range(4)) == [0, 1, 2, 3]  # alone, a task would wait for ever


@pytest.mark.parametrize(("function", "kind"), [(fail_ours, NotFound), (fail_foreign, ZeroDivisionError)])
def test_an_error_stops_the_map_and_comes_back(function: Callable[[int], int], kind: type[Exception]) -> None:
    started.clear()
    with pytest.raises(kind) as caught:
        Engine().map(function, range(1000))
    assert len(started) < 100
    if isinstance(caught.value, NotFound):
        assert caught.value.nearest == ("document",)
        assert not hasattr(caught.value, "__notes__")
    else:
        assert "in fail_foreign" in "".join(caught.value.__notes__)


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="needs two cores")
def test_of_several_errors_the_first_by_position_is_raised() -> None:
    with pytest.raises(InvalidInput, match="task 0"):
        Engine().map(meet_and_fail, range(2))


def test_steps_of_several_maps_add_up() -> None:
    seen: list[tuple[int, int]] = []
    for before in (0, 3):
        Engine().map(double, range(3), steps(lambda done, total: seen.append((done, total)), before, 6))
    assert seen == [(done, 6) for done in range(1, 7)]


def test_daft_sends_nothing() -> None:
    Engine().map(double, range(2))
    assert os.environ["DAFT_ANALYTICS_ENABLED"] == "0"


def test_an_interrupt_ends_the_map() -> None:
    script = (
        "import time\nfrom lineage_platform.transformations.engine import Engine\n"
        "def nap(number):\n    print('started\\n', end='', flush=True)\n    time.sleep(0.2)\n"
        "try:\n    Engine().map(nap, range(1000))\nexcept KeyboardInterrupt:\n    print('interrupted', flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("started")
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    assert "interrupted" in output
    assert output.count("started") < 100


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InvalidInput, match=r"lineage-platform\[ray\]"):
        connect(None)


def test_a_cluster_that_does_not_answer_is_named() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{bound.getsockname()[1]}"
        with pytest.raises(Unavailable, match=f"{address}.*LINEAGE_RAY_ADDRESS"):
            connect(address)


def test_one_process_uses_one_engine() -> None:
    Engine().map(double, range(2))
    with pytest.raises(InvalidInput, match="start another process"):
        Engine("ray").map(double, range(2))


def test_a_task_that_was_lost_is_known() -> None:
    starts = Starts()
    assert starts.begin(7, 0, "a") is None  # before the map, and after it, nothing starts
    starts.open(7)
    assert starts.begin(7, 0, "a") == []
    assert starts.begin(7, 1, "a") == []
    assert starts.begin(7, 0, "b") == ["a"]
    assert starts.begin(7, 0, "c") == ["a", "b"]
    starts.close(7)
    starts.close(7)
    assert starts.begin(7, 2, "a") is None


def test_access_to_object_storage_travels_with_the_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("LINEAGE_S3_ENDPOINT", "http://127.0.0.1:9000")
    monkeypatch.setenv("LINEAGE_DATABASE_URL", "postgresql://somebody:secret@host/name")
    environment = storage_environment()
    assert environment["AWS_SECRET_ACCESS_KEY"] == "secret"
    assert environment["LINEAGE_S3_ENDPOINT"] == "http://127.0.0.1:9000"
    assert "LINEAGE_DATABASE_URL" not in environment


class Losing(_Threads):
    """Loses all but the first rows, in every round."""

    rounds = 3

    def __init__(self, kept: int) -> None:
        self.kept = kept
        self.handed: list[list[int]] = []

    def frame(self, positions: Sequence[int], tasks: Sequence[Any]) -> Any:
        self.handed.append(list(positions))
        return super().frame(positions[: self.kept], tasks[: self.kept])

    def gave_up(self, error: Exception, missing: int, /) -> Exception:
        return Unavailable(f"{missing} lost: {error}")


def test_what_has_no_outcome_is_handed_out_again() -> None:
    seen: list[tuple[int, int]] = []
    pool = Losing(2)
    outcomes = _map(pool, pool.watch(), double, range(5), lambda done, total: seen.append((done, total)))
    assert outcomes == [0, 2, 4, 6, 8]
    assert [len(positions) for positions in pool.handed] == [5, 3, 1]
    assert seen == [(done, 5) for done in range(1, 6)]


def test_but_not_for_ever() -> None:
    pool = Losing(1)
    with pytest.raises(Unavailable, match="2 lost: the engine returned no outcome"):
        _map(pool, pool.watch(), double, range(5), quiet)
    assert len(pool.handed) == 3
