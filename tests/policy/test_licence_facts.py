"""What licences allow and demand, and how facts of several are joined."""

from __future__ import annotations

import re
from dataclasses import fields
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_platform.errors import InvalidInput
from lineage_platform.model.terms import NOASSERTION
from lineage_platform.policy import symbols
from lineage_platform.policy.licence_facts import (
    NONE,
    UNKNOWN,
    LicenceFacts,
    all_of,
    both,
    facts_of,
    facts_of_candidates,
    facts_of_declared,
    names_of_output_claims,
    names_of_restrictions,
    share_alike_conflicts,
)

TABLE = symbols.data("licence_facts.json")
LISTED = sorted(symbols.symbols().licences.values())
OWN = sorted(
    name
    for name in (
        *symbols.data("licences.json")["aliases"],
        *(item for entry in symbols.data("licences.json")["inexact"] for item in entry["candidates"]),
        *(
            item
            for family in symbols.data("licences.json")["families"]
            for items in family["versions"].values()
            for item in items
        ),
    )
    if name.startswith("LicenseRef-") and name not in LISTED
)
KNOWN = [name for name in (*LISTED, *OWN) if facts_of(name) != UNKNOWN]
ANSWERS = {
    "commercial": ("no", "unknown", "yes"),
    "derivatives": ("no", "unknown", "yes"),
    "redistribution": ("no", "unknown", "yes"),
    "attribution": ("yes", "unknown", "no"),
    "notice": ("yes", "unknown", "no"),
    "training": ("forbidden", "unknown", "silent", "allowed"),
    "database_right": ("not-licensed", "unknown", "licensed", "waived"),
}


@pytest.mark.parametrize(
    ("licence", "commercial", "derivatives", "attribution", "shares_alike"),
    [
        ("CC0-1.0", "yes", "yes", "no", "no"),
        ("CC-BY-1.0", "yes", "yes", "yes", "no"),
        ("CC-BY-3.0-DE", "yes", "yes", "yes", "no"),
        ("CC-BY-NC-2.5", "no", "yes", "yes", "no"),
        ("CC-BY-ND-4.0", "yes", "no", "yes", "no"),
        ("CC-BY-NC-ND-3.0-IGO", "no", "no", "yes", "no"),
        ("CC-BY-NC-SA-2.0-UK", "no", "yes", "yes", "yes"),
        ("CC-BY-SA-2.1-JP", "yes", "yes", "yes", "yes"),
        ("ODbL-1.0", "yes", "yes", "yes", "yes"),
        ("ODC-By-1.0", "yes", "yes", "yes", "no"),
        ("PDDL-1.0", "yes", "yes", "no", "no"),
        ("CDLA-Sharing-1.0", "yes", "yes", "yes", "yes"),
        ("CDLA-Permissive-2.0", "yes", "yes", "no", "no"),
        ("C-UDA-1.0", "yes", "yes", "yes", "yes"),
        ("OGL-UK-3.0", "yes", "yes", "yes", "no"),
        ("MIT", "yes", "yes", "yes", "no"),
        ("0BSD", "yes", "yes", "no", "no"),
        ("MPL-2.0", "yes", "yes", "yes", "yes"),
        ("LGPL-2.1-or-later", "yes", "yes", "yes", "yes"),
        ("GFDL-1.3-or-later", "yes", "yes", "yes", "yes"),
        ("MulanPSL-2.0", "yes", "yes", "yes", "no"),
        ("LicenseRef-scancode-mulanpubl-2.0", "yes", "yes", "yes", "yes"),
        ("LicenseRef-kogl-type-4", "no", "no", "yes", "no"),
        ("LicenseRef-scancode-llama-license-2023", "no", "yes", "yes", "unknown"),
        ("LicenseRef-own-contract", "unknown", "unknown", "unknown", "unknown"),
        ("BUSL-1.1", "no", "yes", "yes", "no"),
        (NOASSERTION, "unknown", "unknown", "unknown", "unknown"),
    ],
)
def test_facts(licence: str, commercial: str, derivatives: str, attribution: str, shares_alike: str) -> None:
    facts = facts_of(licence)
    assert (facts.commercial, facts.derivatives) == (commercial, derivatives)
    assert (facts.attribution, facts.shares_alike) == (attribution, shares_alike)


@pytest.mark.parametrize(
    ("licence", "right"),
    [
        ("CC-BY-4.0", "licensed"),
        ("CC-BY-NC-SA-4.0", "licensed"),
        ("CC-BY-3.0", "not-licensed"),
        ("CC-BY-NC-ND-1.0", "not-licensed"),
        ("CC-BY-SA-3.0-DE", "waived"),
        ("CC-BY-SA-2.0-UK", "unknown"),
        ("CC0-1.0", "waived"),
        ("ODbL-1.0", "licensed"),
        ("MIT", "unknown"),
    ],
)
def test_database_right(licence: str, right: str) -> None:
    assert facts_of(licence).database_right == right


