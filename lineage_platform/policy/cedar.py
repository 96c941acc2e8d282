"""Policies written in Cedar (https://docs.cedarpolicy.com): one policy with its annotations, and where it stands.

Cedar answers allow or deny; a verdict has four values. So every rule is a `forbid` that says in an annotation what it makes
of the verdict, and a profile has a `permit`; Cedar's diagnostics name the policies that decided. Annotations, all closed:

| annotation | |
| --- | --- |
| @id | unique; a workspace's policy of the same id overrides the shipped one |
| @title, @title_zh | what a person reads, in English and Chinese |
| @law | law or licence, with its article |
| @source | where it is written: a URL, or a page of docs/ |
| @effect | of a forbid: `refuse`, `undetermined` (the law is unsettled) or `unknown` (a fact is missing) |
| @severity | of a forbid: `error` decides the verdict; `warning` is named beside it, as a duty or a doubt |
| @clears | of a forbid: what clears it, one sentence |
| @verified | `no`: nobody read the law's own text for it; it rests on memory or on secondary sources |
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import cedarpy

from lineage_platform.errors import Problem
from lineage_platform.policy.facts import vocabulary

Effect = Literal["permit", "unknown", "undetermined", "refuse"]
Severity = Literal["error", "warning"]

_ALWAYS: Final = ("id", "title", "title_zh", "law", "source")
_OF_FORBID: Final = ("severity", "effect", "clears")
_CLOSED: Final = {
    "effect": get_args(Effect)[1:],
    "severity": get_args(Severity),
    "verified": ("yes", "no"),
}
_LEXEMES: Final = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|;')
_BLANK: Final = re.compile(r"(?:\s+|//[^\n]*)*")
_UNFINISHED: Final = "unexpected end of input"


@dataclass(frozen=True)
class Policy:
    """One policy. `jurisdictions` is None where it holds everywhere; `reads` names the facts that its conditions use."""

    id: str
    effect: Effect
    severity: Severity
    title: str
    title_zh: str
    law: str
    clears: str
    source: str
    verified: bool
    jurisdictions: frozenset[str] | None
    reads: frozenset[str]
    text: str
    file: str
    line: int


def read(file: str, text: str, schema: cedarpy.Schema) -> tuple[list[Policy], list[Problem]]:
    """The policies of one file in order, and everything that is wrong with it, by line."""
    parts = list(_parts(text))
    policies, problems = [], []
    try:
        parsed = _parsed(text)
    except ValueError:
        wrong = {line: error for line, part in parts if (error := _syntax_error(part))}
        problems = [
            Problem(file, line + _offset(part), "policy", wrong[line], "a policy in Cedar's syntax")
            for line, part in parts
            if line in wrong
        ]
        parts = [(line, part) for line, part in parts if line not in wrong]
        parsed = _parsed(_joined(parts))
    errors = cedarpy.validate_policies(_joined(parts), schema).errors
    for index, (line, part) in enumerate(parts):
        key = f"policy{index}"
        if key in parsed["templates"]:
            problems.append(Problem(file, line, "policy", "a template with slots", "a policy without slots"))
            continue
        tree = parsed["staticPolicies"][key]
        found = [*_annotation_problems(tree), *_scope_problems(tree), *_word_problems(tree)]
        found += [
            ("conditions", error.error, "what the schema allows")
            for error in errors
            if error.policy_id == key
        ]
        name = tree.get("annotations", {}).get("id") or "policy"
        problems += [Problem(file, line, f"{name}: {field}", got, expected) for field, got, expected in found]
        if not found:
            policies.append(_policy(tree, file, line, part))
    return policies, problems


def _joined(parts: list[tuple[int, str]]) -> str:
    return "\n".join(part for _, part in parts)


def _parsed(text: str) -> dict[str, Any]:
    """Cedar's own tree, in which the policies of a text are called policy0, policy1, ... in their order."""
    tree: dict[str, Any] = json.loads(cedarpy.policies_to_json_str(text))
    return tree


