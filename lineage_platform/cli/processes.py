"""Long-running subprocesses that never outlive us: a process group and a log file each."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_TAIL_LINES = 20


class Service:
    """A started subprocess and everything it starts."""

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], cwd: Path, log: Path
    ) -> None:
        self.name = name
        self.log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                env=environment,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative is a signal."""
        return self._process.poll()

    def tail(self) -> str:
        """The last lines of its log."""
        return "\n".join(self.log.read_text("utf-8", "replace").strip().splitlines()[-_TAIL_LINES:])

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def is_gone(self) -> bool:
        """Whether no process of the group is left; takes in those that have ended."""
        if self._process.poll() is None:
            return False
        try:
            while os.waitpid(-self._process.pid, os.WNOHANG) != (0, 0):
                continue
        except ChildProcessError:
            pass
        try:
            os.killpg(self._process.pid, 0)
        except ProcessLookupError:
            return True
        return False


def adopt_orphans() -> None:
    """Become the parent of what subprocesses leave behind (PR_SET_CHILD_SUBREAPER), so that it can be waited for."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def stop(services: Sequence[Service], grace_seconds: float) -> None:
    """Terminate the groups, wait until they are empty, kill what is left after the grace period."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        left = [service for service in services if not service.is_gone()]
        for service in left:
            service.signal(number)
        deadline = time.monotonic() + grace_seconds
        while left and time.monotonic() < deadline:
            time.sleep(0.05)
            left = [service for service in left if not service.is_gone()]


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
