"""What a peer's run costs, measured inside its process; standard library only, because it runs in every peer's environment."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def cpu_seconds() -> float:
    """Processor seconds of this process, its threads, and its children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


class Report:
    """Figures of one run: stages (CPU, wall), the whole, and afterwards what came out, which is not measured."""

    def __init__(self, path: Path) -> None:
        self.figures: dict[str, Any] = {"stages": []}
        self._path, self._started, self._aside = path, time.perf_counter(), 0.0

    def imported(self) -> None:
        """Everything is imported now."""
        self.figures["imports"] = cpu_seconds()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure a stage; one of the same name adds up."""
        cpu, wall, aside = cpu_seconds(), time.perf_counter(), self._aside
        yield
        spent, took = cpu_seconds() - cpu - (self._aside - aside), time.perf_counter() - wall
        known = next((stage for stage in self.figures["stages"] if stage["name"] == name), None)
        if known is None:
            known = {"name": name, "cpu": 0.0, "wall": 0.0}
            self.figures["stages"].append(known)
        known["cpu"] += spent
        known["wall"] += took

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Look at something for the comparison of outcomes; this does not count."""
        cpu = cpu_seconds()
        yield
        self._aside += cpu_seconds() - cpu

    def stop(self) -> None:
        """The run is over."""
        self.figures["cpu"] = cpu_seconds() - self._aside
        self.figures["wall"] = time.perf_counter() - self._started
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        own = int(status.partition("VmHWM:")[2].split()[0])  # getrusage may say that of the starting process
        self.figures["peak"] = 1024 * max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)

    def write(self, **outcomes: Any) -> None:
        """Write figures and outcomes."""
        self._path.write_text(json.dumps({**self.figures, "outcomes": outcomes}), encoding="utf-8")
