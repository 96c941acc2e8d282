"""Releasing as a user does: what is allowed leaves, what is not is refused with reasons, and exceptions show."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.assets.release_worlds import CORPUS, SOURCE, edit, make_open_workspace
from tests.assets.running import answer, lineage
from tests.assets.worlds import english
from tests.cli.test_help import ANSWERS, keys_of
from tests.workspace.test_releases import EXCEPTION

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = make_open_workspace(tmp_path_factory.mktemp("release"))
    done = lineage(root, "materialize", "open")
    assert done.returncode == 0, done.stdout + done.stderr
    yield root
    lineage(root, "down")


def refused(workspace: Path, *arguments: str) -> str:
    done = lineage(workspace, "release", "open", *arguments)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def listed(workspace: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer(workspace, "releases", "open")["releases"]
    return found


def test_from_release_to_refusal_to_exception(workspace: Path) -> None:
    first = answer(workspace, "release", "open")
    assert (first["release"]["state"], first["release"]["documents"]) == ("released", 24)
    assert [(cell["verdict"], cell["allowed"]) for cell in first["cells"]] == [("allowed", 24)]
    assert answer(workspace, "release", "open")["release"] == first["release"]  # nothing changed: the same
    other = answer(workspace, "release", "open", "--use", "research", "--jurisdiction", "EU")
    assert (other["release"]["uses"], other["release"]["jurisdictions"]) == (["research"], ["EU"])
    assert answer(workspace, "release", "open")["release"]["release"] == first["release"]["release"]

    edit(workspace / SOURCE, "licence: CC0-1.0", "licence: CC-BY-NC-4.0")
    assert lineage(workspace, "materialize", "open").returncode == 0
    said = refused(workspace)
    for word in (
        "refused",
        "licence-no-commercial-use",
        "24 documents of open",
        "cleared by",
        "strict-field-of-use",
    ):
        assert word in said, word

    waiver = EXCEPTION.replace("[one]", "[open]").replace("[mix]", "[open]")
    waiver = waiver.replace("uses: research", "uses: commercial-pretraining").replace(
        "2026-09-01", "2999-01-01"
    )
    folder = workspace / "exceptions"
    folder.mkdir()
    for name, policy in (("one", "licence-no-commercial-use"), ("two", "strict-field-of-use")):
        written = waiver.replace("id: waiver", f"id: {name}").replace("strict-personal-data", policy)
        (folder / f"{name}.yaml").write_text(written.replace("2026-03-01", "2020-01-01"))
    waived = answer(workspace, "release", "open")
    assert (waived["release"]["state"], waived["release"]["exceptions"]) == ("released", ["one", "two"])
    assert waived["cells"][0]["excepted"] == 24
    assert [entry["state"] for entry in listed(workspace)] == ["released", "refused", "released", "released"]
    assert sum(entry["current"] for entry in listed(workspace)) == 1

    documented = set(re.findall(r"[a-z_0-9]+", " ".join(re.findall(r"`([^`\n]+)`", ANSWERS))))
    assert keys_of({"releases": listed(workspace)}) | keys_of(waived) <= documented

    done = lineage(workspace, "verify")
    assert done.returncode == 0, done.stdout + done.stderr


def test_bad_input_starts_nothing(workspace: Path) -> None:
    before = listed(workspace)
    for arguments, code, word in (
        (["openn"], 1, "nearest: open"),
        (["open", "--use", "train"], 1, "no use named 'train'"),
        (["open", "--jurisdiction", "FR"], 1, "no jurisdiction named 'FR'"),
    ):
        done = lineage(workspace, "release", *arguments)
        assert (done.returncode, word in done.stderr) == (code, True), done.stderr
    edit(workspace / CORPUS, "release:\n  uses: [commercial-pretraining]\n  jurisdictions: [strict]\n", "")
    done = lineage(workspace, "release", "open")
    assert (done.returncode, "got no `release`" in done.stderr) == (2, True), done.stderr
    assert listed(workspace) == before


def test_what_is_not_allowed_is_left_out_where_the_recipe_says_so(tmp_path: Path) -> None:
    root = make_open_workspace(tmp_path)
    closed = (root / SOURCE).read_text().replace("id: open", "id: closed").replace("CC0-1.0", "CC-BY-NC-4.0")
    (root / "sources" / "closed.yaml").write_text(closed.replace("open.jsonl", "closed.jsonl"))
    (root / "data" / "closed.jsonl").write_text(
        "".join(json.dumps({"id": f"c{number}", "text": english(100 + number)}) + "\n" for number in range(9))
    )
    edit(root / CORPUS, "sources: [open]", "sources: [open, closed]")
    edit(root / CORPUS, "jurisdictions: [strict]", "jurisdictions: [strict]\n  admit: allowed")
    try:
        done = lineage(root, "materialize", "open")
        assert done.returncode == 0, done.stdout + done.stderr
        answered = answer(root, "release", "open")
        assert (answered["release"]["state"], answered["release"]["documents"]) == ("released", 24)
        left_out = answer(root, "decisions", "open", "--reason", "not-allowed")
        assert left_out["records"] == 9
        why = "refused for commercial-pretraining in strict: licence-no-commercial-use"
        assert {item["detail"] for item in left_out["decisions"]} == {why}
        granted = root / "granted.yaml"
        granted.write_text(closed[closed.index("terms:") :].replace("CC-BY-NC-4.0", "CC0-1.0"))
        restated = ("--source", "closed", "--terms", str(granted), "--reason", "a letter", "--author", "me")
        answer(root, "restate", *restated)
        assert lineage(root, "materialize", "open").returncode == 0
        assert answer(root, "release", "open")["release"]["documents"] == 33
        later = answer(root, "releases", "--review", "--on", "2999-01-01")
        assert [item["state"] for item in later["releases"]] == ["released", "released"]
        assert later["changes"] == []
        assert lineage(root, "releases", "--on", "2999-01-01").returncode == 2
    finally:
        lineage(root, "down")
