"""The policies that ship, a workspace's own, and the check of both.

    policy_set = load([workspace / "policies"])
    policy_set.digest, policy_set.overrides
    for problem in check([workspace / "policies"]): print(problem)

A folder holds `*.cedar` files, and examples below `examples/`: statements with the verdict that is expected of them. Its
policies add to the shipped ones; one with the `@id` of a policy before it stands in its place, and is listed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import cedarpy

from lineage_platform.errors import InvalidInput, LineageError, Problem
from lineage_platform.policy import cedar
from lineage_platform.policy.cedar import Policy
from lineage_platform.policy.policyset import Override, PolicySet
from lineage_platform.policy.verdicts import judge

_KEYS = ("name", "statement", "use", "jurisdiction", "day", "operator", "expected", "policies", "warnings")
_REQUIRED = ("use", "jurisdiction", "day", "expected", "policies")


def load(folders: Sequence[Path] = ()) -> PolicySet:
    """The shipped set, with what `folders` add or override, in their order.

    Raises InvalidInput with file and line of everything that is wrong with a policy, or if a folder is none. Examples are not
    run: that is `check`.
    """
    policy_set, problems = _compose(folders) if folders else _shipped_set()
    if problems:
        raise InvalidInput(f"{len(problems)} problems in policies", problems)
    return policy_set


def restore(stored: Mapping[str, Mapping[str, str]]) -> PolicySet:
    """The set that was `stored`, to explain or judge as it did; InvalidInput if today's schema does not take it."""
    policies: dict[str, Policy] = {}
    problems: list[Problem] = []
    for policy in stored.values():
        found, wrong = cedar.read(policy["file"], policy["text"], schema())
        policies |= {each.id: each for each in found}
        problems += wrong
    if problems:
        raise InvalidInput(f"{len(problems)} problems in stored policies", problems)
    return PolicySet(dict(sorted(policies.items())))


def check(folders: Sequence[Path] = ()) -> list[Problem]:
    """Everything that is wrong: syntax, schema, annotations, words, ids, and examples with another verdict.

    Shipped examples are run against the shipped policies, those of `folders` against all: a workspace that overrides a policy
    answers for its own examples only.
    """
    policy_set, problems = _compose(folders)
    if problems:
        return list(problems)
    shipped = [problem for file in _files(_shipped() / "examples", ".json") for problem in _run(load(), file)]
    own = [
        problem
        for folder in folders
        if (folder / "examples").is_dir()
        for file in _files(folder / "examples", ".json")
        for problem in _run(policy_set, file)
    ]
    return [*shipped, *own]


@cache
def schema() -> cedarpy.Schema:
    """The Cedar schema: what a use and a statement of terms are (`data/policies/schema.cedarschema`)."""
    return cedarpy.Schema.from_str((_shipped() / "schema.cedarschema").read_text(encoding="utf-8"))


def _shipped() -> Traversable:
    return resources.files(__package__) / "data" / "policies"


def _files(folder: Traversable, suffix: str) -> list[Traversable]:
    return sorted(
        (item for item in folder.iterdir() if item.name.endswith(suffix)), key=lambda item: item.name
    )


@cache
def _shipped_set() -> tuple[PolicySet, tuple[Problem, ...]]:
    policies, problems = _read(_shipped(), "")
    return PolicySet(dict(sorted(policies.items()))), tuple(problems)


def _compose(folders: Sequence[Path]) -> tuple[PolicySet, tuple[Problem, ...]]:
    shipped, problems = _shipped_set()
    policies = dict(shipped.policies)
    overrides: list[Override] = []
    for folder in folders:
        if not folder.is_dir():
            raise InvalidInput(f"policies: got {folder}, expected a folder with .cedar files")
        own, wrong = _read(folder, f"{folder}/")
        problems += tuple(wrong)
        overrides += [Override(policy, policies[name]) for name, policy in own.items() if name in policies]
        policies |= own
    return PolicySet(dict(sorted(policies.items())), tuple(overrides)), problems


def _read(folder: Traversable, prefix: str) -> tuple[dict[str, Policy], list[Problem]]:
    policies: dict[str, Policy] = {}
    problems: list[Problem] = []
    for file in _files(folder, ".cedar"):
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            problems.append(
                Problem(prefix + file.name, None, "file", f"bytes that are not UTF-8 ({error})", "UTF-8")
            )
            continue
        found, wrong = cedar.read(prefix + file.name, text, schema())
        problems += wrong
        for policy in found:
            if policy.id in policies:
                other = policies[policy.id]
                taken = f"{policy.id!r}, which {other.file}:{other.line} has"
                problems.append(
                    Problem(policy.file, policy.line, "@id", taken, "an id of its own in this folder")
                )
            policies[policy.id] = policy
    return policies, problems


def _run(policy_set: PolicySet, file: Traversable) -> Iterator[Problem]:
    """Problems of one file of examples: `statement` and `operator` are common to all, each says what differs."""
    name = str(file) if isinstance(file, Path) else file.name
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        yield Problem(name, getattr(error, "lineno", None), "examples", str(error), "JSON in UTF-8")
        return
    common, operator, examples = (
        content.get(key, {}) if isinstance(content, dict) else None
        for key in ("statement", "operator", "examples")
    )
    if not isinstance(common, dict) or not isinstance(operator, dict) or not isinstance(examples, list):
        yield Problem(
            name, None, "examples", "something else", "an object with `statement`, `operator`, `examples`"
        )
        return
    for index, example in enumerate(examples):
        if not isinstance(example, dict):
            yield Problem(name, None, f"examples[{index}]", repr(example), "an object")
            continue
        label = f"examples[{index}] {example.get('name', '')}".strip()
        strange = [key for key in example if key not in _KEYS]
        missing = [key for key in _REQUIRED if key not in example]
        if strange or missing:
            got = f"without {', '.join(missing)}" if missing else ", ".join(map(repr, strange))
            yield Problem(name, None, label, got, f"the keys {', '.join(_KEYS)}")
            continue
        said = {
            "statement": {**common, **example.get("statement", {})},
            "operator": {**operator, **example.get("operator", {})},
        }
        yield from _differences(policy_set, name, label, {**example, **said})


def _differences(
    policy_set: PolicySet, file: str, label: str, example: Mapping[str, Any]
) -> Iterator[Problem]:
    use, jurisdiction, operator = example["use"], example["jurisdiction"], example["operator"]
    try:
        day = date.fromisoformat(example["day"])
        verdicts = judge(policy_set, {0: example["statement"]}, [use], [jurisdiction], day, operator)
    except (LineageError, ValueError, TypeError, AttributeError) as error:
        yield Problem(file, None, label, str(error), "an example that can be judged")
        return
    verdict = verdicts[0, use, jurisdiction]
    named = {"expected": (verdict.value,), "policies": verdict.policies, "warnings": verdict.warnings}
    for field, got in named.items():
        wanted = example.get(field, got)
        wanted = [wanted] if isinstance(wanted, str) else sorted(wanted)
        if sorted(got) != wanted:
            yield Problem(file, None, f"{label}: {field}", _words(sorted(got)), _words(wanted))


def _words(words: Sequence[str]) -> str:
    return ", ".join(words) or "none"
