"""What policies say of terms, for a use, in a jurisdiction, on a day."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import cedarpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_platform.errors import InvalidInput, NotFound
from lineage_platform.policy import verdicts
from lineage_platform.policy.facts import facts, licence_of, vocabulary, within
from lineage_platform.policy.policies import load
from lineage_platform.policy.policyset import PolicySet
from lineage_platform.policy.verdicts import VALUES, Verdict, Verdicts, diff, judge, user, worst
from tests.policy.stated import CLEAN, DAY, JURISDICTIONS, OPERATOR, PEOPLE, STATEMENTS, USES

ALLOWED, REFUSED = Verdict("allowed", ("p",)), Verdict("refused", ("f",), ("w",))


def verdict(
    statement: dict[str, Any], use: str, jurisdiction: str, day: date = DAY, **operator: Any
) -> Verdict:
    return judge(load(), {1: statement}, [use], [jurisdiction], day, OPERATOR | operator)[
        1, use, jurisdiction
    ]


@pytest.mark.parametrize("jurisdiction", JURISDICTIONS)
@pytest.mark.parametrize("use", USES)
def test_what_nothing_forbids_is_allowed_everywhere(use: str, jurisdiction: str) -> None:
    assert verdict(CLEAN, use, jurisdiction).value == "allowed"


@pytest.mark.parametrize("jurisdiction", JURISDICTIONS)
def test_what_is_not_stated_is_never_allowed(jurisdiction: str) -> None:
    for use in USES:
        assert verdict({}, use, jurisdiction).value == "unknown"


def test_a_verdict_names_its_policies_and_the_warnings_apart() -> None:
    stated = CLEAN | PEOPLE | {"licence": "CC-BY-NC-4.0", "consent_basis": "unknown"}
    assert verdict(stated, "commercial-pretraining", "EU") == Verdict(
        "refused", ("licence-no-commercial-use", "consent-basis-unknown"), ("duty-attribution",)
    )


def test_warnings_alone_do_not_decide() -> None:
    stated = CLEAN | {"licence": "CC-BY-4.0"}
    assert verdict(stated, "research", "EU") == Verdict("allowed", ("eu-permit",), ("duty-attribution",))
    stated = CLEAN | {"important_data": "unknown"}
    assert verdict(stated, "research", "CN") == Verdict("allowed", ("cn-permit",), ("cn-dsl-21-unknown",))


def test_no_policies_and_no_permit_refuse() -> None:
    empty = judge(PolicySet({}), {1: CLEAN}, ["research"], ["EU"], DAY)
    assert empty[1, "research", "EU"] == Verdict("refused", ())
    without = PolicySet(
        {name: policy for name, policy in load().policies.items() if policy.effect != "permit"}
    )
    assert judge(without, {1: CLEAN}, ["research"], ["EU"], DAY)[1, "research", "EU"] == Verdict(
        "refused", ()
    )


def test_exceptions_are_undetermined_where_the_law_is_unsettled() -> None:
    unsettled = {"US": "USC-107", "KR": "35-5", "IL": "19", "CN": "CL-24-6"}
    for jurisdiction, article in unsettled.items():
        stated = CLEAN | {"copyright_basis": {jurisdiction: f"exception:{article}"}}
        assert verdict(stated, "commercial-pretraining", jurisdiction).value == "undetermined"


def test_duties_that_scale_by_size_read_the_operator() -> None:
    stated = CLEAN | PEOPLE | {"consent_basis": "contract"}
    assert verdict(stated, "research", "US", size="large").value == "unknown"
    assert verdict(stated, "research", "US", size="unknown").value == "unknown"
    assert verdict(stated, "research", "US", size="small").value == "allowed"


@settings(max_examples=40, deadline=None)
@given(STATEMENTS, st.sampled_from(USES), st.sampled_from(JURISDICTIONS))
def test_groups_together_say_what_cedar_says_of_all_policies_at_once(
    statement: dict[str, Any], use: str, jurisdiction: str
) -> None:
    policies = [
        policy
        for policy in load().policies.values()
        if policy.jurisdictions is None or jurisdiction in policy.jurisdictions
    ]
    record = within(facts(statement, licence_of(statement), DAY), jurisdiction, vocabulary()["facts"])
    attributes = {key: value for key, value in user(use, OPERATOR).items() if key != "name"}
    result = cedarpy.is_authorized(
        {"principal": 'Use::"u"', "action": {"type": "Action", "id": jurisdiction}, "resource": 'Terms::"t"'},
        "\n".join(policy.text for policy in policies if policy.severity == "error"),
        [
            {"uid": {"type": "Use", "id": "u"}, "attrs": attributes, "parents": []},
            {"uid": {"type": "Terms", "id": "t"}, "attrs": record, "parents": []},
        ],
    )
    found = verdict(statement, use, jurisdiction)
    assert result.diagnostics.errors == []
    assert sorted(found.policies) == sorted(result.diagnostics.id_annotations_by_reason.values())
    assert (found.value == "allowed") == result.allowed


@given(
    st.lists(
        st.sampled_from([ALLOWED, REFUSED, *(Verdict(value, ("x", value)) for value in VALUES)]), min_size=1
    )
)
def test_the_worst_wins(given_: list[Verdict]) -> None:
    found = worst(given_)
    assert VALUES.index(found.value) == max(VALUES.index(each.value) for each in given_)
    assert worst([*given_, found]) == found
    if found.value != "allowed":
        assert "p" not in found.policies


def test_equal_facts_are_asked_about_once_and_known_answers_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []
    ask = verdicts._ask
    monkeypatch.setattr(verdicts, "_ask", lambda group, requests, entities: (asked.append(len(requests)), ask(group, requests, entities))[1])  # fmt: skip
    same = {number: CLEAN | {"source": f"s{number}", "licence_note": str(number)} for number in range(5)}
    first = judge(load(), same, ["research"], ["EU", "UK", "CN"], DAY)
    assert sum(asked) == 5, "two groups that hold everywhere, and one for each jurisdiction"
    assert len(first) == 15
    asked.clear()
    again = judge(
        load(), same, ["research"], ["EU", "UK", "CN"], DAY + timedelta(days=1), known=first.answers
    )
    assert asked == [] and diff(first, again) == []
    changed = same | {2: CLEAN | {"valid_to": "2026-11-23"}}
    later = judge(
        load(), changed, ["research"], ["EU", "UK", "CN"], DAY + timedelta(days=1), known=first.answers
    )
    assert asked == [1]
    assert [(change.terms, change.jurisdiction) for change in diff(first, later)] == [
        (2, "CN"),
        (2, "EU"),
        (2, "UK"),
    ]


def test_a_changed_policy_is_another_question(tmp_path: Path) -> None:
    text = (
        load()["eu-permit"].text.replace("eu-permit", "own-forbid").replace("permit (", "forbid (")
        .replace("@source", '@effect("refuse") @severity("error") @clears("x") @source')
    )  # fmt: skip
    (tmp_path / "own.cedar").write_text(text)
    before = judge(load(), {1: CLEAN}, ["research"], ["EU", "CN"], DAY)
    after = judge(load([tmp_path]), {1: CLEAN}, ["research"], ["EU", "CN"], DAY, known=before.answers)
    assert before.policies != after.policies
    (change,) = diff(before, after)
    assert (change.terms, change.use, change.jurisdiction) == (1, "research", "EU")
    assert change.before == Verdict("allowed", ("eu-permit",))
    assert change.after == Verdict("refused", ("own-forbid",))


def test_diff_lists_what_only_one_side_answers() -> None:
    one = judge(load(), {1: CLEAN}, ["research"], ["EU"], DAY)
    two = judge(load(), {1: CLEAN, 2: CLEAN}, ["research"], ["EU"], DAY)
    (change,) = diff(one, two)
    assert change.before is None and change.terms == 2


@settings(max_examples=10, deadline=None)
@given(st.lists(STATEMENTS, max_size=3))
def test_stored_verdicts_come_back(statements: list[dict[str, Any]]) -> None:
    made = judge(
        load(), dict(enumerate(statements)), ["research", "redistribution"], ["EU", "strict"], DAY, OPERATOR
    )
    assert Verdicts.from_stored(json.loads(json.dumps(made.stored()))) == made


def test_bad_questions() -> None:
    with pytest.raises(NotFound, match="no use named 'reserch'; nearest: research"):
        judge(load(), {1: CLEAN}, ["reserch"], ["EU"], DAY)
    with pytest.raises(NotFound, match="no jurisdiction named 'FR'"):
        judge(load(), {1: CLEAN}, ["research"], ["FR"], DAY)
    with pytest.raises(
        InvalidInput, match="operator: size: got 'tiny', expected one of small, large, unknown"
    ):
        judge(load(), {1: CLEAN}, ["research"], ["EU"], DAY, {"size": "tiny"})
    with pytest.raises(InvalidInput, match="operator: got 'staff'"):
        judge(load(), {1: CLEAN}, ["research"], ["EU"], DAY, {"staff": "3"})


def test_statements_that_say_the_same_are_asked_once() -> None:
    unknown = {**CLEAN, "licence": "NOASSERTION", "licence_status": "unknown"}
    statements = {
        1: CLEAN,
        2: {**CLEAN, "source": "another", "declared": "MIT", "licence_note": "as declared"},
        3: {**unknown, "declared": "for research only"},
        4: {**unknown, "declared": "some home-made licence"},
    }
    together = judge(load(), statements, ["research"], ["EU"], DAY)
    for number, statement in statements.items():
        [alone] = judge(load(), {number: statement}, ["research"], ["EU"], DAY).asked.values()
        assert together.asked[number, "research", "EU"] == alone
    assert together.asked[1, "research", "EU"] == together.asked[2, "research", "EU"]
    assert together.asked[3, "research", "EU"] != together.asked[4, "research", "EU"]
