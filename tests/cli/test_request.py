"""The register of requests from the command line."""

from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from lineage_platform.recording import Recorder
from lineage_platform.settings import Settings
from tests.audit.worlds import subject_hash
from tests.cli.conftest import Lineage, use
from tests.cli.test_help import ANSWERS, keys_of

PERSON = "someone@example.org"


@pytest.fixture
def workspace(settings: Settings, recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty workspace whose operator gives itself days."""
    use(settings, monkeypatch)
    (settings.workspace / "sources").mkdir(parents=True, exist_ok=True)
    (settings.workspace / "lineage.yaml").write_text("deadlines:\n  any: 15\n  takedown: 2\n")
    return settings.workspace


def today() -> date:
    return datetime.now(UTC).date()


def test_a_life_of_a_request(
    workspace: Path, settings: Settings, run: Lineage, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "0 requests" in run("request", "list").out
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PERSON}\n"))
    kind = ("--kind", "erasure", "--jurisdiction", "CN")
    made = run("request", "open", *kind, "--subject", "-", "--author", "dpo", "--about", "all", "--json")
    assert made.json["subject"] == subject_hash(settings, PERSON).hex()
    assert made.json["due"] == (today() + timedelta(days=15)).isoformat()
    assert PERSON not in made.out
    number = made.json["request"]
    named = ("--kind", "court-order", "--jurisdiction", "CN", "--name", "A court", "--author", "legal")
    order = run("request", "open", *named, "--due", "2099-01-15", "--json").json
    assert (order["due"], order["name"], order["law"]) == ("2099-01-15", "A court", "")
    late = run(
        "request", "open", *kind[:2], "--jurisdiction", "EU", "--subject", "x", "--author", "dpo", "--json"
    ).json
    assert (late["law"], late["article"]) == ("GDPR", "art. 12(3)")
    old = ("--kind", "takedown", "--jurisdiction", "US", "--name", "A firm", "--author", "legal")
    assert run("request", "open", *old, "--received-at", "2026-01-01").code == 0

    assert run("request", "verify", number, "--author", "dpo", "--note", "by letter").code == 0
    wrong = run("request", "done", number, "--author", "dpo")
    assert wrong.code == 1 and "it is verified, expected decided" in wrong.err
    assert run("request", "decide", number, "--author", "legal").code == 0
    done = run("request", "done", number, "--author", "dpo", "--withdrawal", "12", "--json").json
    assert (done["state"], done["withdrawal"], len(done["steps"])) == ("done", "12", 3)
    assert run("request", "extend", late["request"], "--author", "dpo", "--reason", "many").code == 0
    assert run("request", "refuse", order["request"], "--author", "legal", "--reason", "revoked").code == 0

    listed = run("request", "list", "--json").json
    assert (listed["overdue"], listed["open"]) == (1, 2)
    assert [item["overdue"] for item in listed["requests"]] == [True, False, False, False]
    asked = run("request", "list", "--subject", PERSON, "--json").json["requests"]
    assert [item["request"] for item in asked] == [number]
    assert run("request", "show", number, "--json").json == done
    documented = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"`([^`\n]+)`", ANSWERS))))
    assert keys_of(listed) <= documented
    assert run("verify").code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--kind", "erase", "--jurisdiction", "EU", "--subject", "x"), 1, "nearest: erasure"),
        (("--kind", "erasure", "--jurisdiction", "FR", "--subject", "x"), 1, "no jurisdiction named 'FR'"),
        (("--kind", "erasure", "--jurisdiction", "EU"), 2, "exactly one of a subject and a name"),
        (("--kind", "erasure", "--jurisdiction", "EU", "--name", "Li Wei"), 2, "a right of natural persons"),
        (
            ("--kind", "erasure", "--jurisdiction", "EU", "--subject", "x", "--due", "soon"),
            2,
            "expected a date",
        ),
    ],
)
def test_what_makes_no_sense(
    workspace: Path, run: Lineage, arguments: tuple[str, ...], code: int, message: str
) -> None:
    said = run("request", "open", *arguments, "--author", "dpo")
    assert said.code == code and message in said.err
    assert run("request", "list", "--json").json["requests"] == []


@pytest.mark.parametrize("text", ["deadlines:\n  takedwn: 2\n", "deadlines:\n  any: 0\n", "deadlines: 5\n"])
def test_days_of_the_operator_that_are_wrong_are_told_by_line(
    workspace: Path, run: Lineage, text: str
) -> None:
    (workspace / "lineage.yaml").write_text(f"name: x\n{text}")
    said = run(
        "request", "open", "--kind", "access", "--jurisdiction", "CN", "--subject", "x", "--author", "a"
    )
    assert said.code == 2 and "lineage.yaml:" in said.err and "deadlines" in said.err
