"""The reasoning behind a verdict, as plain data: which rule of which law, on which facts of which source, and what clears it.

    explanation = explain(load(), statement, "commercial-pretraining", "EU", date(2026, 11, 22))
    for reason in explanation.reasons:
        print(reason.title, reason.law, reason.facts, reason.clears)

`explain` judges again under the policies it is given; `reasons_of` explains a stored verdict, whose facts are not kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from lineage_platform.policy.facts import Fact, Facts, vocabulary, within
from lineage_platform.policy.meet import parts_of
from lineage_platform.policy.policyset import PolicySet
from lineage_platform.policy.verdicts import UNDECLARED, Verdict, judge, records_of


@dataclass(frozen=True)
class Reason:
    """One policy that was true. `verified` is false where nobody read the law's own text for it.

    `facts` are those the policy reads, as they were; `subject` is the source whose terms they are.
    """

    policy: str
    effect: str
    severity: str
    title: str
    title_zh: str
    law: str
    clears: str
    source: str
    verified: bool
    subject: str | None = None
    facts: Mapping[str, Fact] | None = None


@dataclass(frozen=True)
class Explanation:
    """A verdict with its question in words, and a reason for every policy that decided or warned, in its order."""

    verdict: Verdict
    use: str
    use_title: Mapping[str, str]
    jurisdiction: str
    jurisdiction_title: Mapping[str, str]
    day: str
    policies: str
    reasons: tuple[Reason, ...]

    def plain(self) -> dict[str, Any]:
        """The JSON form."""
        return asdict(self)


def explain(
    policy_set: PolicySet,
    statement: Mapping[str, Any],
    use: str,
    jurisdiction: str,
    day: date,
    operator: Mapping[str, Any] = UNDECLARED,
) -> Explanation:
    """Why `statement` has the verdict it has; of one met from parts, by part."""
    parts = parts_of(statement)
    records = records_of(statement, day)
    whole = judge(policy_set, {0: statement}, [use], [jurisdiction], day, operator)
    verdicts = whole.by_part((0, use, jurisdiction))
    reasons = [
        reason
        for part, record, found in zip(parts, records, verdicts, strict=True)
        for reason in _of_part(policy_set, found, part, record, jurisdiction)
    ]
    verdict = whole[0, use, jurisdiction]
    order = (*verdict.policies, *verdict.warnings)
    kept = [reason for reason in reasons if reason.policy in order]
    words = vocabulary()
    return Explanation(
        verdict=verdict,
        use=use,
        use_title=_titles(words["uses"][use]),
        jurisdiction=jurisdiction,
        jurisdiction_title=_titles(words["jurisdictions"][jurisdiction]),
        day=day.isoformat(),
        policies=policy_set.digest,
        reasons=tuple(sorted(kept, key=lambda reason: order.index(reason.policy))),
    )


def reasons_of(policy_set: PolicySet, verdict: Verdict) -> tuple[Reason, ...]:
    """The reasons of a stored verdict, by the policies of today; NotFound if one of its policies is no longer there."""
    return tuple(_reason(policy_set, name) for name in (*verdict.policies, *verdict.warnings))


def facts_read(policy_set: PolicySet, name: str, record: Facts, jurisdiction: str) -> Facts:
    """Those of a statement's facts that the policy reads, as they are in the jurisdiction."""
    return within(record, jurisdiction, sorted(policy_set[name].reads))


def _of_part(
    policy_set: PolicySet, verdict: Verdict, part: Mapping[str, Any], record: Facts, jurisdiction: str
) -> Iterable[Reason]:
    subject = str(part.get("source", "unknown"))
    for name in (*verdict.policies, *verdict.warnings):
        yield _reason(policy_set, name, subject, facts_read(policy_set, name, record, jurisdiction))


def _reason(
    policy_set: PolicySet, name: str, subject: str | None = None, facts: Mapping[str, Fact] | None = None
) -> Reason:
    policy = policy_set[name]
    return Reason(
        policy=policy.id,
        effect=policy.effect,
        severity=policy.severity,
        title=policy.title,
        title_zh=policy.title_zh,
        law=policy.law,
        clears=policy.clears,
        source=policy.source,
        verified=policy.verified,
        subject=subject,
        facts=facts,
    )


def _titles(entry: Mapping[str, Any]) -> dict[str, str]:
    return {"en": entry["en"], "zh": entry["zh"]}
