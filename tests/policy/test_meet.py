"""Terms met through derivations: laws, and what the sum says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_platform.model.terms import Terms
from lineage_platform.policy.meet import NOTHING, UNKNOWN_PARENT, derived, meet, parts_of
from lineage_platform.policy.policies import load
from lineage_platform.policy.verdicts import VALUES, judge, worst
from tests.policy.stated import CLEAN, DAY, JURISDICTIONS, OPERATOR, PEOPLE, STATEMENTS, USES

SOME = st.lists(STATEMENTS, min_size=1, max_size=4)


@given(STATEMENTS)
def test_a_statement_is_its_own_meet(one: dict[str, Any]) -> None:
    assert meet([one]) == one
    assert meet([one, one]) == one


@given(SOME, st.randoms())
def test_idempotent_and_commutative(some: list[dict[str, Any]], order: Any) -> None:
    met = meet(some)
    assert meet([met]) == met
    assert meet([met, met, some[0]]) == met
    shuffled = list(some)
    order.shuffle(shuffled)
    assert meet(shuffled) == met


@given(SOME, SOME, SOME)
def test_associative(
    one: list[dict[str, Any]], two: list[dict[str, Any]], three: list[dict[str, Any]]
) -> None:
    a, b, c = meet(one), meet(two), meet(three)
    assert meet([meet([a, b]), c]) == meet([a, meet([b, c])]) == meet([*one, *two, *three])


@settings(max_examples=60, deadline=None)
@given(SOME, st.sampled_from(USES), st.sampled_from(JURISDICTIONS))
def test_never_more_permissive_than_any_parent(
    some: list[dict[str, Any]], use: str, jurisdiction: str
) -> None:
    statements = dict(enumerate([*some, meet(some), derived(some[0], some[1:])]))
    found = judge(load(), statements, [use], [jurisdiction], DAY, OPERATOR)
    *parents, met, made = (found[number, use, jurisdiction] for number in statements)
    for each in (met, made):
        assert all(VALUES.index(each.value) >= VALUES.index(parent.value) for parent in parents)
        assert set(worst(parents).policies) <= set(each.policies) or each.value != worst(parents).value


@given(SOME)
def test_the_sum_can_be_stored_and_read_as_terms(some: list[dict[str, Any]]) -> None:
    met = meet(some)
    assert json.loads(json.dumps(met)) == met
    said = {key: value for key, value in met.items() if key not in ("parts", "generation_depth")}
    assert Terms.from_statement(said).licence == met["licence"]


@given(SOME)
def test_restrictions_and_duties_unite_and_doubt_survives(some: list[dict[str, Any]]) -> None:
    met = meet(some)
    for one in some:
        assert set(one.get("duties", ())) <= set(met.get("duties", ()))
        assert set(one.get("generators", ())) <= set(met.get("generators", ()))
        for name, words in one["scope"].items():
            assert not words or set(met["scope"][name]) <= {*words, NOTHING}
            assert not words or met["scope"][name], "what was stated stays stated"
        if one["valid_to"]:
            assert met["valid_to"] <= one["valid_to"]
        if one.get("embargo_until"):
            assert met["embargo_until"] >= one["embargo_until"]
        for name in ("licence_status", "personal_data"):
            if one[name] == "unknown":
                assert met[name] == "unknown"


def test_what_the_sum_says() -> None:
    met = meet(
        [
            CLEAN | {"source": "a", "licence": "CC-BY-4.0", "valid_to": "2028-01-01", "scope": {"regions": ["CN", "EU"]}},
            CLEAN | PEOPLE | {"source": "b", "licence": "MIT OR Apache-2.0", "separate_consent": ["sensitive"], "duties": ["notice"]},
            CLEAN | {"source": "c", "licence": "CC-BY-4.0", "scope": {"regions": ["EU"]}, "embargo_until": "2027-01-01", "embargo_then": "open"},
        ]
    )  # fmt: skip
    assert met["source"] == "a + b + c"
    assert met["licence"] == "CC-BY-4.0 AND (MIT OR Apache-2.0)"
    assert met["personal_data"] == "personal"
    assert met["consent_basis"] == "consent", "of the one part that has people in it"
    assert met["separate_consent"] == ["sensitive"]
    assert met["scope"]["regions"] == ["EU"]
    assert (met["valid_to"], met["embargo_until"], met["embargo_then"]) == (
        "2028-01-01",
        "2027-01-01",
        "open",
    )
    assert met["duties"] == ["notice"]
    assert {part["source"] for part in met["parts"]} == {"a", "b", "c"}


def test_scopes_with_nothing_in_common_leave_nothing() -> None:
    met = meet([CLEAN | {"scope": {"regions": ["CN"]}}, CLEAN | {"scope": {"regions": ["EU"]}}])
    assert met["scope"]["regions"] == [NOTHING]


def test_consent_of_one_part_does_not_cover_another() -> None:
    """A sum alone would say: sensitive data, consent given, separate consent stated."""
    covered = CLEAN | PEOPLE | {"personal_data": "sensitive", "separate_consent": ["sensitive"]}
    uncovered = CLEAN | PEOPLE | {"source": "other", "personal_data": "sensitive"}
    found = judge(load(), {1: covered, 2: meet([covered, uncovered])}, ["research"], ["CN"], DAY, OPERATOR)
    assert found[1, "research", "CN"].value == "allowed"
    assert found[2, "research", "CN"].policies == ("cn-pipl-29",)


def test_share_alike_that_cannot_be_met_together() -> None:
    met = meet([CLEAN | {"licence": "CC-BY-SA-4.0"}, CLEAN | {"licence": "ODbL-1.0"}])
    found = judge(load(), {1: met}, ["redistribution", "research"], ["EU"], DAY, OPERATOR)
    assert found[1, "redistribution", "EU"].policies == ("share-alike-conflict",)
    assert found[1, "research", "EU"].policies == ("share-alike-conflict-model",)


def test_generations() -> None:
    once = derived(CLEAN | {"generators": ["gpt"], "generator_terms": "MIT"}, [CLEAN])
    twice = derived(CLEAN, [once, CLEAN | {"source": "b"}])
    assert once["generation_depth"] == 1
    assert twice["generation_depth"] == 2
    assert twice["generators"] == ["gpt"] and twice["generator_terms"] == "MIT"
    assert meet([once, twice])["generation_depth"] == 2
    assert "generation_depth" not in meet([CLEAN, CLEAN | {"source": "b"}])
    assert all("generation_depth" not in part for part in parts_of(twice))


@pytest.mark.parametrize("parents", [[], [UNKNOWN_PARENT | {"generation_depth": "unknown"}, CLEAN]])
def test_a_parent_that_is_not_known_makes_everything_unknown(parents: list[dict[str, Any]]) -> None:
    made = derived(CLEAN, parents)
    assert made["generation_depth"] == "unknown"
    assert derived(CLEAN, [made])["generation_depth"] == "unknown"
    found = judge(load(), {1: made}, USES, ["EU", "CN", "strict"], DAY, OPERATOR)
    assert {found[question].value for question in found} == {"unknown"}


@pytest.mark.parametrize("own", [CLEAN, CLEAN | {"source": "b"}])
def test_derived_from_the_same_terms(own: dict[str, Any]) -> None:
    made = derived(own, [CLEAN])
    assert made["generation_depth"] == 1
    assert ("parts" in made) == (own != CLEAN)
