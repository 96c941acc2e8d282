"""What is documented is true: help, docs/cli.md, docs/answers.md."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer

from lineage_platform.cli.main import app
from lineage_platform.wiring import open_workspace
from tests.audit.definitions import World
from tests.cli.conftest import Lineage

ROOT = Path(__file__).parents[2]
CLI = (ROOT / "docs" / "cli.md").read_text()
ANSWERS = (ROOT / "docs" / "answers.md").read_text()


def verbs() -> list[tuple[str, ...]]:
    group = typer.main.get_command(app)
    found: list[tuple[str, ...]] = []
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        found += [(name, second) for second in inner] if inner else [(name,)]
    return found


def command_of(verb: tuple[str, ...]) -> object:
    command = typer.main.get_command(app)
    for name in verb:
        command = command.commands[name]  # type: ignore[attr-defined]
    return command


@pytest.mark.parametrize("verb", verbs(), ids=" ".join)
def test_every_verb_explains_itself_with_examples_that_parse(verb: tuple[str, ...], run: Lineage) -> None:
    said = run(*verb, "--help")
    assert said.code == 0
    command = command_of(verb)
    examples = [line.strip() for line in said.out.splitlines() if re.match(r"\s+.*\blineage ", line)]
    assert examples, said.out
    for example in examples:
        ours = re.search(r"lineage [^|&\")]*", example)
        assert ours is not None
        words = shlex.split(ours[0])[1:]
        if words[0] == "--workspace":
            words = words[2:]
        if tuple(words[: len(verb)]) == verb:
            command.make_context("lineage", words[len(verb) :])  # type: ignore[attr-defined]
    assert any(" ".join(("lineage", *verb)) in example or verb[0] in example for example in examples)


@pytest.mark.parametrize("verb", verbs(), ids=" ".join)
def test_every_verb_and_option_is_documented(verb: tuple[str, ...]) -> None:
    rows = "\n".join(line for line in CLI.splitlines() if line.startswith(f"| `{' '.join(verb)}"))
    assert rows, verb
    options = {
        option
        for parameter in command_of(verb).params  # type: ignore[attr-defined]
        for option in parameter.opts
        if option.startswith("--")
    }
    for option in options - {"--json", "--workspace", "--help"}:
        assert option in rows, (verb, option)


def test_help_alone(run: Lineage) -> None:
    assert run("--help").out == run().out
    assert run().code == 0
    for code in ("0", "1", "2", "3", "130"):
        assert f"| {code} |" in CLI


def keys_of(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {key for item in value.values() for key in keys_of(item)}
    if isinstance(value, list):
        return {key for item in value for key in keys_of(item)}
    return set()


def test_every_key_of_every_answer_is_documented(world: World) -> None:
    documented = set(re.findall(r"[a-z_0-9]+", " ".join(re.findall(r"`([^`\n]+)`", ANSWERS))))
    with open_workspace(settings=world.settings) as opened:
        trace = opened.trace("0").to_dict()
        document = opened.trace_document("0", row=0, text=True).to_dict()
        for step in (*trace["transformations"], *document["transformations"]):
            step["parameters"] = {}
        document["terms"] = {}
        for copy in document["duplicates"]:
            copy["terms"] = {}
        answers = [trace, document, opened.impact(source="press").to_dict(), opened.shards().to_dict()]
        answers.append(opened.decisions().to_dict())
        explained = opened.explain(use="commercial-pretraining", jurisdictions=["CN"]).to_dict()
        for reason in explained["judgements"][0]["reasons"]:
            reason["facts"] = {}
        answers.append(explained)
        answers.append(opened.impact(document=str(next(iter(world.duplicates)))).to_dict())
        answers.append({**opened.verify().to_dict(), "checked": {}})
        answers.append(opened.compare_checkpoint(opened.checkpoint().note).to_dict())
    for answer in answers:
        assert keys_of(answer) <= documented, keys_of(answer) - documented


def test_every_kind_of_gap_and_problem_is_documented() -> None:
    audit = ROOT / "lineage_platform" / "audit"
    gaps, problems = set(), set()
    for path in audit.rglob("*.py"):
        text = path.read_text()
        gaps |= set(re.findall(r'Gap\(\s*"([a-z-]+)"', text))
        if path.parent.name == "verification":
            problems |= set(re.findall(r'report\.(?:same|problem|reading)\(\s*"([a-z-]+)"', text))
    assert len(gaps) >= 10
    assert len(problems) >= 10
    for kind in gaps | problems:
        assert f"`{kind}`" in ANSWERS, kind
