"""SPDX licence expressions: the identifiers that exist, the one spelling of an expression, and its tree.

Grammar: SPDX 3.0.1 annex "SPDX license expressions", parsed by `license-expression`; identifiers: the SPDX and ScanCode
symbols bundled with it. An identifier that names terms of one's own (`LicenseRef-...`) needs no list.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

MAX_EXPRESSION = 1000
"""Characters; a longer string is no expression that a person wrote. It also bounds what the parser has to nest."""

_OWN_TERMS = re.compile(r"(DocumentRef-[A-Za-z0-9.-]+:)?LicenseRef-[A-Za-z0-9.-]+", re.ASCII)
_GNU_SUFFIX = ("-only", "-or-later")


T = TypeVar("T")


class NotAnExpression(ValueError):
    """The string is not an SPDX expression; says why, and in `unknown` which identifiers nobody knows."""

    def __init__(self, why: str, unknown: tuple[str, ...] = ()) -> None:
        super().__init__(why)
        self.unknown = unknown


@dataclass(frozen=True)
class Symbols:
    """What exists: identifiers by case-folded spelling, those of exceptions, deprecated spellings, categories."""

    licences: Mapping[str, str]
    exceptions: Mapping[str, str]
    deprecated: Mapping[str, str]
    categories: Mapping[str, str]  # ScanCode's category by identifier


@dataclass(frozen=True)
class Expression:
    """A parsed expression: its one spelling, the licence identifiers in it, and whether it used old spellings."""

    text: str
    licences: frozenset[str]
    deprecated: tuple[str, ...]


@cache
def data(name: str) -> Any:
    """A reviewed data file of this package."""
    return json.loads((resources.files(__package__) / "data" / name).read_text(encoding="utf-8"))


@cache
def symbols() -> Symbols:
    """The identifiers of the SPDX list and of ScanCode's LicenseDB that `license-expression` bundles."""
    from license_expression import vendored_scancode_licensedb_index_location as location

    reviewed = data("licences.json")
    refused = set(reviewed["not_identifiers"])
    licences: dict[str, str] = {}
    exceptions: dict[str, str] = {}
    deprecated = {old.casefold(): new for old, new in reviewed["deprecated"].items()}
    categories: dict[str, str] = {}
    for entry in json.loads(Path(location).read_text(encoding="utf-8")):
        identifier = entry["spdx_license_key"]
        if not identifier or identifier.casefold() in deprecated:
            continue
        categories[identifier] = entry["category"]
        (exceptions if entry["is_exception"] else licences)[identifier.casefold()] = identifier
        for other in entry["other_spdx_license_keys"]:
            if other in refused or (other.startswith("LicenseRef-") and "scancode" not in other):
                continue
            if entry["is_exception"]:
                exceptions.setdefault(other.casefold(), identifier)
            else:
                deprecated.setdefault(other.casefold(), identifier)
    return Symbols(licences, exceptions, deprecated, categories)


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """The expression in its one spelling (identifiers as listed, operators in capitals); NotAnExpression otherwise."""
    found: set[str] = set()
    old: list[str] = []

    def licence(key: str) -> tuple[str, bool]:
        spelling, deprecated = _licence(key)
        found.add(spelling.split(" WITH ")[0])
        if deprecated:
            old.append(key)
        return spelling, False

    def join(operator: str, parts: list[tuple[str, bool]]) -> tuple[str, bool]:
        inner = (f"({part})" if compound else part for part, compound in parts)
        return f" {operator} ".join(inner), operator != "WITH"

    spelled, _ = fold(text, licence, lambda key: (_exception(key), False), join)
    return Expression(spelled, frozenset(found), tuple(old))


def nearest(identifier: str) -> list[str]:
    """Listed identifiers that look like one nobody knows, closest first."""
    known = {name: spelling for name, spelling in symbols().licences.items() if "scancode" not in name}
    close = difflib.get_close_matches(identifier.casefold(), known, n=3, cutoff=0.6)
    return [known[name] for name in close]


def worst_of_and_best_of_or(text: str, licence: Callable[[str], int], exception: Callable[[str], int]) -> int:
    """A number over an expression: AND takes the greatest, OR the least, WITH the lesser of licence and exception."""
    return fold(
        text, licence, exception, lambda operator, parts: max(parts) if operator == "AND" else min(parts)
    )


def fold(
    text: str,
    licence: Callable[[str], T],
    exception: Callable[[str], T],
    join: Callable[[str, list[T]], T],
) -> T:
    """What an expression comes to, from what its licences and exceptions come to; `join` gets AND, OR or WITH."""
    return _walk(_tree(text), licence, exception, join)


def _tree(text: str) -> Any:
    import license_expression

    if len(text) > MAX_EXPRESSION:
        raise NotAnExpression(f"longer than {MAX_EXPRESSION} characters")
    try:
        tree = license_expression.Licensing().parse(text, simple=True)
    except license_expression.ExpressionError as error:
        raise NotAnExpression(str(error)) from None
    if tree is None:
        raise NotAnExpression("empty")
    return tree


def _walk(
    node: Any,
    licence: Callable[[str], T],
    exception: Callable[[str], T],
    join: Callable[[str, list[T]], T],
) -> T:
    if hasattr(node, "exception_symbol"):
        return join("WITH", [licence(node.license_symbol.key), exception(node.exception_symbol.key)])
    if hasattr(node, "key"):
        return licence(node.key)
    return join(type(node).__name__, [_walk(part, licence, exception, join) for part in node.args])


def _licence(key: str) -> tuple[str, bool]:
    """The listed spelling of one identifier, and whether what was written is a deprecated one."""
    known = symbols()
    folded = key.casefold()
    if folded in known.licences:
        return known.licences[folded], False
    if folded in known.deprecated:
        return known.deprecated[folded], True
    if _OWN_TERMS.fullmatch(key):
        return key, False
    base = known.licences.get(folded.removesuffix("+"))
    if folded.endswith("+") and base is not None and not base.endswith(_GNU_SUFFIX):
        return f"{base}+", False
    raise NotAnExpression(f"{key} is no SPDX identifier", (key,))


def _exception(key: str) -> str:
    try:
        return symbols().exceptions[key.casefold()]
    except KeyError:
        raise NotAnExpression(f"{key} is no SPDX exception", (key,)) from None
