"""Standards as values, read from their files; imports nothing heavy, because checking a recipe needs the names only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files

from lineage_platform.errors import NotFound


@dataclass(frozen=True)
class Rule:
    """One bound, or two, on one measure; both are values that still pass.

    `only` and `exceptions` are languages (ISO 639): the rule applies to those of `only`, or to all where it is None, but
    never to `exceptions`.
    """

    name: str
    measure: str
    least: float | None
    greatest: float | None
    only: frozenset[str] | None
    exceptions: frozenset[str]

    def applies(self, language: str) -> bool:
        """Whether the rule is for text of that language."""
        return (self.only is None or language in self.only) and language not in self.exceptions


@dataclass(frozen=True)
class Standard:
    """A named, versioned list of rules; `id` is `<name>@<version>`, `title` by language."""

    id: str
    title: dict[str, str]
    description: str
    reference: str
    rules: tuple[Rule, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of an annotations table that the rules read, each once."""
        return tuple(dict.fromkeys(["language", *(rule.measure for rule in self.rules)]))


def standard_names() -> tuple[str, ...]:
    """Ids of the standards that ship, in order."""
    names = (item.name.removesuffix(".json") for item in files(__package__).iterdir() if "@" in item.name)
    return tuple(sorted(names))


def load_standard(name: str) -> Standard:
    """The standard `<name>@<version>`; raises NotFound with the nearest names."""
    if name not in standard_names():
        raise NotFound("quality standard", name, standard_names())
    data = json.loads(files(__package__).joinpath(f"{name}.json").read_text(encoding="utf-8"))
    rules = []
    for item in data["rules"]:
        languages = item.get("applies_to", {})
        only = frozenset(languages["only"]) if "only" in languages else None
        exceptions = frozenset(languages.get("except", ()))
        rules.append(Rule(item["rule"], item["measure"], item.get("min"), item.get("max"), only, exceptions))
    return Standard(data["id"], data["title"], data["description"], data["reference"], tuple(rules))
