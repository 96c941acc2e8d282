"""AIPREF `Content-Usage` (draft-ietf-aipref-vocab and -attach): HTTP header and robots.txt rule.

An RFC 9651 dictionary in which only the tokens `y` and `n` count; anything else, and what cannot be parsed, is unknown.
"""

from __future__ import annotations

from typing import Final

import http_sf

from lineage_platform.policy.signals import forms, paths
from lineage_platform.policy.signals.model import Answer, Category, Scheme, Signal, refusals
from lineage_platform.policy.signals.robots import Robots, selected, usage_lines

SCHEME: Final = Scheme("aipref", "vocab-07, attach-05 (editors' copy of 2026-08-19)")
_CATEGORIES: Final[tuple[Category, ...]] = ("train-ai", "search")


def preferences(value: bytes) -> tuple[dict[Category, Answer], str | None]:
    """The stated preferences ("Processing Algorithm" of the vocabulary), and what is wrong with the value, if anything is."""
    unknown: dict[Category, Answer] = dict.fromkeys(_CATEGORIES, "unknown")
    try:
        stated = http_sf.parse(value, tltype="dictionary")
    except (ValueError, KeyError, IndexError, OverflowError, RecursionError) as error:
        return unknown, f"not an RFC 9651 dictionary: {error}"
    if not isinstance(stated, dict):
        return unknown, "not an RFC 9651 dictionary"
    return unknown | {category: _answer(stated.get(category)) for category in _CATEGORIES}, None


def _answer(member: object) -> Answer:
    """A member is (value, parameters); parameters have no meaning yet."""
    value = member[0] if isinstance(member, tuple) else member
    if isinstance(value, http_sf.Token):
        if str(value) == "y":
            return "y"
        if str(value) == "n":
            return "n"
    return "unknown"


def from_headers(headers: object, observed_at: str) -> list[Signal]:
    """The `Content-Usage` field; several lines are one list (RFC 9110, 5.3)."""
    values = forms.header(headers, "content-usage")
    if not values:
        return []
    value = b", ".join(values)
    parsed, problem = preferences(value)
    return [
        SCHEME.signal(
            "header Content-Usage",
            value,
            observed_at,
            parsed,
            details={"problem": problem} if problem else {},
        )
    ]


def from_robots(robots: Robots, url: str | None, observed_at: str, agent: str) -> list[Signal]:
    """`Content-Usage` rules for this URL. A path that our agent may not fetch has no preferences; rules for other agents
    that train count where they refuse."""
    where = paths.target(url)
    signals = []
    for lines, own in usage_lines(robots, "content-usage", agent):
        if own and robots.group(agent).decide(where or "/")[0] == "n":
            continue
        for line, value in selected(lines, where):
            parsed, problem = preferences(value)
            signals.append(
                SCHEME.signal(
                    f"robots.txt line {line.number}",
                    line.value,
                    observed_at,
                    parsed if own else refusals(parsed),
                    details={"problem": problem} if problem else {},
                )
            )
    return signals
