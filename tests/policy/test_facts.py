"""A statement of terms, on a day -> the facts that policies read."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_platform.errors import InvalidInput
from lineage_platform.policy import vocabulary as consent
from lineage_platform.policy.facts import Facts, consent_kind, facts, licence_of, vocabulary, within
from lineage_platform.policy.licence_facts import names_of_output_claims, names_of_restrictions
from tests.policy.stated import CLEAN, DAY, JURISDICTIONS, STATEMENTS

NAMES = tuple(vocabulary()["facts"])


def record(jurisdiction: str = "EU", day: date = DAY, **stated: Any) -> Facts:
    statement = CLEAN | stated
    return within(facts(statement, licence_of(statement), day), jurisdiction, NAMES)


def test_nothing_stated_is_unknown_in_everything() -> None:
    found = within(facts({}, licence_of({}), DAY), "EU", NAMES)
    silent = {name: value for name, value in found.items() if value not in ("unknown", [], False)}
    assert silent == {
        "by_licence": True,
        "field_of_use": ["unknown"],
        "output_claims": ["unknown"],
        "generator": "none",
        "generator_commercial": "yes",
        "generator_training": "silent",
        "region": "not-stated",
        "validity": "in-force",
        "embargo": "none",
        "basis": "declared",
        "evidence": "none",
    }


@given(STATEMENTS, st.sampled_from(JURISDICTIONS))
def test_every_fact_of_the_vocabulary_is_there_and_holds_one_of_its_words(
    statement: dict[str, Any], jurisdiction: str
) -> None:
    found = within(facts(statement, licence_of(statement), DAY), jurisdiction, NAMES)
    for name, entry in vocabulary()["facts"].items():
        value = found[name]
        match entry["type"]:
            case "flag":
                assert isinstance(value, bool)
            case "words":
                assert isinstance(value, list) and value == sorted(set(value))
                assert set(value) <= set(entry.get("values", value))
            case "answer":
                assert value in ("yes", "no", "unknown")
            case _:
                assert value in entry.get("values", [value])


def test_the_words_of_licences_are_those_of_the_table() -> None:
    words = vocabulary()["facts"]
    assert set(words["field_of_use"]["values"]) == set(names_of_restrictions())
    assert set(words["output_claims"]["values"]) == set(names_of_output_claims())


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2025-12-31", "not-yet"),
        ("2026-01-01", "in-force"),
        ("2026-12-31", "in-force"),
        ("2027-01-01", "expired"),
    ],
)
def test_validity_is_half_open(day: str, expected: str) -> None:
    found = record(day=date.fromisoformat(day), valid_from="2026-01-01", valid_to="2027-01-01")
    assert found["validity"] == expected


@pytest.mark.parametrize(
    ("day", "then", "expected"),
    [
        ("2026-12-31", "open", "running"),
        ("2027-01-01", "open", "none"),
        ("2027-01-01", "review", "review"),
        ("2027-01-01", None, "review"),
    ],
)
def test_an_embargo_ends_as_it_says(day: str, then: str | None, expected: str) -> None:
    found = record(day=date.fromisoformat(day), embargo_until="2027-01-01", embargo_then=then)
    assert found["embargo"] == expected


def test_a_basis_of_the_jurisdiction_comes_before_the_general_one() -> None:
    stated = {"consent_basis": "consent", "consent_bases": {"EU": "gdpr:6-1-f"}, "personal_data": "personal"}
    assert record("EU", **stated)["consent_basis"] == "gdpr:6-1-f"
    assert record("EU", **stated)["consent_kind"] == "legitimate-interest"
    assert record("CN", **stated)["consent_kind"] == "consent"


def test_the_united_kingdom_is_also_gb() -> None:
    assert (
        record("UK", copyright_basis={"GB": "exception:CDPA-29A"})["copyright_basis"] == "exception:CDPA-29A"
    )
    assert record("UK", scope={"regions": ["GB"]})["region"] == "in"


def test_a_resolved_licence_is_a_basis_unless_another_is_stated() -> None:
    assert record("EU")["copyright_basis"] == "licence"
    assert record("EU", licence="NOASSERTION", licence_status="unknown")["copyright_basis"] == "unknown"
    stated = {"copyright_basis": {"EU": "exception:DSM 4", "JP": "none"}}
    assert record("EU", **stated)["copyright_basis"] == "exception:DSM-4"
    assert record("EU", **stated)["by_licence"] is False
    assert record("US", **stated)["by_licence"] is True
    assert record("strict", **stated)["copyright_basis"] == "none"


def test_regions() -> None:
    assert record("EU")["region"] == "not-stated"
    assert record("EU", scope={"regions": ["CN"]})["region"] == "out"
    assert record("strict", scope={"regions": ["CN"]})["region"] == "in"


def test_anonymised_data_is_a_class_of_its_own() -> None:
    assert record(personal_data="sensitive", anonymisation="anonymised")["personal_data"] == "anonymised"
    assert record(personal_data="personal", anonymisation="deidentified")["personal_data"] == "personal"
    assert record(personal_data="none", anonymisation="anonymised")["personal_data"] == "none"


def test_a_licence_that_was_not_resolved_is_read_as_far_as_its_words_go() -> None:
    found = record(licence="NOASSERTION", licence_status="ambiguous", declared="CC BY-NC")
    assert found["commercial"] == "no"
    assert found["licence_status"] == "ambiguous"


def test_generators() -> None:
    assert record()["generator"] == "none"
    assert record(kind="synthetic")["generator"] == "unknown"
    assert record(generators=["our own"])["generator"] == "unknown"
    named = record(generators=["gpt-4"])
    assert "no-competing-models" in named["generator_restrictions"]  # type: ignore[operator]
    known = record(generators=["our own"], generator_terms="LicenseRef-scancode-openai-tou-20241211")
    assert known["generator"] == "known"
    assert "no-competing-models" in known["generator_restrictions"]  # type: ignore[operator]


def test_every_consent_basis_of_the_vocabulary_has_a_kind() -> None:
    kinds = {name: consent_kind(name) for name in consent.vocabulary()}
    other = {name for name, kind in kinds.items() if kind == "other"}
    assert other == {
        "pipl:13-7", "ccpa:opt-out-not-exercised", "ccpa:opt-out-exercised", "appi:stated-purpose", "pdpa:business-improvement"
    }  # fmt: skip
    consents = {name for name, kind in kinds.items() if kind == "consent"}
    assert consents == {name for name, term in consent.vocabulary().items() if term.consent} - other


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        (
            {"valid_from": "2027-01-01", "valid_to": "2027-01-01"},
            "valid_to: got 2027-01-01, expected a day after",
        ),
        ({"valid_to": "soon"}, "valid_to: got 'soon', expected a day"),
        ({"personal_data": "some"}, "terms of clean: personal_data: got 'some', expected"),
        ({"separate_consent": ["verbal"]}, "separate_consent: got 'verbal', expected"),
    ],
)
def test_bad_statements(stated: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        record(**stated)
