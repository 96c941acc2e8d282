"""The gate of a release: nothing but what is allowed passes, and an exception covers what it says."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_platform.model.releases import PolicyException, ReleaseSpec
from lineage_platform.policy.gate import REGIONS, gate, stopped
from lineage_platform.policy.meet import derived
from lineage_platform.policy.policies import load
from lineage_platform.policy.policyset import PolicySet
from lineage_platform.policy.ruling import Rule, Ruling
from tests.policy.stated import CLEAN, DAY, JURISDICTIONS, OPERATOR, STATEMENTS, USES

RESEARCH = ReleaseSpec(("research",), ("EU",))
COMMERCIAL = ReleaseSpec(("commercial-pretraining",), ("EU", "JP"))
NON_COMMERCIAL = CLEAN | {"source": "nc", "licence": "CC-BY-NC-4.0"}
UNSTATED: dict[str, Any] = {"source": "dark", "licence": "NOASSERTION", "licence_status": "unknown"}


def rules(*statements: dict[str, Any]) -> list[Rule]:
    return [Rule(number, None, 10, 1000, said) for number, said in enumerate(statements, 1)]


def ruled(spec: ReleaseSpec, *statements: dict[str, Any], day: date = DAY, **more: Any) -> Ruling:
    return gate(load(), rules(*statements), "demo", spec, day, OPERATOR, **more)[1]


def waiver(policy: str, **changes: Any) -> PolicyException:
    said: dict[str, Any] = {
        "id": f"waiver-{policy}",
        "policy": policy,
        "sources": ("nc",),
        "uses": ("commercial-pretraining",),
        "jurisdictions": ("EU", "JP"),
        "approver": "Li Wei",
        "reason": "a contract",
        "approved_at": "2026-01-01",
        "expires": "2027-01-01",
    }
    return PolicyException(**{**said, **changes})


def test_what_is_allowed_passes() -> None:
    found = ruled(RESEARCH, CLEAN, CLEAN | {"licence": "CC-BY-4.0"})
    assert found.passed
    (cell,) = found.cells
    assert (cell.verdict, cell.allowed, cell.duties, cell.excepted) == ("allowed", 20, 10, 0)
    (duty,) = found.findings
    assert (duty.policy, duty.severity, duty.documents, duty.stops) == (
        "duty-attribution",
        "warning",
        10,
        False,
    )


def test_one_document_that_is_not_allowed_stops_a_release() -> None:
    found = ruled(COMMERCIAL, CLEAN, NON_COMMERCIAL, UNSTATED)
    assert not found.passed
    assert [cell.verdict for cell in found.cells] == ["refused", "refused"]
    assert [(cell.allowed, cell.refused, cell.unknown) for cell in found.cells] == [(10, 10, 10)] * 2
    worst = found.findings[0]
    assert (worst.policy, worst.documents, worst.tokens, worst.sources) == (
        "licence-no-commercial-use",
        10,
        1000,
        ("nc",),
    )
    assert worst.stops
    assert worst.clears


def test_what_is_stopped_says_why() -> None:
    told = stopped(load(), rules(CLEAN, NON_COMMERCIAL), "demo", COMMERCIAL, DAY, OPERATOR)
    why = "refused for commercial-pretraining in EU: licence-no-commercial-use"
    assert told == [None, why]
    waived = [waiver("licence-no-commercial-use")]
    assert stopped(load(), rules(NON_COMMERCIAL), "demo", COMMERCIAL, DAY, OPERATOR, waived) == [None]


def test_nothing_is_no_release() -> None:
    assert not ruled(RESEARCH).passed
    assert not gate(PolicySet({}), rules(CLEAN), "demo", RESEARCH, DAY)[1].passed
    (finding,) = gate(PolicySet({}), rules(CLEAN), "demo", RESEARCH, DAY)[1].findings
    assert (finding.policy, finding.documents) == (None, 10)
    assert not ruled(RESEARCH, CLEAN, quarantined=["demo/release@1"]).passed


def test_an_exception_lets_through_what_it_covers() -> None:
    found = ruled(COMMERCIAL, CLEAN, NON_COMMERCIAL, exceptions=[waiver("licence-no-commercial-use")])
    assert found.passed
    assert [(cell.allowed, cell.excepted) for cell in found.cells] == [(20, 10)] * 2
    shown = [item for item in found.findings if item.severity == "error"]
    assert [(item.policy, item.exceptions, item.stops) for item in shown] == [
        ("licence-no-commercial-use", ("waiver-licence-no-commercial-use",), False)
    ] * 2


@pytest.mark.parametrize(
    "changes",
    [
        {"sources": ("clean",)},
        {"corpora": ("other",)},
        {"uses": ("research",)},
        {"jurisdictions": ("EU",)},
        {"expires": "2026-11-22"},
        {"approved_at": "2026-11-23"},
        {"policy": "licence-ambiguous"},
    ],
)
def test_an_exception_covers_nothing_else(changes: dict[str, Any]) -> None:
    wrong = waiver(**{"policy": "licence-no-commercial-use", **changes})
    assert not ruled(COMMERCIAL, CLEAN, NON_COMMERCIAL, exceptions=[wrong]).passed


def test_what_else_stops_still_does() -> None:
    both = NON_COMMERCIAL | {"valid_to": "2026-01-01"}
    found = ruled(COMMERCIAL, both, exceptions=[waiver("licence-no-commercial-use")])
    assert not found.passed
    assert [item.policy for item in found.findings if item.stops] == ["terms-expired"] * 2
    waived = [waiver("licence-no-commercial-use"), waiver("terms-expired")]
    assert ruled(COMMERCIAL, both, exceptions=waived).passed


def test_an_exception_does_not_permit() -> None:
    forbids = {name: item for name, item in load().policies.items() if item.effect != "permit"}
    waived = [waiver("licence-no-commercial-use")]
    found = gate(PolicySet(forbids), rules(NON_COMMERCIAL), "demo", COMMERCIAL, DAY, OPERATOR, waived)[1]
    assert not found.passed


def test_an_exception_for_a_source_does_not_cover_the_parents() -> None:
    child = derived(
        CLEAN | {"source": "child", "kind": "synthetic", "generator_terms": "CC0-1.0"}, [NON_COMMERCIAL]
    )
    name = "licence-no-commercial-use"
    spec = ReleaseSpec(("commercial-pretraining",), ("EU",))
    assert not ruled(spec, child, exceptions=[waiver(name, sources=("child",))]).passed
    found = ruled(spec, child, exceptions=[waiver(name)])
    assert found.passed, found.findings


def test_regions_of_the_release() -> None:
    inside = CLEAN | {"scope": {**CLEAN["scope"], "regions": ["EU", "GB"]}}
    assert ruled(ReleaseSpec(("research",), ("EU",), regions=("EU", "UK")), inside).passed
    beyond = ruled(ReleaseSpec(("research",), ("EU",), regions=("EU", "CN")), inside)
    assert [(item.policy, item.documents) for item in beyond.findings] == [(REGIONS, 10)]
    assert not beyond.passed
    waived = waiver(REGIONS, sources=(), corpora=("demo",), uses=("research",))
    spec = ReleaseSpec(("research",), ("EU",), regions=("CN",))
    assert ruled(spec, inside, exceptions=[waived]).passed


def test_recipients_of_the_release_go_before_the_operators() -> None:
    granted = CLEAN | {"scope": {**CLEAN["scope"], "grantees": ["Example University"]}}
    assert not ruled(RESEARCH, granted).passed
    assert ruled(ReleaseSpec(("research",), ("EU",), ("Example University",)), granted).passed


def test_what_is_stored_comes_back() -> None:
    found = ruled(COMMERCIAL, NON_COMMERCIAL, exceptions=[waiver("licence-no-commercial-use")])
    assert Ruling.from_stored(found.stored()) == found
    (rule,) = rules(CLEAN)
    assert Rule.from_stored(rule.stored()) == rule


@settings(max_examples=25, deadline=None)
@given(
    st.lists(STATEMENTS, min_size=1, max_size=4),
    st.sampled_from(USES),
    st.sampled_from(JURISDICTIONS),
)
def test_laws(statements: list[dict[str, Any]], use: str, jurisdiction: str) -> None:
    """Passing is: every verdict allowed. Documents by verdict sum up. Waiving all that stops is needed to pass, and no less."""
    spec = ReleaseSpec((use,), (jurisdiction,))
    verdicts, found = gate(load(), rules(*statements), "demo", spec, DAY, OPERATOR)
    assert found.passed == all(verdicts[question].value == "allowed" for question in verdicts)
    told = stopped(load(), rules(*statements), "demo", spec, DAY, OPERATOR)
    assert [why is None for why in told] == [verdicts[question].value == "allowed" for question in verdicts]
    (cell,) = found.cells
    assert cell.allowed + cell.unknown + cell.undetermined + cell.refused == found.documents
    stopping = sorted({item.policy for item in found.findings if item.stops and item.policy})
    everywhere: dict[str, Any] = {"sources": (), "uses": (use,), "jurisdictions": (jurisdiction,)}
    waived = [waiver(name, **everywhere) for name in stopping]
    assert gate(load(), rules(*statements), "demo", spec, DAY, OPERATOR, waived)[1].passed
    for missing in range(len(waived)):
        fewer = [*waived[:missing], *waived[missing + 1 :]]
        assert not gate(load(), rules(*statements), "demo", spec, DAY, OPERATOR, fewer)[1].passed
