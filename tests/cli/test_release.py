"""From a release to models and evidence, from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineage_platform.model.releases import ReleaseSpec
from lineage_platform.recording import Recorder
from lineage_platform.settings import Settings
from tests.audit.releasing import make_release
from tests.audit.worlds import make_world
from tests.cli.conftest import Lineage, use
from tests.cli.test_help import ANSWERS, keys_of

MODEL = ("--model", "org/small", "--model-version", "1.0")


def test_models_are_found_from_shards_and_sources(
    settings: Settings, recorder: Recorder, run: Lineage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use(settings, monkeypatch)
    world = make_world(settings, recorder)
    assert run("train-run", "list").out == "no training run was recorded\n"
    refused = make_release(world, recorder, ReleaseSpec(("research",), ("strict",)), passed=False)
    assert run("trace", "0", "--json").json["releases"] == []
    said = run("train-run", "record", "--release", refused.id, *MODEL)
    assert said.code == 2 and "a release that was refused" in said.err

    released = make_release(world, recorder, passed=True)
    told = ("--uri", "s3://models/small", "--sha256", "ab" * 32, "--author", "ml", "--job", "nightly")
    [first] = run("train-run", "record", "--release", "demo", *MODEL, *told, "--json").json["models"]
    assert (first["release"], first["job"], first["uri"]) == (released.id, "nightly", "s3://models/small")
    again = run("train-run", "record", "--release", released.id, *MODEL, "--job", "nightly", "--json")
    assert again.json["models"] == [first]
    assert run("train-run", "list", "--release", "demo", "--json").json["models"] == [first]
    assert "org/small" in run("train-run", "list").out

    answers = [
        run("trace", "--json").json,
        run("trace", "0", "--json").json,
        run("trace", "0", "--row", "0", "--json").json,
        run("impact", "--source", "press", "--json").json,
        run("impact", "--document", str(world.key("press", 1)), "--json").json,
        run("impact", "--subject", "person1@example.org", "--json").json,
    ]
    for answer in answers:
        assert [item["release"] for item in answer["releases"]] == [released.id]
        assert answer["releases"][0]["state"] == "released"
        assert answer["models"] == [first]
    indexes = {entry["index"] for entry in answers[1]["evidence"]["entries"]}
    assert {first["ledger_index"], answers[1]["releases"][0]["ledger_index"]} <= indexes
    assert all(f"`{key}`" in ANSWERS for key in keys_of(answers[0]["releases"] + answers[0]["models"]))
    assert "org/small" in run("impact", "--source", "press").out
    assert run("impact", "--subject", "nobody@example.org", "--json").json["models"] == []

    file = tmp_path / "release.json"
    written = run("bundle", "demo", "-o", str(file), "--json").json
    assert written == {"release": released.id, "file": str(file), "bytes": file.stat().st_size}
    assert run("verify", str(file), "--key", str(settings.key_file.with_suffix(".pub"))).code == 0
    assert "compare that with one from elsewhere" in run("verify", str(file)).out
    file.write_bytes(file.read_bytes().replace(b'"released"', b'"reopened"'))
    assert run("verify", str(file), "--json").json["problems"][0]["kind"] == "release-state"
    assert run("verify", str(file)).code == 1


def test_models_of_another_version_are_a_gap(
    settings: Settings, recorder: Recorder, run: Lineage, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(settings, monkeypatch)
    world = make_world(settings, recorder)
    old = make_release(world, recorder, passed=True)
    assert run("train-run", "record", "--release", "demo", *MODEL).code == 0
    make_world(settings, recorder, changed={"press": world.records["press"][:30]})
    answer = run("impact", "--source", "press", "--json").json
    assert (answer["releases"], answer["models"]) == ([], [])
    [gap] = [gap for gap in answer["gaps"] if gap["kind"] == "other-releases"]
    assert gap["id"] == "demo" and "1 releases and 1 models" in gap["note"]
    answer = run("impact", "--source", "press", "--all-versions", "--json").json
    assert [item["release"] for item in answer["releases"]] == [old.id]
    assert [item["model"] for item in answer["models"]] == ["org/small"]
    assert all(gap["kind"] != "other-releases" for gap in answer["gaps"])


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("verify", "--key", "x.pub"), 2, "--key: got it without FILE"),
        (("verify", "missing.json"), 2, "got missing.json (No such file or directory), expected a bundle"),
        (("bundle", "demo", "--output", "x"), 1, "no release named 'demo'"),
        (("train-run", "record", "--release", "demo", *MODEL), 1, "no release named 'demo'"),
        (
            ("train-run", "record", "--release", "demo", *MODEL, "--ended-at", "soon"),
            2,
            "--ended-at: got 'soon', expected ISO 8601",
        ),
        (("train-run", "list", "--release", "demo"), 1, "no release named 'demo'"),
    ],
)
def test_what_makes_no_sense(lineage: Lineage, arguments: tuple[str, ...], code: int, message: str) -> None:
    said = lineage(*arguments)
    assert said.code == code and message in said.err


def test_a_file_that_is_no_bundle(tmp_path: Path, run: Lineage) -> None:
    file = tmp_path / "x.json"
    file.write_text("{}")
    said = run("verify", str(file), "--json")
    assert said.code == 1
    assert "expected a bundle" in said.json["problems"][0]["got"]
