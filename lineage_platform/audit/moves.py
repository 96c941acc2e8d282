"""Documents that go from one verdict to another, between two judgements of the same corpus version.

    before, after = judged(rules, policies, asked), judged(rules, other_policies, asked)
    moves("demo", before, after, asked)

Documents are matched by terms number: those under the same row of the overlay, or none, first, the rest in order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from lineage_platform.policy.meet import parts_of
from lineage_platform.policy.policyset import PolicySet
from lineage_platform.policy.ruling import Rule
from lineage_platform.policy.verdicts import VALUES, Value, Verdicts, judge

Match = tuple[int, int, int, int]
"""(place of a rule before, place of a rule after, documents, tokens)"""


@dataclass(frozen=True)
class Move:
    """Documents that would go from one verdict to another, and the policies that decide them before and after."""

    corpus: str
    use: str
    jurisdiction: str
    before: str
    after: str
    documents: int
    tokens: int
    sources: tuple[str, ...]
    policies_before: tuple[str, ...]
    policies_after: tuple[str, ...]


@dataclass(frozen=True)
class Question:
    """For what, where, when and by whom."""

    uses: tuple[str, ...]
    jurisdictions: tuple[str, ...]
    day: date
    operator: Mapping[str, Any]


@dataclass(frozen=True)
class Side:
    """Documents of a corpus version as counted, with the verdicts on their statements by place."""

    rules: Sequence[Rule]
    verdicts: Verdicts


def judged(
    rules: Sequence[Rule], policies: PolicySet, asked: Question, known: Verdicts | None = None
) -> Side:
    """The verdicts on counted statements; the answers of `known` are taken over."""
    statements = {place: rule.statement for place, rule in enumerate(rules)}
    answers = known.answers if known else {}
    found = judge(policies, statements, asked.uses, asked.jurisdictions, asked.day, asked.operator, answers)
    return Side(rules, found)


def moves(corpus: str, before: Side, after: Side, asked: Question) -> tuple[Move, ...]:
    """What goes where, most documents first, for each use and jurisdiction."""
    matched = list(matched_rules(before.rules, after.rules))
    found: list[Move] = []
    for use in asked.uses:
        for jurisdiction in asked.jurisdictions:
            grouped: dict[tuple[Value, Value], list[Match]] = defaultdict(list)
            for match in matched:
                was = before.verdicts[match[0], use, jurisdiction].value
                will = after.verdicts[match[1], use, jurisdiction].value
                if was != will:
                    grouped[was, will].append(match)
            made = [
                Move(
                    corpus=corpus,
                    use=use,
                    jurisdiction=jurisdiction,
                    before=was,
                    after=will,
                    documents=sum(documents for _, _, documents, _ in group),
                    tokens=sum(tokens for _, _, _, tokens in group),
                    sources=_sources(before, after, was, will, group, (use, jurisdiction)),
                    policies_before=_policies(before, {match[0] for match in group}, use, jurisdiction),
                    policies_after=_policies(after, {match[1] for match in group}, use, jurisdiction),
                )
                for (was, will), group in grouped.items()
            ]
            found += sorted(made, key=lambda move: (-move.documents, move.before, move.after))
    return tuple(found)


def matched_rules(before: Sequence[Rule], after: Sequence[Rule]) -> Iterator[Match]:
    """Documents carry their terms number for ever, so only those with the same number are matched."""
    left: dict[int, list[list[int]]] = defaultdict(list)
    for place, rule in enumerate(before):
        left[rule.terms].append([place, rule.documents, rule.tokens])
    waiting: list[tuple[int, int, int]] = []
    for place, rule in enumerate(after):
        same = [item for item in left[rule.terms] if before[item[0]].overlay == rule.overlay]
        yield from _taken(same, place, rule.documents, rule.tokens, waiting)
    for place, documents, tokens in waiting:
        yield from _taken(left[after[place].terms], place, documents, tokens, [])


def _taken(
    left: Sequence[list[int]], place: int, documents: int, tokens: int, waiting: list[tuple[int, int, int]]
) -> Iterator[Match]:
    """Take as many documents as there are; what is not found waits."""
    for item in left:
        some = min(documents, item[1])
        if some:
            long = tokens if some == documents else min(tokens, item[2])
            yield item[0], place, some, long
            item[1], item[2] = item[1] - some, item[2] - long
            documents, tokens = documents - some, tokens - long
    if documents:
        waiting.append((place, documents, tokens))


def _sources(
    before: Side, after: Side, was: Value, will: Value, group: Iterable[Match], asked: tuple[str, str]
) -> tuple[str, ...]:
    """Whose terms make the worse of the two verdicts: of documents made from others, those parts alone."""
    worse = VALUES.index(will) > VALUES.index(was)
    side, value = (after, will) if worse else (before, was)
    return tuple(
        sorted(
            {
                str(part.get("source", "unknown"))
                for place in {match[1] if worse else match[0] for match in group}
                for part, verdict in zip(
                    parts_of(side.rules[place].statement), side.verdicts.by_part((place, *asked)), strict=True
                )
                if verdict.value == value
            }
        )
    )


def _policies(side: Side, places: Iterable[int], use: str, jurisdiction: str) -> tuple[str, ...]:
    return tuple(
        sorted({name for place in places for name in side.verdicts[place, use, jurisdiction].policies})
    )
