"""A small, valid workspace in a temporary folder, to be broken on purpose."""

from __future__ import annotations

from pathlib import Path

from lineage_platform.errors import InvalidInput, Problem
from lineage_platform.model.definitions import Workspace
from lineage_platform.settings import read_settings
from lineage_platform.wiring.workspace import known_names
from lineage_platform.workspace.loading import load_workspace

SOURCE = """\
id: {id}
title: A source
publisher: Somebody
steward: data@example.org
location: data/*.jsonl
format: jsonl
record:
  text: "{{title}}\\n{{body}}"
  id: id
terms:
  licence: CC-BY-4.0
  consent_basis: not-personal-data
  personal_data: none
"""

CORPUS = """\
id: {id}
purpose: tests
steward: team:tests
sources: [one, {{id: two, weight: 0.5}}]
quality: gopher@1
tokenizer:
  train: {{vocabulary: 1000}}
"""


class World:
    """A workspace with the sources `one` and `two` and the corpus `mix`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("data/a.jsonl", '{"id": 1, "title": "t", "body": "b"}\n')
        for name in ("one", "two"):
            self.write(f"sources/{name}.yaml", SOURCE.format(id=name))
        self.write("corpora/mix.yaml", CORPUS.format(id="mix"))

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.root / name).read_text()
        assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {name}"
        self.write(name, text.replace(old, new))

    def load(self, environment: dict[str, str] | None = None) -> Workspace:
        settings = read_settings(self.root, environment or {})
        return load_workspace(self.root, settings, known_names(settings))

    def problems(self, environment: dict[str, str] | None = None) -> tuple[Problem, ...]:
        """What is wrong; also that finding it left everything as it was."""
        before = sorted(path.relative_to(self.root) for path in self.root.rglob("*"))
        try:
            self.load(environment)
        except InvalidInput as error:
            assert error.exit_code == 2
            assert sorted(path.relative_to(self.root) for path in self.root.rglob("*")) == before
            return error.problems
        return ()

    def problem(self, environment: dict[str, str] | None = None) -> Problem:
        """The one thing that is wrong."""
        (found,) = self.problems(environment)
        return found
