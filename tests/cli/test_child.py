"""The subprocess behind `lineage materialize`: its reports, its end, and being interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lineage_platform.cli.child import Child, Event
from lineage_platform.cli.display import display
from lineage_platform.errors import LineageError

REPORT = """
import json, sys
def tell(**event): print(json.dumps(event), flush=True)
tell(event="plan", assets=["a", "b"])
tell(event="start", asset="a")
print("something else prints")
print("on standard error", file=sys.stderr)
tell(event="progress", asset="a", done=1, total=2)
tell(event="check", asset="a", name="rows", passed=True, severity="error")
tell(event="done", asset="a", seconds=1.5, rows=1200)
"""


def child(script: str, tmp_path: Path) -> Child:
    return Child([sys.executable, "-c", REPORT + script], dict(os.environ), tmp_path / "logs")


def test_a_run_that_succeeds(tmp_path: Path) -> None:
    told: list[Event] = []
    summary = child('tell(event="end", success=True, seconds=2)', tmp_path).run(told.append)
    assert [event["event"] for event in told] == ["plan", "start", "progress", "check", "done", "end"]
    assert (summary.success, summary.exit_code) == (True, 0)
    answer = summary.to_dict()
    assert answer["assets"] == [{"asset": "a", "seconds": 1.5, "rows": 1200}]
    assert (answer["failed"], answer["failed_checks"], answer["error"]) == ([], [], None)
    log = Path(answer["log"]).read_text()
    assert "something else prints" in log
    assert "on standard error" in log
    assert list(summary.lines()) == ["1 assets made in 2.0 s"]


def test_a_run_that_fails(tmp_path: Path) -> None:
    script = """
tell(event="failed", asset="b", error="no such file")
tell(event="check", asset="a", name="licences", passed=False, severity="warn")
tell(event="end", success=False, seconds=2, error="b failed")
sys.exit(3)
"""
    summary = child(script, tmp_path).run(lambda _event: None)
    assert (summary.success, summary.exit_code) == (False, 3)
    said = "\n".join(summary.lines())
    for word in ("b: no such file", "licences (warn)", "b failed", str(tmp_path / "logs")):
        assert word in said


def test_a_failure_is_never_exit_code_zero(tmp_path: Path) -> None:
    summary = child('tell(event="end", success=False)', tmp_path).run(lambda _event: None)
    assert summary.exit_code == 1


def test_a_run_that_dies(tmp_path: Path) -> None:
    with pytest.raises(LineageError, match="signal 9"):
        child("import os; os.kill(os.getpid(), 9)", tmp_path).run(lambda _event: None)
    with pytest.raises(LineageError, match="code 7"):
        child("sys.exit(7)", tmp_path).run(lambda _event: None)


PARENT = """
import os, sys
from pathlib import Path
from lineage_platform.cli.child import Child
child = Child([sys.executable, "-c", sys.argv[1]], dict(os.environ), Path(sys.argv[2]))
try:
    child.run(lambda event: print(event["event"], flush=True))
except KeyboardInterrupt:
    sys.exit(130)
"""

PATIENT = """
import time
try:
    tell(event="start", asset="slow")
    time.sleep(60)
except KeyboardInterrupt:
    tell(event="failed", asset="slow", error="interrupted")
    open("@", "w").write("recorded")
    sys.exit(130)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_waits_for_the_last_words(tmp_path: Path, number: signal.Signals) -> None:
    script = REPORT + PATIENT.replace("@", str(tmp_path / "words"))
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT, script, str(tmp_path / "logs")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line == "done\n":
            break
    assert process.stdout.readline() == "start\n"
    process.send_signal(number)
    assert process.wait(20) == 130
    process.stdout.close()
    assert (tmp_path / "words").read_text() == "recorded"


def events() -> list[dict[str, Any]]:
    return [
        {"event": "plan", "assets": ["a", "b"]},
        {"event": "start", "asset": "a"},
        {"event": "progress", "asset": "a", "done": 1, "total": 2},
        {"event": "check", "asset": "a", "name": "rows", "passed": False, "severity": "warn"},
        {"event": "done", "asset": "a", "seconds": 1.5, "rows": 1200},
        {"event": "start", "asset": "b"},
        {"event": "failed", "asset": "b", "error": "no such file"},
        {"event": "end", "success": False},
    ]


def test_a_line_a_change_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with display(quiet=False) as shown:
        for event in events():
            shown.tell(event)
    assert capsys.readouterr().err.splitlines() == [
        "to do: a, b",
        "a ...",
        "a check rows failed (warn)",
        "a done in 1.5 s, 1,200 rows",
        "b ...",
        "b failed: no such file",
    ]
    with display(quiet=True) as shown:
        for event in events():
            shown.tell(event)
    assert capsys.readouterr().err == ""


def test_bars_on_a_terminal() -> None:
    master, slave = os.openpty()
    program = (
        "import sys; sys.stderr = open(1, 'w', closefd=False); from lineage_platform.cli.display import display\n"
        f"with display(quiet=False) as shown:\n    [shown.tell(event) for event in {events()!r}]\n"
    )
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    process = subprocess.Popen([sys.executable, "-c", program], stdout=slave, env=environment)
    os.close(slave)
    shown = b""
    while True:
        try:
            piece = os.read(master, 4096)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        shown += piece
    os.close(master)
    assert process.wait() == 0
    assert b"1,200 rows" in shown
    assert b"failed" in shown