def _syntax_error(text: str) -> str | None:
    try:
        _parsed(text)
    except ValueError as error:
        return str(error)
    return None


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """The policies of a file as they are written, each with its first line; comments before one are not part of it."""
    ends = [mark.end() for mark in _LEXEMES.finditer(text) if mark[0] == ";"]
    for start, end in zip([0, *ends], [*ends, len(text)], strict=True):
        blank = _BLANK.match(text, start, end)
        first = blank.end() if blank else start
        if first < end:
            yield text.count("\n", 0, first) + 1, text[first:end]


def _offset(part: str) -> int:
    """The lines before the one at which a policy stops being the beginning of one; 0 where only the whole is wrong."""
    lines = part.splitlines()
    for count in range(1, len(lines)):
        error = _syntax_error("\n".join(lines[:count]))
        if error and _UNFINISHED not in error:
            return count - 1
    return 0


Found = tuple[str, str, str]


def _annotation_problems(tree: dict[str, Any]) -> Iterator[Found]:
    said = tree.get("annotations", {})
    required = _ALWAYS if tree["effect"] == "permit" else (*_ALWAYS, *_OF_FORBID)
    for name in required:
        if not (said.get(name) or "").strip():
            yield f"@{name}", "nothing", "a word or sentence in this annotation"
    for name, value in said.items():
        if name not in (*required, "verified"):
            yield f"@{name}", "an annotation of this name", f"one of {', '.join((*required, 'verified'))}"
        elif value and name in _CLOSED and value not in _CLOSED[name]:
            yield f"@{name}", repr(value), f"one of {', '.join(_CLOSED[name])}"


def _scope_problems(tree: dict[str, Any]) -> Iterator[Found]:
    if tree["resource"]["op"] != "All":
        yield "resource", "a scope", "none: policies read facts, which many statements share"
    if tree["action"]["op"] not in ("All", "==", "in"):
        yield "action", tree["action"]["op"], "a jurisdiction, a list of them, or no scope"
    for node in _nodes(tree.get("conditions", [])):
        if node.get("Var") in ("action", "context"):
            yield (
                "conditions",
                f"`{node['Var']}`",
                "`action == ...` in the head, facts of the terms and the use",
            )
        if {"Var": "resource"} in node.values() and "attr" not in node:
            yield "conditions", "`resource` itself", "an attribute of it: statements with equal facts are one"


def _word_problems(tree: dict[str, Any]) -> Iterator[Found]:
    """Words that a closed fact never holds: Cedar's own types do not know them."""
    for node in _nodes(tree.get("conditions", [])):
        for operands in node.values():
            if not (isinstance(operands, dict) and {"left", "right"} <= operands.keys()):
                continue
            for one, other in (("left", "right"), ("right", "left")):
                known = _words_of(operands[one])
                strange = [word for word in _literals(operands[other]) if known and word not in known]
                if strange:
                    yield "conditions", ", ".join(map(repr, strange)), f"one of {', '.join(known)}"


def _words_of(node: dict[str, Any]) -> list[str]:
    access = node.get(".", {})
    entries = {"resource": "facts", "principal": "operator"}.get(access.get("left", {}).get("Var", ""), "")
    entry = vocabulary()[entries].get(access["attr"], {}) if entries else {}
    return list(entry.get("values", ("yes", "no", "unknown") if entry.get("type") == "answer" else ()))


def _literals(node: dict[str, Any]) -> list[str]:
    items = node.get("Set", [node])
    return [item["Value"] for item in items if isinstance(item.get("Value"), str)]


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
    for child in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from _nodes(child)


def _policy(tree: dict[str, Any], file: str, line: int, text: str) -> Policy:
    said = tree["annotations"]
    action = tree["action"]
    named = action.get("entities", [action["entity"]] if "entity" in action else None)
    reads = {
        access["attr"]
        for node in _nodes(tree.get("conditions", []))
        if (access := node.get(".")) and access["left"] == {"Var": "resource"}
    }
    return Policy(
        id=said["id"],
        effect="permit" if tree["effect"] == "permit" else said["effect"],
        severity=said.get("severity", "error"),
        title=said["title"],
        title_zh=said["title_zh"],
        law=said["law"],
        clears=said.get("clears", ""),
        source=said["source"],
        verified=said.get("verified") != "no",
        jurisdictions=None if named is None else frozenset(entity["id"] for entity in named),
        reads=frozenset(reads),
        text=text,
        file=file,
        line=line,
    )
