"""The reasoning behind a verdict, as a person would read it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_platform.errors import NotFound
from lineage_platform.policy.explain import explain, reasons_of
from lineage_platform.policy.meet import meet
from lineage_platform.policy.policies import load
from lineage_platform.policy.policyset import PolicySet
from lineage_platform.policy.verdicts import Verdict, judge
from tests.policy.stated import CLEAN, DAY, JURISDICTIONS, OPERATOR, PEOPLE, STATEMENTS, USES


def test_a_refusal_says_why_by_which_law_on_which_facts_and_what_clears_it() -> None:
    stated = CLEAN | PEOPLE | {"personal_data": "sensitive"}
    found = explain(load(), stated, "research", "CN", DAY, OPERATOR)
    assert found.verdict.value == "refused"
    assert found.jurisdiction_title == {"en": "China", "zh": "中国"}
    reason, warning = found.reasons
    assert reason.policy == "cn-pipl-29"
    assert reason.law == "PIPL art. 29"
    assert reason.title_zh == "处理敏感个人信息须取得单独同意"
    assert reason.clears.startswith("Record the separate consent")
    assert reason.subject == "clean"
    assert reason.facts == {"consent_kind": "consent", "personal_data": "sensitive", "separate_consent": []}
    assert (warning.policy, warning.severity) == ("cn-pipl-55", "warning")


def test_an_allowance_names_its_permit() -> None:
    found = explain(load(), CLEAN, "research", "JP", DAY, OPERATOR)
    (reason,) = found.reasons
    assert (reason.policy, reason.effect, reason.verified) == ("jp-permit", "permit", False)


def test_of_terms_that_were_met_each_reason_names_its_source() -> None:
    met = meet([CLEAN | {"source": "free"}, CLEAN | {"source": "vendor", "licence": "CC-BY-NC-4.0"}])
    found = explain(load(), met, "commercial-pretraining", "EU", DAY, OPERATOR)
    assert [(reason.policy, reason.subject) for reason in found.reasons if reason.severity == "error"] == [
        ("licence-no-commercial-use", "vendor")
    ]


@settings(max_examples=30, deadline=None)
@given(st.lists(STATEMENTS, min_size=1, max_size=2), st.sampled_from(USES), st.sampled_from(JURISDICTIONS))
def test_an_explanation_has_the_verdict_of_the_judge_and_a_reason_for_every_policy(
    some: list[dict[str, Any]], use: str, jurisdiction: str
) -> None:
    statement = meet(some)
    found = explain(load(), statement, use, jurisdiction, DAY, OPERATOR)
    judged = judge(load(), {1: statement}, [use], [jurisdiction], DAY, OPERATOR)[1, use, jurisdiction]
    assert found.verdict == judged
    order = [*judged.policies, *judged.warnings]
    assert list(dict.fromkeys(reason.policy for reason in found.reasons)) == order
    assert json.loads(json.dumps(found.plain()))["verdict"]["value"] == judged.value


def test_a_stored_verdict_is_explained_by_the_policies_of_today() -> None:
    reasons = reasons_of(load(), Verdict("refused", ("cn-pipl-29",), ("cn-pipl-55",)))
    assert [reason.policy for reason in reasons] == ["cn-pipl-29", "cn-pipl-55"]
    assert reasons[0].facts is None
    with pytest.raises(NotFound, match="no policy named 'gone'"):
        reasons_of(load(), Verdict("refused", ("gone",)))


def test_without_policies_there_is_no_reason_to_give() -> None:
    found = explain(PolicySet({}), CLEAN, "research", "EU", DAY)
    assert (found.verdict, found.reasons) == (Verdict("refused", ()), ())
