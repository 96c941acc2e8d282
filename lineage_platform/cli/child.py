"""A subprocess that reports JSON lines on standard output, and what they sum up to.

| event | fields |
| --- | --- |
| plan | assets |
| start | asset |
| progress | asset, done, total |
| check | asset, name, passed, severity |
| done | asset, seconds, rows, unchanged; dropped: {reason: documents}, where there are any |
| failed | asset, error |
| end | success, seconds, error |

Its standard error goes to a log file. It runs in a process group of its own, so that an interrupt from the keyboard
reaches it through us, once, and we wait until it has recorded that it stopped.
"""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from lineage_platform.errors import LineageError

Event = Mapping[str, Any]


@dataclass
class Summary:
    """What a run did."""

    log: Path
    exit_code: int = 0
    success: bool = False
    seconds: float = 0.0
    error: str | None = None
    assets: list[dict[str, Any]] = field(default_factory=list)
    failed: list[dict[str, Any]] = field(default_factory=list)
    failed_checks: list[dict[str, Any]] = field(default_factory=list)

    def note(self, event: Event) -> None:
        """Take in one event."""
        rest = {name: value for name, value in event.items() if name != "event"}
        match event.get("event"):
            case "done":
                self.assets.append(rest)
            case "failed":
                self.failed.append(rest)
            case "check" if not event["passed"]:
                self.failed_checks.append(rest)
            case "end":
                self.success = bool(event["success"])
                self.seconds = float(event.get("seconds", 0.0))
                self.error = event.get("error")

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "success": self.success,
            "seconds": self.seconds,
            "error": self.error,
            "assets": self.assets,
            "failed": self.failed,
            "failed_checks": self.failed_checks,
            "log": str(self.log),
        }

    def lines(self) -> Iterator[str]:
        """What to say at the end."""
        for item in self._made():
            if dropped := item.get("dropped"):
                reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(dropped.items()))
                yield f"dropped: {item['asset']}: {sum(dropped.values()):,} documents ({reasons})"
        for item in self.failed:
            yield f"failed: {item['asset']}: {item['error']}"
        for item in self.failed_checks:
            yield f"check failed: {item['asset']}: {item['name']} ({item['severity']})"
        if self.error:
            yield self.error
        if self.success:
            yield f"{', '.join(self._counts())} in {self.seconds:,.1f} s"
        else:
            yield f"the run failed; its log: {self.log}"

    def _made(self) -> list[dict[str, Any]]:
        return [item for item in self.assets if not item.get("unchanged")]

    def _counts(self) -> Iterator[str]:
        made = len(self._made())
        yield f"{made:,} assets made" if made else "nothing was stale"
        if unchanged := len(self.assets) - made:
            yield f"{unchanged:,} unchanged"


class Child:
    """One run of a reporting subprocess; its log is a new file under `logs`."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], logs: Path) -> None:
        self._command = list(command)
        self._environment = dict(environment)
        logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        self._log = logs / f"materialize-{now}.log"

    def run(self, tell: Callable[[Event], None]) -> Summary:
        """Run to the end, telling every event; raises KeyboardInterrupt after the process has ended on one.

        Raises LineageError when the process ends without having said how it went.
        """
        summary = Summary(self._log)
        ended = False
        with self._log.open("xb") as log, self._started(log) as process:
            assert process.stdout is not None  # noqa: S101 - a pipe was asked for
            for line in process.stdout:
                event = _event(line)
                if event is None:
                    log.write(line)
                    log.flush()
                    continue
                ended = ended or event["event"] == "end"
                summary.note(event)
                tell(event)
        summary.exit_code = process.returncode
        if not ended:
            how = f"signal {-process.returncode}" if process.returncode < 0 else f"code {process.returncode}"
            raise LineageError(f"the run ended by {how} before it was done; its log: {self._log}")
        if not summary.success and summary.exit_code == 0:
            summary.exit_code = 1
        return summary

    @contextlib.contextmanager
    def _started(self, log: Any) -> Iterator[subprocess.Popen[bytes]]:
        process = subprocess.Popen(
            self._command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            process_group=0,
        )
        before = signal.signal(signal.SIGTERM, _interrupt)
        try:
            yield process
            process.wait()
        except BaseException:
            _stop(process)
            raise
        finally:
            signal.signal(signal.SIGTERM, before)
            if process.stdout is not None:
                process.stdout.close()


def _event(line: bytes) -> dict[str, Any] | None:
    """The event of a line; None for what something else has printed."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "event" in event else None


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Interrupt, let it say its last words, and wait; a second interrupt kills."""
    process.send_signal(signal.SIGINT)
    try:
        if process.stdout is not None:
            process.stdout.read()
        process.wait()
    except KeyboardInterrupt:
        process.kill()
        process.wait()
