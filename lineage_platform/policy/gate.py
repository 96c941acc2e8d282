"""The gate of a release: is every document allowed, for each use, in each jurisdiction, and if not, by which policies?

    verdicts, ruling = gate(load(), rules, "demo", ReleaseSpec(("research",), ("EU",)), date(2026, 11, 22))
    ruling.passed                   # False
    ruling.findings[0].clears       # "Ask the vendor for an addendum."

Documents are counted under the statements that hold for them; verdicts are made once a statement. Nothing but `allowed` passes.
An exception is judged by leaving its policy out for the documents it covers: whatever else stops them still does, and
nothing is allowed that no policy permits. Terms that name regions must name every region the release goes to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from lineage_platform.model.releases import PolicyException, ReleaseSpec
from lineage_platform.policy.facts import vocabulary
from lineage_platform.policy.meet import parts_of
from lineage_platform.policy.policyset import PolicySet
from lineage_platform.policy.ruling import Cell, Finding, Rule, Ruling
from lineage_platform.policy.verdicts import (
    UNDECLARED,
    VALUES,
    Question,
    Verdict,
    Verdicts,
    judge,
    worst,
)

REGIONS: Final = "scope-of-regions"
"""The policy that is named where a release goes beyond the regions of the terms."""
_OUTSIDE: Final = Verdict("refused", (REGIONS,))


def gate(
    policies: PolicySet,
    rules: Sequence[Rule],
    corpus: str,
    spec: ReleaseSpec,
    day: date,
    operator: Mapping[str, Any] = UNDECLARED,
    exceptions: Sequence[PolicyException] = (),
    known: Mapping[str, Verdict] = MappingProxyType({}),
    quarantined: Sequence[str] = (),
) -> tuple[Verdicts, Ruling]:
    """Verdicts by place in `rules`, as policies say without exceptions, and what the gate makes of them.

    `known` are answers of earlier verdicts. Raises as `judge` does.
    """
    asked = {place: rule.statement for place, rule in enumerate(rules)}
    declared = _declared(spec, operator)
    verdicts = judge(policies, asked, spec.uses, spec.jurisdictions, day, declared, known)
    waived = _Waived(policies, verdicts, rules, corpus, spec, exceptions)
    cells, findings = [], []
    for use in spec.uses:
        for jurisdiction in spec.jurisdictions:
            tally = _Tally(policies, use, jurisdiction)
            for place, rule in enumerate(rules):
                tally.add(rule, list(waived.parts((place, use, jurisdiction))))
            cells.append(tally.cell())
            findings += tally.findings()
    sums = sum(rule.documents for rule in rules), sum(rule.tokens for rule in rules)
    return verdicts, Ruling(tuple(cells), tuple(findings), *sums, tuple(quarantined))


def stopped(
    policies: PolicySet,
    rules: Sequence[Rule],
    corpus: str,
    spec: ReleaseSpec,
    day: date,
    operator: Mapping[str, Any] = UNDECLARED,
    exceptions: Sequence[PolicyException] = (),
) -> list[str | None]:
    """For each rule None where its documents pass the gate, else the worst verdict, with what for, where, and by which policy."""
    declared = _declared(spec, operator)
    asked = {place: rule.statement for place, rule in enumerate(rules)}
    verdicts = judge(policies, asked, spec.uses, spec.jurisdictions, day, declared)
    waived = _Waived(policies, verdicts, rules, corpus, spec, exceptions)
    found: list[str | None] = []
    for place in asked:
        said = {
            question: worst(part.left for part in waived.parts(question))
            for question in ((place, use, where) for use in spec.uses for where in spec.jurisdictions)
        }
        (_, use, where), verdict = max(said.items(), key=lambda item: VALUES.index(item[1].value))
        by = verdict.policies[0] if verdict.policies else "no policy permits"
        why = f"{verdict.value} for {use} in {where}: {by}"
        found.append(None if verdict.value == "allowed" else why)
    return found


def _declared(spec: ReleaseSpec, operator: Mapping[str, Any]) -> Mapping[str, Any]:
    """The operator; the recipients of a release go before the operator's."""
    return {**operator, "recipients": list(spec.recipients)} if spec.recipients else operator


@dataclass(frozen=True)
class _Part:
    """One part of a statement: whose it is, what policies say, what is left after exceptions, and those by policy."""

    source: str
    said: Verdict
    left: Verdict
    by_policy: Mapping[str, tuple[str, ...]]


