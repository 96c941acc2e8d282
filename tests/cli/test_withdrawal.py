"""Withdrawals from the command line."""

from __future__ import annotations

import io

import pytest

from lineage_platform.recording import Recorder
from lineage_platform.settings import Settings
from tests.audit.releasing import make_release
from tests.audit.worlds import make_world, subject_hash
from tests.cli.conftest import Lineage, use
from tests.cli.test_help import ANSWERS, keys_of

SAID = ("--reason", "A letter", "--author", "A. Officer")


def test_a_life_of_a_withdrawal(
    settings: Settings, recorder: Recorder, run: Lineage, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(settings, monkeypatch)
    world = make_world(settings, recorder)
    make_release(world, recorder, passed=True)
    assert run("withdrawals").out == "nothing was withdrawn\n"

    key = str(world.key("press", 4))
    planned = run("withdraw", "--document", key, *SAID, "--dry-run")
    assert planned.out.startswith("would withdraw 2 documents in ")
    assert run("withdrawals").out == "nothing was withdrawn\n"
    assert run("train-run", "record", "--release", "demo", "--model", "m", "--model-version", "1").code == 0

    made = run("withdraw", "--document", key, *SAID, "--request", "12", "--json").json
    assert (made["state"], made["kind"], made["documents"]) == ("recorded", "takedown", 2)
    assert [item["state"] for item in made["releases"]] == ["quarantined"]
    assert [item["model"] for item in made["models"]] == ["m"]
    documented = set(ANSWERS.replace("`", " ").replace(".", " ").replace("[]", " ").replace(",", " ").split())
    assert keys_of(made) <= documented
    again = run("withdraw", "--document", key, *SAID)
    assert "has all of this already; nothing was recorded" in again.out
    assert "in quarantine: it holds what was withdrawn" in run("trace", "--corpus", "demo").out
    assert "of the shards are in quarantine" in run("impact", "--document", key).out

    monkeypatch.setattr("sys.stdin", io.StringIO("person1@example.org\n"))
    person = run("withdraw", "--subject", "-", *SAID, "--effective", "2026-01-31", "--json").json
    assert person["kind"] == "consent-withdrawn"
    assert person["covers"][0]["subject"] == subject_hash(settings, "person1@example.org").hex()
    listed = run("withdrawals", "--json").json
    assert keys_of(listed) <= documented
    newest, oldest = listed["withdrawals"]
    assert (newest["state"], newest["effective"]) == ("in-force", "2026-01-31T00:00:00.000000Z")
    assert oldest["request"] == "12"
    [row] = [item for item in run("overlay", "--json").json["overlay"] if item["document"] == key]
    assert row["withdrawal"] == made["withdrawal"]

    assert run("reinstate", *SAID).code == 2
    assert run("reinstate", "--withdrawal", "4711", *SAID).code == 1
    lifted = run("reinstate", "--withdrawal", made["withdrawal"], *SAID, "--json").json
    assert [item["state"] for item in lifted["overlay"]] == ["lifted"]
    assert run("reinstate", "--withdrawal", newest["withdrawal"], *SAID).code == 0
    assert [item["state"] for item in run("releases", "--json").json["releases"]] == ["reopened"]
    assert run("verify").code == 0


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ((), "got 0 of --source"),
        (("--source", "press", "--licence", "MIT"), "got 2 of --source"),
        (("--source", "press", "--kind", "x"), "--kind: got 'x'"),
        (("--document", "x"), "document: got 'x'"),
        (("--source", "press", "--effective", "2999-01-01"), "which is to come"),
        (("--query", "nowhere.parquet"), "nowhere.parquet"),
    ],
)
def test_bad_input(
    settings: Settings,
    recorder: Recorder,
    run: Lineage,
    monkeypatch: pytest.MonkeyPatch,
    how: tuple[str, ...],
    said: str,
) -> None:
    use(settings, monkeypatch)
    told = run("withdraw", *how, *SAID)
    assert told.code == 2
    assert said in told.err
    assert run("withdrawals").out == "nothing was withdrawn\n"
