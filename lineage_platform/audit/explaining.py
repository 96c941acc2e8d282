"""Why a source, a document, a shard or a corpus version may be used, or not: verdicts of policy over its terms, with reasons.

Terms are those believed at one time, under the overlay; they are judged as they hold on a day. Documents are counted by
verdict, so that a "not" says how much of the whole it is about.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, LiteralString

from lineage_platform.audit.answers import Answer, Gap
from lineage_platform.audit.index import Index
from lineage_platform.audit.lookup import corpus_version, document_key, shard_of
from lineage_platform.audit.needs import Catalog, Files
from lineage_platform.audit.rights import Rights, Rule
from lineage_platform.catalog.rows import SnapshotRow, VersionFile
from lineage_platform.errors import NotFound
from lineage_platform.model.keys import snapshot_of
from lineage_platform.model.terms import NOASSERTION
from lineage_platform.model.when import When
from lineage_platform.policy.explain import facts_read
from lineage_platform.policy.policyset import PolicySet
from lineage_platform.policy.verdicts import UNDECLARED, VALUES, Verdict, Verdicts, judge, records_of, worst

_SHARD: LiteralString = """
    SELECT terms, overlay, count(*), sum(tokens)::BIGINT FROM placements($files) WHERE shard = $shard GROUP BY ALL
"""
_CORPUS: LiteralString = """
    SELECT terms, overlay, count(*), sum(tokens)::BIGINT FROM placements($files) GROUP BY ALL
"""
_SOURCE: LiteralString = "SELECT terms, overlay, count(*), NULL FROM placements($files) GROUP BY ALL"
_DOCUMENT: LiteralString = """
    SELECT terms, overlay, 1, NULL FROM placements($files) WHERE document = $document LIMIT 1
