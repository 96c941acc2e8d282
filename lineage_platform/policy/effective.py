"""What counts for documents that were made from others: their own statement, met with those of all they derive from.

    effective = Effective(stated, about)
    effective.of(statement)                    # the statement itself where nothing was derived

A statement names what its documents derive from: by `parents`, the terms numbers of the records themselves ("unknown" for
one that was not found), or else by `derived_from`, whole sources, any record of which may be a parent. What nobody stated,
and a derivation that leads back to itself, is an unknown parent (`meet.UNKNOWN_PARENT`). A model's text without parents
has no known depth; its restrictions are those of its own statement and of its generator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from lineage_platform.policy.meet import UNKNOWN_PARENT, derived, meet

Name = int | str | None
"""A terms number, the id of a source, or None: a parent that was not found."""

_UNKNOWN: Final[Mapping[str, Any]] = {**UNKNOWN_PARENT, "generation_depth": "unknown"}


def parents_named(statement: Mapping[str, Any]) -> list[Name]:
    """What the statement derives from directly: terms numbers or sources; nothing where nothing was derived."""
    if numbers := statement.get("parents"):
        return [int(number) if number != "unknown" else None for number in numbers]
    return list(statement.get("derived_from", ()))


def is_derived(statement: Mapping[str, Any]) -> bool:
    """Whether the effective statement says more than this one."""
    return bool(
        statement.get("parents") or statement.get("derived_from") or statement.get("kind") == "synthetic"
    )


def _silent(name: Name) -> Mapping[str, Any]:
    """A parent about which nobody stated anything."""
    if not isinstance(name, str):
        return _UNKNOWN
    return {**_UNKNOWN, "source": name, "licence_note": "nothing was stated about this source"}


class Effective:
    """Effective statements. Every parent is met once, however many derive from it.

    `stated` gives the statement of a terms number, `about` all those about the records of a source.
    """

    def __init__(
        self,
        stated: Callable[[int], Mapping[str, Any] | None],
        about: Callable[[str], Sequence[Mapping[str, Any]]],
    ) -> None:
        self._stated, self._about = stated, about
        self._met: dict[Name, Mapping[str, Any]] = {}

    def of(self, statement: Mapping[str, Any]) -> Mapping[str, Any]:
        """The effective statement; `generation_depth` says how many generations deep it is, where it is deep."""
        self._meet(parents_named(statement))
        return self._derived(statement)

    def _meet(self, names: Iterable[Name]) -> None:
        """Meet the statements of each parent, those of its own parents before: without recursion, chains may be long."""
        ahead, begun = list(names), set[Name]()
        while ahead:
            name = ahead[-1]
            stated = self._statements(name) if name not in self._met else []
            before = [] if name in begun else [each for one in stated for each in parents_named(one)]
            begun.add(name)
            ahead += [each for each in before if each not in begun]
            if ahead[-1] == name:
                ahead.pop()
                self._met.setdefault(name, meet(map(self._derived, stated)) if stated else _silent(name))

    def _derived(self, statement: Mapping[str, Any]) -> Mapping[str, Any]:
        """From parents that were met. One that was not derives from this statement itself: a circle, so it is unknown."""
        if names := parents_named(statement):
            return derived(statement, [self._met.get(name, _UNKNOWN) for name in names])
        return {**statement, "generation_depth": "unknown"} if is_derived(statement) else statement

    def _statements(self, name: Name) -> Sequence[Mapping[str, Any]]:
        if isinstance(name, str):
            return self._about(name)
        stated = None if name is None else self._stated(name)
        return [] if stated is None else [stated]