@pytest.mark.parametrize(
    ("licence", "training", "claims"),
    [
        ("LicenseRef-scancode-llama-2-license-2023", "forbidden", {"no-other-models"}),
        ("LicenseRef-llama-3", "forbidden", {"no-other-models", "name-prefix", "built-with-notice"}),
        ("LicenseRef-scancode-llama-3.1-license-2024", "allowed", {"name-prefix", "built-with-notice"}),
        ("LicenseRef-scancode-tongyi-qianwen-2023", "forbidden", {"no-other-models"}),
        ("LicenseRef-qwen-2024", "allowed", {"built-with-notice"}),
        ("LicenseRef-scancode-gemma-tou-2024-04-01", "silent", {"share-alike-of-output", "use-restrictions"}),
        ("LicenseRef-scancode-openai-tou-20241211", "unknown", {"no-competing-models"}),
        ("C-UDA-1.0", "allowed", set()),
        ("CC-BY-4.0", "silent", set()),
    ],
)
def test_what_terms_say_of_models(licence: str, training: str, claims: set[str]) -> None:
    facts = facts_of(licence)
    assert facts.training == training
    assert set(facts.output_claims) == claims


def test_expressions() -> None:
    assert facts_of("MIT AND CC-BY-NC-4.0").commercial == "no"
    assert facts_of("MIT OR CC-BY-NC-4.0") == facts_of("MIT")
    assert facts_of("MIT OR LicenseRef-own").commercial == "yes"
    assert facts_of("MIT AND LicenseRef-own").commercial == "unknown"
    assert facts_of("GPL-2.0-only WITH Classpath-exception-2.0") == facts_of("GPL-2.0-only")
    assert facts_of("Apache-2.0+").commercial == "yes"
    assert facts_of("(MIT OR CC0-1.0) AND ODbL-1.0").share_alike == ("ODbL-1.0",)
    restricting = next(
        name for name in symbols.symbols().exceptions.values() if name.startswith("LicenseRef-scancode-")
    )
    assert facts_of(f"GPL-2.0-only WITH {restricting}").commercial == "unknown"


def test_what_is_no_expression_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"'Apache 2\.0'.*expected an SPDX expression"):
        facts_of("Apache 2.0")


def test_share_alike_targets() -> None:
    assert facts_of("CC-BY-SA-1.0").share_alike == ("CC-BY-SA-1.0",)
    assert {"CC-BY-SA-3.0", "CC-BY-SA-4.0"} <= set(facts_of("CC-BY-SA-2.0").share_alike)
    assert "CC-BY-SA-2.0" not in facts_of("CC-BY-SA-2.5").share_alike
    assert facts_of("CC-BY-SA-4.0 AND GPL-3.0-or-later").share_alike == ("GPL-3.0-only",)
    assert facts_of("GPL-2.0-or-later AND LGPL-3.0-only").share_alike == ("GPL-3.0-only",)
    impossible = facts_of("CC-BY-SA-3.0 AND GPL-2.0-only")
    assert (impossible.share_alike, impossible.derivatives) == ((NONE,), "no")


def test_share_alike_conflicts() -> None:
    found = share_alike_conflicts(["MIT", "CC-BY-SA-4.0", "ODbL-1.0", "CC-BY-SA-3.0", "LicenseRef-own"])
    assert [conflict.expressions for conflict in found] == [
        ("CC-BY-SA-3.0", "ODbL-1.0"),
        ("CC-BY-SA-4.0", "ODbL-1.0"),
    ]
    assert share_alike_conflicts(["CC-BY-SA-2.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0"]) == []
    (alone,) = share_alike_conflicts(["GPL-2.0-only AND ODbL-1.0", "MIT"])
    assert alone.accepted == ((NONE,),)
    (three,) = share_alike_conflicts(["CC-BY-SA-3.0", "CC-BY-SA-4.0", "EUPL-1.2", "MIT"])
    assert three.expressions == ("CC-BY-SA-3.0", "CC-BY-SA-4.0", "EUPL-1.2")


def test_candidates_that_agree_give_the_fact() -> None:
    facts = facts_of_declared("CC BY-NC")
    assert (facts.commercial, facts.attribution, facts.shares_alike) == ("no", "yes", "no")
    assert facts.database_right == "unknown"
    assert any("non" in reason or "commercial" in reason for reason in facts.reasons)
    family = facts_of_declared("CC BY-SA")
    assert family.shares_alike == "yes"
    assert NOASSERTION in family.share_alike
    assert facts_of_declared("Creative Commons").commercial == "unknown"
    assert facts_of_declared("OpenAI").commercial == "no"
    assert facts_of_candidates(()) == UNKNOWN


@pytest.mark.parametrize(
    ("declared", "use"),
    [
        ("CC BY 4.0", "commercial"),
        ("CC BY-NC-SA", "non-commercial"),
        ("Academic use only", "academic-only"),
        ("non-commercial", "non-commercial"),
        ("Custom", "academic-only"),
        ("https://example.org/terms", "academic-only"),
        ("OpenAI", "non-commercial"),
        ("unknown", "unspecified"),
        ("All rights reserved", "academic-only"),
    ],
)
def test_use_class(declared: str, use: str) -> None:
    assert facts_of_declared(declared).use_class == use


