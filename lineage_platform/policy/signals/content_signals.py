"""Cloudflare's `Content-Signal` (draft-romm-aipref-contentsignals, contentsignals.org): robots.txt line and HTTP header."""

from __future__ import annotations

from typing import Final

from lineage_platform.policy.signals import forms, paths
from lineage_platform.policy.signals.model import Answer, Category, Scheme, Signal, combine, refusals
from lineage_platform.policy.signals.robots import Robots, selected, usage_lines

SCHEME: Final = Scheme(
    "content-signal", "draft-romm-aipref-contentsignals (editors' copy); line syntax of contentsignals.org"
)
_LABELS: Final[dict[str, Category]] = {"ai-train": "train-ai", "ai-input": "ai-input", "search": "search"}
_VALUES: Final[dict[str, Answer]] = {"yes": "y", "no": "n"}


def preferences(value: bytes) -> dict[Category, Answer]:
    """`label=yes` or `label=no`, separated by commas, in any case of letters; a label that is said twice combines."""
    said: dict[Category, list[Answer]] = {category: [] for category in _LABELS.values()}
    for part in forms.as_text(value).split(","):
        label, _, answer = part.partition("=")
        category = _LABELS.get(label.strip().casefold())
        if category is not None:
            said[category].append(_VALUES.get(answer.strip().casefold(), "unknown"))
    return {category: combine(answers) for category, answers in said.items()}


def from_headers(headers: object, observed_at: str) -> list[Signal]:
    """The `Content-Signal` field of a response. Cloudflare writes it, with `yes` for everything, when it converts a page
    to Markdown and the site said nothing; so only what it refuses counts."""
    return [
        SCHEME.signal("header Content-Signal", value, observed_at, refusals(preferences(value)))
        for value in forms.header(headers, "content-signal")
    ]


def from_robots(robots: Robots, url: str | None, observed_at: str, agent: str) -> list[Signal]:
    """`Content-Signal` lines for this URL; those for other agents that train count where they refuse."""
    where = paths.target(url)
    return [
        SCHEME.signal(
            f"robots.txt line {line.number}",
            line.value,
            observed_at,
            preferences(value) if own else refusals(preferences(value)),
        )
        for lines, own in usage_lines(robots, "content-signal", agent)
        for line, value in selected(lines, where)
    ]
