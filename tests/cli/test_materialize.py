"""From a starter workspace to a trace, with the commands people use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lineage_platform.settings import Settings
from tests.cli.conftest import Lineage, use


def test_a_broken_workspace_changes_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, run: Lineage
) -> None:
    use(settings, monkeypatch)
    (settings.workspace / "sources").mkdir()
    (settings.workspace / "sources" / "a.yaml").write_text("id: a\nsurprise: 1\n")
    said = run("materialize", "--json")
    assert (said.code, said.out) == (2, "")
    assert {problem["file"] for problem in said.error["problems"]} == {"sources/a.yaml"}
    assert not settings.home.exists()


def test_a_corpus_that_does_not_exist(tmp_path: Path, run: Lineage) -> None:
    workspace = tmp_path / "starter"
    assert run("init", str(workspace), "--json").json["files"]
    said = run("--workspace", str(workspace), "materialize", "startr")
    assert said.code == 1
    assert "nearest: starter" in said.err
    assert not (workspace / ".lineage").exists()
    assert run("init", str(workspace)).code == 2


@pytest.mark.slow
def test_from_init_to_verify(settings: Settings, tmp_path: Path) -> None:
    workspace = tmp_path / "starter"
    environment = {**os.environ, **settings.environment(), "LINEAGE_WORKSPACE": str(workspace)}

    def lineage(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [
            sys.executable,
            "-c",
            "import sys; from lineage_platform.cli.main import main; sys.exit(main())",
        ]
        return subprocess.run(
            [*command, *arguments], env=environment, capture_output=True, text=True, check=False
        )

    assert lineage("init", str(workspace)).returncode == 0
    made = lineage("materialize", "--json")
    assert made.returncode == 0, made.stderr
    summary = json.loads(made.stdout)
    assert summary["success"]
    assert [item["asset"] for item in summary["assets"]][-1] == "starter/shards"
    assert Path(summary["log"]).exists()
    trace = json.loads(lineage("trace", "0", "--json").stdout)
    assert trace["documents"] == sum(source["documents"] for source in trace["sources"])
    assert lineage("verify").returncode == 0
    again = lineage("materialize")
    assert again.returncode == 0
    assert "to do: source/notes\n" in again.stderr
    variables = lineage("env").stdout
    assert f"export DAGSTER_HOME={settings.dagster_home}\n" in variables
    assert "export DAGSTER_DISABLE_TELEMETRY=yes\n" in variables
    sources = json.loads(lineage("sources", "--json").stdout)["sources"]
    assert [(item["source"], item["licence"], item["licence_status"]) for item in sources] == [
        ("notes", "CC0-1.0", "resolved")
    ]
    assert sources[0]["documents"] == 8
