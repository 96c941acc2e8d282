"""The overlay from the command line: what is laid counts at once, and only a reinstatement lifts it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from lineage_platform.recording import Recorder
from lineage_platform.settings import Settings
from tests.audit.worlds import make_world, observe, subject_hash
from tests.cli.conftest import Lineage, use
from tests.cli.test_help import ANSWERS, keys_of

SAID = ("--reason", "A letter", "--author", "A. Officer")
WITHDRAWN = "LicenseRef-withdrawn"


@pytest.fixture
def terms(tmp_path: Path) -> str:
    """A file of terms."""
    file = tmp_path / "withdrawn.yaml"
    file.write_text(
        f"terms:\n  licence: {WITHDRAWN}\n  consent_basis: unknown\n  personal_data: unknown\n  opt_out: n\n"
    )
    return str(file)


def withdrawn(run: Lineage, *how: str) -> dict[str, int]:
    """Documents under the terms laid over, by source."""
    shares = run("trace", "--corpus", "demo", *how, "--json").json["sources"]
    found = [
        (share["source"], item["documents"])
        for share in shares
        for item in share["terms"]
        if item["licence"] == WITHDRAWN
    ]
    return {source: sum(count for name, count in found if name == source) for source, _ in found}


def test_a_life_of_the_overlay(
    settings: Settings,
    recorder: Recorder,
    run: Lineage,
    terms: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use(settings, monkeypatch)
    world = make_world(settings, recorder)
    assert run("overlay").out == "no terms are replaced\n"

    [row] = run("restate", "--source", "blog", "--terms", terms, *SAID, "--json").json["overlay"]
    assert (row["state"], row["source"], row["statement"]["opt_out"]) == ("in-force", "blog", "n")
    assert withdrawn(run) == {"blog": 12}
    observe(world, recorder, "blog")
    assert withdrawn(run) == {"blog": 12}, "an edit of the YAML lifts nothing"

    first, last = world.key("press", 10), world.key("press", 12)
    [keys] = run("restate", "--keys", f"{first}-{last}", "--terms", terms, *SAID, "--json").json["overlay"]
    assert (keys["keys"], keys["statement"]["source"]) == ([str(first), str(last)], "press")
    key = str(world.key("press", 20))
    assert run("restate", "--document", key, "--terms", terms, *SAID).code == 0
    assert withdrawn(run) == {"blog": 12, "press": 8}

    monkeypatch.setattr("sys.stdin", io.StringIO("person1@example.org\n"))
    dates = ("--valid-from", "2099-01-01", "--valid-to", "2099-02-01")
    said = run("restate", "--subject", "-", "--terms", terms, *SAID, *dates, "--json")
    assert said.json["overlay"][0]["state"] == "to-come"
    assert said.json["overlay"][0]["subject"] == subject_hash(settings, "person1@example.org").hex()
    assert "person1" not in said.out

    numbers = [item["overlay"] for item in run("overlay", "--json").json["overlay"]]
    lifted = run("reinstate", *numbers[:2], "--reason", "Settled", "--author", "B", "--json").json["overlay"]
    assert [item["state"] for item in lifted] == ["lifted", "lifted"]
    assert lifted[0]["reinstated"]["author"] == "B"
    assert withdrawn(run) == {"press": 2}
    assert withdrawn(run, "--valid-at", "2099-01-15") == {"blog": 3, "press": 2}
    again = run("reinstate", numbers[0], *SAID)
    assert again.code == 1 and "B reinstated it at" in again.err
    listed = run("overlay").out
    assert [line.split()[1] for line in listed.splitlines()[2:]] == [
        "lifted",
        "lifted",
        "in-force",
        "to-come",
    ]
    answer = run("overlay", "--json").json
    for item in answer["overlay"]:
        item["statement"] = {}
    assert all(f"`{key}`" in ANSWERS or f".{key}`" in ANSWERS for key in keys_of(answer))
    assert run("verify").code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 2, "got 0 of --source, --document, --keys and --subject"),
        (("--source", "a", "--document", "1"), 2, "got 2 of --source"),
        (("--source", "pres"), 1, "no source named 'pres'; nearest: press"),
        (("--document", "99"), 1, "no document named '99'"),
        (("--document", "-5"), 2, "expected a document key"),
        (("--keys", "5"), 2, "--keys: got '5', expected FROM-TO"),
        (("--keys", "9-5"), 2, "the lower one first"),
        (("--subject", "x", "--valid-from", "soon"), 2, "--valid-from: got 'soon', expected a date"),
        (
            ("--subject", "x", "--valid-from", "2030-01-01", "--valid-to", "2029-01-01"),
            2,
            "expected an end after the beginning",
        ),
    ],
)
def test_what_makes_no_sense(
    lineage: Lineage, terms: str, arguments: tuple[str, ...], code: int, message: str
) -> None:
    said = lineage("restate", *arguments, "--terms", terms, *SAID)
    assert said.code == code and message in said.err
    assert lineage("overlay", "--json").json == {"overlay": []}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("terms:\n  licence: MIT\n  consent_basis: consnt\n  personal_data: none\n", 3, "consent_basis"),
        ("terms:\n  licence: MIT\n  personal_dat: none\n", 3, "an unknown key"),
        ("terms:\n  licence: MIT\n  personal_data: none\n", 1, "consent_basis: got nothing"),
        ("licence: MIT\n", 1, "an unknown key"),
        (
            "terms:\n- {licence: MIT, consent_basis: unknown, personal_data: none, valid_to: 2026-01-01}\n"
            "- {licence: ISC, consent_basis: unknown, personal_data: none, valid_from: 2026-01-01}\n",
            1,
            "2 times with terms of their own",
        ),
    ],
)
def test_terms_that_are_wrong_are_told_by_line(
    lineage: Lineage, tmp_path: Path, text: str, line: int, message: str
) -> None:
    file = tmp_path / "terms.yaml"
    file.write_text(text)
    said = lineage("restate", "--source", "press", "--terms", str(file), *SAID, "--json")
    assert said.code == 2
    told = [item for item in said.error["problems"] if item["line"] == line]
    assert any(message in f"{item['field']}: got {item['got']}" for item in told), said.err
    assert lineage("overlay", "--json").json == {"overlay": []}


def test_nothing_is_made_where_nothing_was_recorded(
    tmp_path: Path, run: Lineage, terms: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("LINEAGE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("LINEAGE_DATABASE_URL", raising=False)
    said = run("--workspace", str(tmp_path / "empty"), "restate", "--source", "a", "--terms", terms, *SAID)
    assert said.code == 1 and "nothing has been recorded" in said.err
    assert not (tmp_path / "home").exists()