def test_restrictions_without_a_licence_narrow_what_is_unknown() -> None:
    facts = facts_of_declared("For research only, no redistribution")
    assert (facts.commercial, facts.redistribution, facts.derivatives) == ("no", "no", "unknown")
    assert {"research-only", "no-redistribution"} <= set(facts.field_of_use)
    assert facts_of_declared("不得用于训练").training == "forbidden"


@pytest.mark.parametrize("licence", KNOWN)
def test_every_entry_is_whole_and_says_why(licence: str) -> None:
    facts = facts_of(licence)
    assert all(getattr(facts, name) in order for name, order in ANSWERS.items())
    assert set(facts.field_of_use) <= set(names_of_restrictions())
    assert set(facts.output_claims) <= set(names_of_output_claims())
    for target in facts.share_alike:
        assert target == NOASSERTION or symbols.parse(target).text == target
    restricted = {
        "commercial": facts.commercial == "no",
        "derivatives": facts.derivatives == "no",
        "share_alike": facts.shares_alike == "yes",
    }
    for fact in (name for name, is_so in restricted.items() if is_so):
        assert any(reason.startswith(f"{fact}: ") for reason in facts.reasons), fact
    assert all(" (https://" in reason or " (http://" in reason for reason in facts.reasons)


@pytest.mark.parametrize("licence", KNOWN)
def test_restrictions_of_use_and_answers_agree(licence: str) -> None:
    facts = facts_of(licence)
    for name in facts.field_of_use:
        for fact, answer in TABLE["field_of_use"][name].items():
            if fact != "says":
                assert getattr(facts, fact) in (answer, "unknown"), (name, fact)


def test_the_table_is_in_order() -> None:
    names = [*LISTED, *OWN]
    facts = {each.name for each in fields(LicenceFacts)}
    for rule in TABLE["rules"]:
        assert set(rule) <= facts | {"licences", "profile", "url", "summary", "reasons"}, rule
        assert rule.get("profile", "terms") in TABLE["profiles"]
        assert set(rule.get("reasons", {})) <= facts
        for pattern in rule["licences"]:
            assert any(fnmatchcase(name, pattern) for name in names), pattern
    for profile in TABLE["profiles"].values():
        assert set(profile) == facts - {"reasons"}
    assert [name for name in OWN if facts_of(name) == UNKNOWN] == []


def test_the_closed_lists_are_documented() -> None:
    written = (Path(__file__).parents[2] / "docs" / "licences.md").read_text(encoding="utf-8")
    for title, names in (
        ("Restrictions of use", names_of_restrictions()),
        ("Claims on models and outputs", names_of_output_claims()),
    ):
        section = written.split(f"### {title}\n")[1].split("\n#")[0]
        assert dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", section, re.MULTILINE)) == names


def test_all_creative_commons_licences_are_covered() -> None:
    assert [name for name in LISTED if name.startswith("CC") and facts_of(name) == UNKNOWN] == []


FACTS = st.lists(st.sampled_from([*KNOWN, "LicenseRef-own"]), min_size=1, max_size=3).map(
    lambda names: facts_of_candidates(names) if len(names) == 2 else all_of(facts_of(name) for name in names)
)


@given(FACTS, FACTS, FACTS)
def test_both_is_a_meet(one: LicenceFacts, other: LicenceFacts, third: LicenceFacts) -> None:
    assert both(one, other) == both(other, one)
    assert both(both(one, other), third) == both(one, both(other, third))
    assert both(one, all_of([one, other])) == both(one, other)
    met = both(one, other)
    for name, order in ANSWERS.items():
        if (name, met.share_alike) != ("derivatives", (NONE,)):
            assert getattr(met, name) == min(getattr(one, name), getattr(other, name), key=order.index)
    assert set(met.field_of_use) == {*one.field_of_use, *other.field_of_use}


@given(st.sampled_from(KNOWN), st.sampled_from(KNOWN))
def test_or_is_one_of_the_two_and_never_worse_than_and(one: str, other: str) -> None:
    chosen = facts_of(f"{one} OR {other}")
    assert chosen in (facts_of(one), facts_of(other))
    assert chosen == facts_of(f"{other} OR {one}")
    joined = facts_of(f"{one} AND {other}")
    assert all(
        order.index(getattr(joined, name)) <= order.index(getattr(chosen, name))
        for name, order in ANSWERS.items()
    )


@given(st.lists(st.sampled_from(KNOWN), min_size=1, max_size=4))
def test_a_fact_of_candidates_holds_for_each(candidates: list[str]) -> None:
    facts = facts_of_candidates(candidates)
    for name in ANSWERS:
        said = {getattr(facts_of(candidate), name) for candidate in candidates}
        assert getattr(facts, name) == (said.pop() if len(said) == 1 else "unknown")
    if facts.shares_alike != "unknown":
        assert {facts_of(candidate).shares_alike for candidate in candidates} == {facts.shares_alike}
