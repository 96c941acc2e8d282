"""What would change, before anything is changed: other policies, other terms; and what was decided then, against today.

Differing(catalog, files, policies, day).other_policies(["demo"], asked, load([folder]), "policies-next").rows()
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from typing import Any

from lineage_platform.audit.answers import Answer, plain
from lineage_platform.audit.counting import Counting
from lineage_platform.audit.gate import kept_by, verdicts_of
from lineage_platform.audit.lookup import corpus_version
from lineage_platform.audit.moves import Move, Question, Side, judged, moves
from lineage_platform.audit.needs import Catalog, Files
from lineage_platform.audit.parents import Proposed
from lineage_platform.audit.releases import release_of
from lineage_platform.catalog.rows import TermsRow, VersionRow
from lineage_platform.model.definitions import Source
from lineage_platform.model.terms import Terms, in_force
from lineage_platform.model.when import When
from lineage_platform.policy.meet import parts_of
from lineage_platform.policy.policyset import PolicySet
from lineage_platform.policy.ruling import Rule
from lineage_platform.policy.terms import terms_of
from lineage_platform.policy.verdicts import Verdicts

Pair = tuple[VersionRow, Question, Side, Side]
"""A corpus version, what is asked about it, and both judgements."""

Asked = Callable[[str], Question]
"""What is asked about a corpus."""


@dataclass(frozen=True)
class Compared:
    """A corpus version that was judged twice. `documents` are all of it; each use and jurisdiction has moves of its own."""

    corpus: str
    version: str
    uses: tuple[str, ...]
    jurisdictions: tuple[str, ...]
    documents: int
    tokens: int
    moves: tuple[Move, ...]


@dataclass(frozen=True)
class PolicyDiff(Answer):
    """What would change: `lineage policy diff`. `asked` is policies, terms or release, and `value` which.

    `policies_changed` and `sources_changed` are what differs between the two judgements, whether or not it moves a document.
    """

    asked: str
    value: str
    day_before: str
    day_after: str
    policies_before: str
    policies_after: str
    policies_changed: tuple[str, ...]
    sources_changed: tuple[str, ...]
    corpora: tuple[Compared, ...]

    def rows(self) -> list[dict[str, Any]]:
        """One row for each verdict that documents would leave for another."""
        return [plain(move) for corpus in self.corpora for move in corpus.moves]


class Differing:
    """Questions about one day, by the policies there are."""

    def __init__(self, catalog: Catalog, files: Files, policies: PolicySet, day: date) -> None:
        self._catalog, self._files, self._policies, self._day = catalog, files, policies, day

    def other_policies(
        self, corpora: Sequence[str], asked: Asked, others: PolicySet, value: str
    ) -> PolicyDiff:
        """The current versions of `corpora` under other policies."""
        with self._catalog.snapshot():
            pairs = []
            for version, question in self._current(corpora, asked):
                before = judged(self._rules(version), self._policies, question)
                after = judged(before.rules, others, question, before.verdicts)
                pairs.append((version, question, before, after))
        changed = _changed_policies(self._policies.stored(), others.stored())
        return self._answer(
            "policies", value, self._day, (self._policies.digest, others.digest), changed, pairs
        )

    def declared_terms(
        self, corpora: Sequence[str], asked: Asked, sources: Sequence[Source], value: str
    ) -> PolicyDiff:
        """The current versions of `corpora` under the terms that `sources` declare; the overlay stays in force."""
        declared = _as_declared(sources, self._day)
        with self._catalog.snapshot():
            pairs = []
            for version, question in self._current(corpora, asked):
                before = judged(self._rules(version), self._policies, question)
                after = judged(self._rules(version, declared), self._policies, question, before.verdicts)
                pairs.append((version, question, before, after))
        digests = self._policies.digest, self._policies.digest
        return self._answer("terms", value, self._day, digests, (), pairs)

    def release(self, name: str) -> PolicyDiff:
        """What a release was judged by, without exceptions, against today's policies and terms, for the same operator.

        Raises NotFound.
        """
        with self._catalog.snapshot():
            row = release_of(self._catalog.releases(), name)
            kept = verdicts_of(self._catalog, self._files, row.id)
            policies = json.loads(kept_by(self._catalog, self._files, row.id, "policies"))
            version = corpus_version(self._catalog, row.corpus, row.made_of)
            rules = self._rules(version)
        stored = Verdicts.from_stored(kept["verdicts"])
        question = Question(tuple(kept["uses"]), tuple(kept["jurisdictions"]), self._day, stored.operator)
        before = Side([Rule.from_stored(item) for item in kept["rules"]], stored)
        pair = (version, question, before, judged(rules, self._policies, question, stored))
        changed = _changed_policies(policies, self._policies.stored())
        digests = stored.policies, self._policies.digest
        return self._answer("release", row.id, stored.day, digests, changed, [pair])

    def _current(self, corpora: Sequence[str], asked: Asked) -> list[tuple[VersionRow, Question]]:
        return [(corpus_version(self._catalog, corpus, None), asked(corpus)) for corpus in corpora]

    def _rules(self, version: VersionRow, declared: Proposed | None = None) -> list[Rule]:
        when = When(valid_at=self._day)
        with closing(Counting(self._catalog, self._files, version, when, declared)) as counting:
            return counting.corpus()

    def _answer(
        self,
        asked: str,
        value: str,
        before: date,
        digests: tuple[str, str],
        policies: tuple[str, ...],
        pairs: Sequence[Pair],
    ) -> PolicyDiff:
        sources = {source for _, _, was, will in pairs for source in _changed_sources(was.rules, will.rules)}
        return PolicyDiff(
            asked=asked,
            value=value,
            day_before=before.isoformat(),
            day_after=self._day.isoformat(),
            policies_before=digests[0],
            policies_after=digests[1],
            policies_changed=policies,
            sources_changed=tuple(sorted(sources)),
            corpora=tuple(_compared(*pair) for pair in pairs),
        )


def _compared(version: VersionRow, question: Question, before: Side, after: Side) -> Compared:
    corpus = version.dataset.partition("/")[0]
    return Compared(
        corpus=corpus,
        version=version.id,
        uses=question.uses,
        jurisdictions=question.jurisdictions,
        documents=sum(rule.documents for rule in after.rules),
        tokens=sum(rule.tokens for rule in after.rules),
        moves=moves(corpus, before, after, question),
    )


def _as_declared(sources: Sequence[Source], day: date) -> Proposed:
    """What would be stated about terms numbers if their sources were observed now; others stay as they are."""
    by_id = {source.id: source for source in sources}

    def declared(row: TermsRow) -> TermsRow:
        stated = Terms.from_statement(dict(row.statement))
        if stated.source not in by_id:
            return row
        pieces = terms_of(by_id[stated.source], *stated.said)
        return TermsRow(row.number, in_force(pieces, day).statement(), row.ledger_index)

    return declared


def _changed_policies(
    before: Mapping[str, Mapping[str, str]], after: Mapping[str, Mapping[str, str]]
) -> tuple[str, ...]:
    """Ids of the policies that were added, taken out, or written otherwise; sets in their stored form."""
    texts = [{name: policy["text"] for name, policy in each.items()} for each in (before, after)]
    names = texts[0].keys() | texts[1].keys()
    return tuple(sorted(name for name in names if texts[0].get(name) != texts[1].get(name)))


def _changed_sources(before: Sequence[Rule], after: Sequence[Rule]) -> set[str]:
    """Sources whose terms are not the same for some documents."""
    was = {(rule.terms, rule.overlay): parts_of(rule.statement) for rule in before}
    return {
        str(part.get("source", "unknown"))
        for rule in after
        for part in parts_of(rule.statement)
        if part not in was.get((rule.terms, rule.overlay), [])
    }
