"""The agents that address AI in robots.txt, and what refusing each of them refuses (`data/ai_agents.json`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from lineage_platform.policy import symbols
from lineage_platform.policy.signals.model import Category


@dataclass(frozen=True)
class Agent:
    """A product token, who runs it ("" if not known), its function, and the use that a refusal of it refuses."""

    name: str
    operator: str
    function: str
    refuses: Category


def token(name: str) -> str:
    """The form in which product tokens are compared: without case, version (`/2.0`) and a wildcard at the end."""
    return name.split("/")[0].strip().rstrip("*").strip().casefold() or "*"


@cache
def known() -> Mapping[str, Agent]:
    """All agents by token, in the order of the data file."""
    table = symbols.data("ai_agents.json")
    return MappingProxyType(
        {
            token(name): Agent(name, operator, function, table["functions"][function]["counts_for"])
            for function, agents in table["agents"].items()
            for name, operator in agents.items()
        }
    )