"""
_NAME_OF_A_SHARD = re.compile(r"(?:.*/)?shard-\d{1,9}(?:\.\w+)?|\d{1,9}", re.ASCII)
_SILENT: Mapping[str, Any] = {"licence": NOASSERTION, "licence_status": "unknown"}

Count = tuple[Rule, int, int | None]
"""(rule, documents, tokens or None where nothing was tokenised)"""

Part = tuple[int, int]
"""(place of a statement, place of a part in it): documents made from others have the terms of all of them."""


@dataclass(frozen=True)
class VerdictShare:
    """Documents and tokens with one verdict."""

    verdict: str
    documents: int
    tokens: int | None


@dataclass(frozen=True)
class ReasonShare:
    """A policy that decided, or warned, with what it is about. `facts` are those it reads, of its largest terms.

    `effect` is what it leads to; a `severity` of `warning` decides nothing. `verified` is false where the text of the law
    was not read when the policy was written.
    """

    policy: str
    effect: str
    severity: str
    title: str
    title_zh: str
    law: str
    clears: str
    reference: str
    verified: bool
    documents: int
    tokens: int | None
    sources: tuple[str, ...]
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Judgement:
    """What policies say for one jurisdiction or posture; `verdict` is the worst of all documents."""

    jurisdiction: str
    verdict: str
    shares: tuple[VerdictShare, ...]
    reasons: tuple[ReasonShare, ...]


@dataclass(frozen=True)
class Explanation(Answer):
    """Whether something may be used, and why not: `lineage explain`. `policies` is the digest of the policy set."""

    asked: str
    value: str
    version: str | None
    use: str
    day: str
    policies: str
    documents: int
    tokens: int | None
    judgements: tuple[Judgement, ...]
    gaps: tuple[Gap, ...]

    def rows(self) -> list[dict[str, Any]]:
        """One row for each jurisdiction and verdict."""
        return [
            {"jurisdiction": item.jurisdiction, **vars(share)}
            for item in self.judgements
            for share in item.shares
        ]


class Explainer:
    """Explanations for one use, in some jurisdictions, on a day.

    with catalog.snapshot():
        answer = Explainer(catalog, files, policies, "research", ["EU", "CN"], When()).source("alpaca")
    """

    def __init__(
        self,
        catalog: Catalog,
        files: Files,
        policies: PolicySet,
        use: str,
        jurisdictions: Sequence[str],
        when: When,
        operator: Mapping[str, Any] = UNDECLARED,
    ) -> None:
        self._catalog, self._files, self._policies, self._operator = catalog, files, policies, operator
        self._use, self._jurisdictions, self._day = use, jurisdictions, when.day
        self._rights = Rights(catalog, when)

    def corpus(self, corpus: str, version: str | None) -> Explanation:
        """A whole corpus version. Raises NotFound."""
        found = corpus_version(self._catalog, corpus, version)
        placements = self._catalog.files([found.id], "placements-by-document")
        counts = self._count(_CORPUS, placements, self._upstream_documents(found.id))
        return self._answer("corpus", corpus, found.id, counts)

    def shard(self, corpus: str, shard: str, version: str | None) -> Explanation:
        """A shard. Raises NotFound."""
        found = corpus_version(self._catalog, corpus, version)
        row = shard_of(self._catalog, found, shard)
        placements = self._catalog.files([found.id], "placements-by-shard", [(row.shard, row.shard)])
        counts = self._count(_SHARD, placements, self._upstream_documents(found.id), shard=row.shard)
        return self._answer("shard", row.name, found.id, counts)

    def source(self, source: str) -> Explanation:
        """All documents of a source as it was last read. Raises NotFound."""
        found = self._catalog.current(f"documents/{source}")
        if found is None:
            known = sorted({row.source for row in self._catalog.snapshots()})
            raise NotFound("source with documents", source, known)
        documents = self._catalog.files([found.id], "documents")
        return self._answer("source", source, found.id, self._count(_SOURCE, documents, documents))

    def document(self, key: str) -> Explanation:
        """One document by its key. Raises NotFound, InvalidInput."""
        number = document_key(key)
        [snapshot] = self._catalog.snapshots(numbers=[snapshot_of(number)]) or [_no_snapshot(key)]
        versions = [row.id for row in self._catalog.versions_of(f"documents/{snapshot.source}")]
        documents = self._catalog.files(versions, "documents", [(number, number)])
        counts = self._count(_DOCUMENT, documents, documents, document=number)
        return self._answer("document", key, snapshot.id, counts)

    def _upstream_documents(self, version: str) -> list[VersionFile]:
        ids = [row.id for row in self._catalog.upstream(version).versions]
        return self._catalog.files(ids, "documents")

    def _count(
        self,
        query: LiteralString,
        files: Sequence[VersionFile],
        documents: Sequence[VersionFile],
        **asked: int,
    ) -> list[Count]:
        with closing(Index(self._files)) as index:
            self._rights.lay_over(index, lambda: documents)
            rows = index.ask(query, files, **asked)
        return [((terms, overlay), some, tokens) for terms, overlay, some, tokens in rows]

    def _answer(self, asked: str, value: str, version: str | None, counts: Sequence[Count]) -> Explanation:
        if not counts:
            raise NotFound("document" if asked == "document" else f"document in {asked}", value)
        rules = [rule for rule, _, _ in counts]
        self._rights.learn([number for number, _ in rules])
        statements = {place: self._rights.statement(rule) or _SILENT for place, rule in enumerate(rules)}
        verdicts = judge(
            self._policies, statements, [self._use], self._jurisdictions, self._day, self._operator
        )
        judgements = [
            self._judgement(jurisdiction, verdicts, statements, counts)
            for jurisdiction in dict.fromkeys(self._jurisdictions)
        ]
        return Explanation(
            asked=asked,
            value=value,
            version=version,
            use=self._use,
            day=self._day.isoformat(),
            policies=self._policies.digest,
            documents=sum(documents for _, documents, _ in counts),
            tokens=_sum(tokens for _, _, tokens in counts),
            judgements=tuple(judgements),
            gaps=tuple(self._rights.gaps(rules)),
        )

    def _judgement(
        self,
        jurisdiction: str,
        verdicts: Verdicts,
        statements: Mapping[int, Mapping[str, Any]],
        counts: Sequence[Count],
    ) -> Judgement:
        by_value: dict[str, list[Count]] = defaultdict(list)
        by_policy: dict[str, list[Part]] = defaultdict(list)
        whole = [verdicts[place, self._use, jurisdiction] for place in statements]
        alike: dict[object, list[tuple[int, str]]] = {}
        for place, (verdict, count) in enumerate(zip(whole, counts, strict=True)):
            by_value[verdict.value].append(count)
            question = place, self._use, jurisdiction
            asked = verdicts.asked[question]
            if asked not in alike:
                alike[asked] = _deciding(verdict, verdicts.by_part(question))
            for part, name in alike[asked]:
                by_policy[name].append((place, part))
        shares = [
            VerdictShare(value, sum(item[1] for item in found), _sum(item[2] for item in found))
            for value in reversed(VALUES)
            if (found := by_value.get(value))
        ]
        reasons = [
            self._reason(name, jurisdiction, parts, statements, counts) for name, parts in by_policy.items()
        ]
        kept = [reason for reason in reasons if reason.effect != "permit"]
        kept.sort(
            key=lambda item: (item.severity != "error", _rank(item.effect), -item.documents, item.policy)
        )
        return Judgement(jurisdiction, worst(whole).value, tuple(shares), tuple(kept))

    def _reason(
        self,
        name: str,
        jurisdiction: str,
        named: Sequence[Part],
        statements: Mapping[int, Mapping[str, Any]],
        counts: Sequence[Count],
    ) -> ReasonShare:
        largest, part = max(named, key=lambda item: counts[item[0]][1])
        places = {place for place, _ in named}
        sources = {_source_of(statements[place], part) for place, part in named}
        policy = self._policies[name]
        return ReasonShare(
            policy=name,
            effect=policy.effect,
            severity=policy.severity,
            title=policy.title,
            title_zh=policy.title_zh,
            law=policy.law,
            clears=policy.clears,
            reference=policy.source,
            verified=policy.verified,
            documents=sum(counts[place][1] for place in places),
            tokens=_sum(counts[place][2] for place in places),
            sources=tuple(sorted(sources)),
            facts=facts_read(
                self._policies, name, records_of(statements[largest], self._day)[part], jurisdiction
            ),
        )


def _deciding(verdict: Verdict, by_part: Sequence[Verdict]) -> list[tuple[int, str]]:
    """The policies that decide or warn, each with the part of the statement that it is about; none where nothing does."""
    if verdict.value == "allowed" and not verdict.warnings:
        return []
    deciding = {*verdict.policies, *verdict.warnings}
    return [
        (part, name)
        for part, said in enumerate(by_part)
        for name in deciding.intersection((*said.policies, *said.warnings))
    ]


def _source_of(statement: Mapping[str, Any], part: int) -> str:
    parts = statement.get("parts")
    return str((parts[part] if parts else statement).get("source", "unknown"))


def is_shard(name: str) -> bool:
    """Whether what was asked about names a shard: by number, name or file."""
    return bool(_NAME_OF_A_SHARD.fullmatch(name))


def is_document(name: str) -> bool:
    """Whether it is a document key, which has more digits than any shard's number."""
    return bool(re.fullmatch(r"\d{10,19}", name, re.ASCII))


def _rank(effect: str) -> int:
    return ("refuse", "undetermined", "unknown").index(effect)


def _sum(tokens: Iterable[int | None]) -> int | None:
    known = [item for item in tokens if item is not None]
    return sum(known) if known else None


def _no_snapshot(key: str) -> SnapshotRow:
    raise NotFound("snapshot of document", key)