class _Waived:
    """Verdicts by part, without the policies that an exception covers."""

    def __init__(
        self,
        policies: PolicySet,
        verdicts: Verdicts,
        rules: Sequence[Rule],
        corpus: str,
        spec: ReleaseSpec,
        exceptions: Sequence[PolicyException],
    ) -> None:
        self._policies, self._verdicts, self._rules = policies, verdicts, rules
        self._corpus, self._spec, self._exceptions = corpus, spec, exceptions
        self._parts = [parts_of(rule.statement) for rule in rules]
        self._regions = _same_names(spec.regions)
        self._reduced: dict[frozenset[str], Verdicts] = {}

    def parts(self, question: Question) -> Iterator[_Part]:
        """What is left of each part of one statement, in their order."""
        place, use, jurisdiction = question
        for position, verdict in enumerate(self._verdicts.by_part(question)):
            part = self._parts[place][position]
            source = str(part.get("source", "unknown"))
            outside = self._is_outside(part)
            said = worst([verdict, _OUTSIDE]) if outside else verdict
            by_policy = self._covering(source, use, jurisdiction, said)
            left = said
            if by_policy:
                left = self._without(frozenset(by_policy), question, position)
                left = worst([left, _OUTSIDE]) if outside and REGIONS not in by_policy else left
            yield _Part(source, said, left, by_policy)

    def _covering(
        self, source: str, use: str, jurisdiction: str, said: Verdict
    ) -> dict[str, tuple[str, ...]]:
        if said.value == "allowed":
            return {}
        found: dict[str, tuple[str, ...]] = {}
        for item in self._exceptions:
            named = item.policy in said.policies
            if named and item.covers(self._corpus, source, use, jurisdiction, self._verdicts.day):
                found[item.policy] = (*found.get(item.policy, ()), item.id)
        return found

    def _without(self, names: frozenset[str], question: Question, position: int) -> Verdict:
        """The verdict of one part where some policies do not count. All rules are judged at once, and kept."""
        if names not in self._reduced:
            kept = {name: policy for name, policy in self._policies.policies.items() if name not in names}
            self._reduced[names] = judge(
                PolicySet(kept),
                {place: rule.statement for place, rule in enumerate(self._rules)},
                self._spec.uses,
                self._spec.jurisdictions,
                self._verdicts.day,
                self._verdicts.operator,
                self._verdicts.answers,
            )
        return self._reduced[names].by_part(question)[position]

    def _is_outside(self, part: Mapping[str, Any]) -> bool:
        named = (part.get("scope") or {}).get("regions") or ()
        return bool(named) and not self._regions <= _same_names(named)


class _Tally:
    """Counts of one use in one jurisdiction."""

    def __init__(self, policies: PolicySet, use: str, jurisdiction: str) -> None:
        self._policies, self._use, self._jurisdiction = policies, use, jurisdiction
        self._left: list[Verdict] = []
        self._documents: dict[str, int] = dict.fromkeys((*VALUES, "excepted", "duties"), 0)
        self._rules: dict[tuple[str | None, tuple[str, ...]], dict[int, Rule]] = defaultdict(dict)
        self._sources: dict[tuple[str | None, tuple[str, ...]], set[str]] = defaultdict(set)

    def add(self, rule: Rule, parts: Sequence[_Part]) -> None:
        """Count the documents under one rule."""
        left = worst(part.left for part in parts)
        self._left.append(left)
        self._documents[left.value] += rule.documents
        if left.value == "allowed" and any(part.by_policy for part in parts):
            self._documents["excepted"] += rule.documents
        if any(part.said.warnings for part in parts):
            self._documents["duties"] += rule.documents
        for part in parts:
            stopping = () if part.said.value == "allowed" else part.said.policies or (None,)
            for name in (*stopping, *part.said.warnings):
                key = (name, part.by_policy.get(name or "", ()))
                self._rules[key][len(self._left)] = rule
                self._sources[key].add(part.source)

    def cell(self) -> Cell:
        """The sums; refused where there is nothing."""
        verdict = worst(self._left).value if self._left else "refused"
        return Cell(self._use, self._jurisdiction, verdict, **self._documents)

    def findings(self) -> list[Finding]:
        """What stops documents first, the worst and largest first; then exceptions, then duties."""
        found = [self._finding(*key, list(rules.values())) for key, rules in self._rules.items()]
        found.sort(key=lambda item: (not item.stops, item.severity, _rank(item.effect), -item.documents))
        return found

    def _finding(self, name: str | None, exceptions: tuple[str, ...], rules: Sequence[Rule]) -> Finding:
        policy = self._policies.policies.get(name or "")
        return Finding(
            use=self._use,
            jurisdiction=self._jurisdiction,
            policy=name,
            effect=policy.effect if policy else "refuse",
            severity=policy.severity if policy else "error",
            title=policy.title if policy else "No policy permits this",
            title_zh=policy.title_zh if policy else "没有任何政策允许",
            law=policy.law if policy else "",
            clears=policy.clears if policy else "Add a policy that permits it.",
            verified=policy.verified if policy else True,
            documents=sum(rule.documents for rule in rules),
            tokens=sum(rule.tokens for rule in rules),
            sources=tuple(sorted(self._sources[name, exceptions])),
            exceptions=exceptions,
        )


def _rank(effect: str) -> int:
    return ("refuse", "undetermined", "unknown", "permit").index(effect)


def _same_names(regions: Sequence[str]) -> frozenset[str]:
    """Regions by one name each: the United Kingdom is written UK and GB."""
    names = {
        code: item["regions"][0]
        for item in vocabulary()["jurisdictions"].values()
        for code in item["regions"]
    }
    return frozenset(names.get(region, region) for region in regions)
