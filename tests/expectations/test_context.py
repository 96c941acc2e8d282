from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from expectations.context import expect, suite_of, validate

pytestmark = pytest.mark.slow

POSITIVE = {"column": "n", "value_set": [1, 2**62 + 1]}
RANGE = [
    ("ExpectColumnMinToBeBetween", {"column": "x", "min_value": 0, "max_value": 1}),
    ("ExpectColumnMaxToBeBetween", {"column": "x", "min_value": 0, "max_value": 1}),
]


def in_set(severity: str = "error", **arguments: object) -> object:
    return suite_of(
        "t",
        [
            expect(
                "ExpectColumnValuesToBeInSet",
                "known",
                "1 or big",
                severity=severity,
                **(POSITIVE | arguments),
            )
        ],
    )


def test_a_success_says_how_many_rows() -> None:
    (found,) = validate(in_set(), [pd.DataFrame({"n": [1, 1, 2**62 + 1]})])
    assert (found.name, found.success, found.severity) == ("known", True, "error")
    assert (found.expected, found.actual, found.column) == ("1 or big", "all 3 rows", "n")


def test_frames_are_added_up_and_the_first_numbers_shown_exactly() -> None:
    good, bad = pd.DataFrame({"n": [1, 1]}), pd.DataFrame({"n": [2**62, 1, 2**62 + 2]})
    (found,) = validate(in_set("warn"), [good, bad, good.iloc[:0]])
    assert (found.success, found.severity) == (False, "warn")
    assert found.actual == f"2 of 5 rows are not, first {2**62}, {2**62 + 2}"


def test_large_frames_are_checked_each_on_its_own_and_merged() -> None:
    frames = (pd.DataFrame({"n": [number] * 70_000}) for number in (1, 5, 1))
    (found,) = validate(in_set(), frames)
    assert found.actual == "70000 of 210000 rows are not, first 5, 5, 5"


def test_strings_are_never_shown() -> None:
    suite = in_set(column="s", value_set=["en"])
    (found,) = validate(suite, [pd.DataFrame({"s": ["en", "a secret sentence"]})])
    assert found.actual == "1 of 2 rows are not"


def test_expectations_of_one_name_are_one_result() -> None:
    suite = suite_of("t", [expect(kind, "range", "0 to 1", **arguments) for kind, arguments in RANGE])
    (good,) = validate(suite, [pd.DataFrame({"x": [0.25, 0.5]}), pd.DataFrame({"x": [None, 0.75]})])
    assert (good.success, good.actual) == (True, "0.25 to 0.75")
    (bad,) = validate(suite, [pd.DataFrame({"x": [0.25, 1.5]})])
    assert (bad.success, bad.actual) == (False, "0.25 to 1.5")


def test_a_column_without_values_has_nothing_wrong() -> None:
    suite = suite_of("t", [expect(kind, "range", "0 to 1", **arguments) for kind, arguments in RANGE])
    (found,) = validate(suite, [pd.DataFrame({"x": pd.Series([None, None], dtype="float32")})])
    assert found.success


@pytest.mark.parametrize(
    "frames", [[], [pd.DataFrame({"n": pd.Series([], dtype="int64")})]], ids=["none", "empty"]
)
def test_no_rows(frames: list[pd.DataFrame]) -> None:
    (found,) = validate(in_set(), frames)
    assert (found.success, found.actual) == (True, "no rows")


def test_what_cannot_be_evaluated_has_failed() -> None:
    (found,) = validate(in_set(column="missing"), [pd.DataFrame({"n": [1]})])
    assert (found.success, found.actual) == (False, "not evaluated")


def test_the_severity_is_that_of_great_expectations() -> None:
    assert [e.severity.value for s in ("error", "warn") for e in in_set(s).expectations] == [
        "critical",
        "warning",
    ]


def test_suites_can_be_imported_without_great_expectations() -> None:
    modules = ("annotations", "context", "decisions", "documents", "placements", "shards", "sources")
    code = "import sys;" + "".join(f"import expectations.{name};" for name in modules)
    subprocess.run(
        [sys.executable, "-c", code + "assert 'great_expectations' not in sys.modules"], check=True
    )


AUDITED = """
import json, os, sys
seen = []
def note(event, arguments):
    if event == "open" and arguments[0] != os.devnull:
        flags = arguments[2]
        if isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            seen.append(["write", str(arguments[0])])
    elif event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.mkdir"):
        seen.append([event, str(arguments)])
sys.addaudithook(note)
import pandas as pd
from expectations.context import expect, suite_of, validate
suite = suite_of("t", [expect("ExpectColumnValuesToBeInSet", "a", "b", column="n", value_set=[1])])
assert validate(suite, [pd.DataFrame({"n": [1, 2]})])[0].actual == "1 of 2 rows are not, first 2"
print(json.dumps(seen))
"""


def test_nothing_is_sent_and_nothing_written(tmp_path: Path) -> None:
    """Under an audit hook of the interpreter: no socket is connected, no file opened for writing, no output."""
    home = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", AUDITED],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**home, "PYTHONPATH": str(root)},
    )
    assert json.loads(done.stdout) == []
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []
