"""Effective terms: laws over any acyclic derivation, and what is not known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_platform.policy.effective import Effective, is_derived, parents_named
from lineage_platform.policy.meet import derived, meet, parts_of
from lineage_platform.policy.policies import load
from lineage_platform.policy.rights import rank_of
from lineage_platform.policy.verdicts import VALUES, judge
from tests.policy.stated import CLEAN, DAY, JURISDICTIONS, OPERATOR, STATEMENTS, USES

World = dict[str, list[dict[str, Any]]]
"""Statements by source; a statement's number is 100 times the position of its source, and its own."""


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Up to five sources; each may derive from those before it, by name or by the numbers of their statements."""
    world: World = {}
    for position in range(draw(st.integers(1, 5))):
        earlier = list(world)
        numbers = [str(100 * at + own) for at, name in enumerate(earlier) for own in range(len(world[name]))]
        statements = []
        for one in draw(st.lists(STATEMENTS, min_size=1, max_size=2)):
            derivation: dict[str, list[str]] = {}
            if bool(earlier) and draw(st.booleans()):
                derivation["derived_from"] = draw(st.lists(st.sampled_from(earlier), unique=True))
            if bool(earlier) and draw(st.booleans()):
                derivation["parents"] = draw(st.lists(st.sampled_from([*numbers, "unknown"]), unique=True))
            statements.append(
                one
                | {"source": f"s{position}"}
                | {key: sorted(value) for key, value in derivation.items() if value}
            )
        world[f"s{position}"] = statements
    return world


def numbered(world: World) -> dict[int, dict[str, Any]]:
    return {100 * at + own: one for at, some in enumerate(world.values()) for own, one in enumerate(some)}


def effective(world: World) -> Effective:
    return Effective(numbered(world).get, lambda source: world.get(source, []))


def ancestors(world: World, statement: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = []
    for name in parents_named(statement):
        parents = (
            world.get(name, [])
            if isinstance(name, str)
            else [numbered(world)[name]]
            if name is not None
            else []
        )
        found += [each for parent in parents for each in (parent, *ancestors(world, parent))]
    return found


@given(worlds())
def test_everything_that_it_derives_from_is_a_part(world: World) -> None:
    asked = effective(world)
    for statement in numbered(world).values():
        parts = parts_of(asked.of(statement))
        stated = [part for part in parts if part["source"] != "unknown"]
        assert sorted(map(repr, stated)) == sorted(
            {repr(one) for one in [statement, *ancestors(world, statement)]}
        )


@given(worlds())
def test_it_is_derived_from_the_effective_terms_of_the_parents(world: World) -> None:
    asked = effective(world)
    for statement in numbered(world).values():
        names = parents_named(statement)
        if names and None not in names:
            found = [
                world[name] if isinstance(name, str) else [numbered(world)[name]]
                for name in names
                if name is not None
            ]
            parents = [effective(world).of(parent) for some in found for parent in some]
            assert asked.of(statement) == derived(statement, parents)
        if not is_derived(statement):
            assert asked.of(statement) is statement


@settings(max_examples=40, deadline=None)
@given(worlds(), st.sampled_from(USES), st.sampled_from(JURISDICTIONS))
def test_never_more_permissive_than_any_ancestor(world: World, use: str, jurisdiction: str) -> None:
    asked = effective(world)
    for statement in numbered(world).values():
        some = [asked.of(statement), statement, *ancestors(world, statement)]
        found = judge(load(), dict(enumerate(some)), [use], [jurisdiction], DAY, OPERATOR)
        own, *others = (VALUES.index(found[number, use, jurisdiction].value) for number in range(len(some)))
        assert own >= max(others)
        assert rank_of(some[0]) >= max(map(rank_of, some))


@given(worlds())
def test_the_order_of_questions_does_not_matter(world: World) -> None:
    numbers = list(numbered(world))
    forth, back = effective(world), effective(world)
    there = {number: forth.of(numbered(world)[number]) for number in numbers}
    again = {number: back.of(numbered(world)[number]) for number in reversed(numbers)}
    assert there == again


def test_one_generation_deeper_than_the_deepest_parent() -> None:
    world: World = {
        "a": [CLEAN | {"source": "a"}],
        "b": [CLEAN | {"source": "b", "derived_from": ["a"]}],
        "c": [CLEAN | {"source": "c", "derived_from": ["a", "b"]}],
    }
    depths = [effective(world).of(world[name][0]).get("generation_depth") for name in "abc"]
    assert depths == [None, 1, 2]


def test_parents_of_the_record_count_before_those_of_the_source() -> None:
    world: World = {"a": [CLEAN | {"source": "a"}], "b": [CLEAN | {"source": "b", "licence": "CC-BY-4.0"}]}
    made = CLEAN | {"source": "c", "derived_from": ["a", "b"], "parents": ["0"]}
    assert {part["source"] for part in parts_of(effective(world).of(made))} == {"a", "c"}
    assert effective(world).of(made)["licence"] == "CC0-1.0"


@pytest.mark.parametrize(
    "derivation",
    [
        {"derived_from": ["nobody"]},
        {"parents": ["999"]},
        {"parents": ["0", "unknown"]},
        {"derived_from": ["loop"]},
    ],
)
def test_what_is_not_known_makes_it_unknown(derivation: dict[str, Any]) -> None:
    world: World = {"a": [CLEAN], "loop": [CLEAN | {"source": "loop", "derived_from": ["b"]}]}
    world["b"] = [CLEAN | {"source": "b", **derivation}]
    made = effective(world).of(world["b"][0])
    assert made["generation_depth"] == "unknown"
    found = judge(load(), {0: made}, ["research"], ["EU", "strict"], DAY, OPERATOR)
    assert {found[question].value for question in found} == {"unknown"}


def test_the_text_of_a_model_without_parents_has_no_known_depth_and_keeps_its_own_terms() -> None:
    made = effective({}).of(CLEAN | {"kind": "synthetic", "generator_terms": "MIT"})
    assert made == CLEAN | {"kind": "synthetic", "generator_terms": "MIT", "generation_depth": "unknown"}
    assert meet([made]) == made


@pytest.mark.parametrize(("first", "depth"), [([], 300), (["s298"], "unknown")], ids=["chain", "circle"])
def test_three_hundred_sources_one_derived_from_the_other(first: list[str], depth: int | str) -> None:
    parents = {f"s{number}": [f"s{number - 1}"] for number in range(1, 300)} | {"s0": first}
    statements = {name: [CLEAN | {"source": name, "derived_from": names}] for name, names in parents.items()}
    asked = Effective(lambda _number: None, statements.__getitem__)
    assert asked.of(CLEAN | {"source": "made", "derived_from": ["s299"]})["generation_depth"] == depth
