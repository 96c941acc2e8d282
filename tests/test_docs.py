"""What is documented is true: links lead somewhere, the README's workspace loads, its commands exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from lineage_platform.settings import read_settings
from lineage_platform.wiring import load_workspace

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", page.read_text()):
        assert (page.parent / link).exists(), link


def test_the_workspace_of_the_readme_loads(tmp_path: Path) -> None:
    for block in blocks(ROOT / "README.md", "yaml"):
        path, _, text = block.partition("\n")
        file = tmp_path / path.removeprefix("# my-workspace/")
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    data = tmp_path / "data" / "alpaca"
    data.mkdir(parents=True)
    (data / "a.jsonl").write_text('{"instruction": "a", "input": "b", "output": "c"}\n')
    workspace = load_workspace(read_settings(tmp_path, {}))
    assert [corpus.id for corpus in workspace.corpora] == ["chat"]
    assert workspace.source("alpaca").terms_on().licence == "CC-BY-NC-4.0"


def test_commands_of_the_readme_exist() -> None:
    text = (ROOT / "README.md").read_text()
    verbs = set(re.findall(r"lineage (?:--workspace \S+ )?([a-z]+)", text))
    helped = subprocess.run(
        [str(Path(sys.executable).parent / "lineage"), "--help"], capture_output=True, text=True, check=True
    ).stdout
    known = set(re.findall(r"^\W*([a-z]+) {2,}", helped, re.MULTILINE))
    assert {"init", "materialize", "up", "trace", "impact", "verify"} <= verbs & known
    targets = set(re.findall(r"^\$ make ([a-z]+)", text, re.MULTILINE))
    assert targets <= set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert targets == {"demo", "test"}
