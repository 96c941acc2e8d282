"""Where a shard, or a whole corpus version, came from: placements, then terms and snapshots, then the evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from operator import itemgetter

from lineage_platform.audit.answers import Evidence, Gap, SourceShare, Step, TermsShare
from lineage_platform.audit.consumers import consumers
from lineage_platform.audit.evidence import gather
from lineage_platform.audit.index import Index, Row
from lineage_platform.audit.lookup import corpus_version, shard_of, shards_dataset
from lineage_platform.audit.needs import Catalog, Files
from lineage_platform.audit.provenance import names, steps
from lineage_platform.audit.quarantine import in_quarantine
from lineage_platform.audit.rights import UNKNOWN, Rights, Rule
from lineage_platform.audit.traced import CorpusTrace, ShardTrace
from lineage_platform.catalog.rows import Doubt, Upstream, VersionRow
from lineage_platform.errors import VerificationFailed
from lineage_platform.model.when import When

_SHARD = """
    SELECT snapshot, terms, overlay, count(*), sum(tokens)::BIGINT FROM placements($files)
    WHERE shard = $shard GROUP BY ALL
"""
_SUMS = "SELECT snapshot, terms, NULL, documents, tokens FROM read_parquet($files)"
_COVERED = """
    SELECT snapshot, terms, overlay, count(*), sum(tokens)::BIGINT FROM placements($files)
    WHERE overlay IS NOT NULL GROUP BY ALL
"""

Count = Row
"""(snapshot number, terms number, overlay row or None, documents, tokens)"""

_UNSTATED = (UNKNOWN, None, None, False)

Share = tuple[str, str, str]
"""(licence, consent basis, personal-data class)"""

Shares = dict[int, list[tuple[Share, int, int]]]
"""By snapshot number: shares with their documents and tokens, not yet summed."""


def trace_shard(
    catalog: Catalog, files: Files, corpus: str, shard: str, version: str | None, when: When
) -> ShardTrace:
    """The sources of a shard with their terms as of a time, every run on the way, and the ledger's proofs.

    Raises NotFound, and VerificationFailed when the placements do not sum to what was recorded for the shard.
    """
    with catalog.snapshot(), closing(Index(files)) as index:
        found = corpus_version(catalog, corpus, version)
        row = shard_of(catalog, found, shard)
        tracing = _Tracing(catalog, index, found, when)
        placements = catalog.files([found.id], "placements-by-shard", [(row.shard, row.shard)])
        counts = index.ask(_SHARD, placements, shard=row.shard)
        _assert_sums(f"{row.name} of {row.version_id}", counts, row.documents, row.tokens)
        sources, steps_taken, evidence, gaps = tracing.answer(counts)
    return ShardTrace(
        corpus,
        found.id,
        row.name,
        row.documents,
        row.tokens,
        sources,
        steps_taken,
        evidence,
        gaps,
        tracing.consumers.releases,
        tracing.consumers.models,
        tracing.quarantine.of(row.shard),
    )


def trace_corpus(catalog: Catalog, files: Files, corpus: str, version: str | None, when: When) -> CorpusTrace:
    """The sources of a whole corpus version, like those of a shard, from its sums by snapshot and terms.

    Raises NotFound, and VerificationFailed when they do not give what was recorded for the version.
    """
    with catalog.snapshot(), closing(Index(files)) as index:
        found = corpus_version(catalog, corpus, version)
        tracing = _Tracing(catalog, index, found, when)
        counts = index.ask(_SUMS, catalog.files([found.id], "terms-by-snapshot"))
        if tracing.intervals:
            within = [(item.first, item.last) for item in tracing.intervals]
            covered = catalog.files([found.id], "placements-by-document", within)
            for snapshot, terms, overlay, documents, tokens in index.ask(_COVERED, covered):
                counts.append((snapshot, terms, None, -documents, -tokens))
                counts.append((snapshot, terms, overlay, documents, tokens))
        recorded = found.statistics["documents"], found.statistics["tokens"]
        _assert_sums(found.id, counts, *recorded)
        sources, steps_taken, evidence, gaps = tracing.answer(counts)
        shards = catalog.last_shard(found.id) + 1
    return CorpusTrace(
        corpus,
        found.id,
        shards,
        *recorded,
        sources,
        steps_taken,
        evidence,
        gaps,
        tracing.consumers.releases,
        tracing.consumers.models,
        tuple(map(str, tracing.quarantine.withdrawals)),
    )


class _Tracing:
    """What both have in common: the way of the version, rights laid over it, and what counts come to."""

    def __init__(self, catalog: Catalog, index: Index, version: VersionRow, when: When) -> None:
        self._catalog = catalog
        self._upstream = catalog.upstream(version.id)
        self._rights = Rights(catalog, when)
        self.consumers = consumers(catalog, version.dataset.removesuffix(shards_dataset("")), [version.id])
        self.quarantine = in_quarantine(catalog, version.id)
        ids = [item.id for item in self._upstream.versions]
        self.intervals = self._rights.lay_over(index, lambda: catalog.files(ids, "documents"))

    def answer(
        self, counts: Sequence[Count]
    ) -> tuple[tuple[SourceShare, ...], tuple[Step, ...], Evidence, tuple[Gap, ...]]:
        """Sources, steps, evidence and gaps."""
        shares, doubts, indexes = self._shares(counts)
        sources, source_gaps = _sources(self._upstream, shares)
        taken, step_gaps = steps(self._upstream)
        indexes.update(step.ledger_index for step in taken)
        indexes |= self.consumers.ledger_indexes
        evidence, evidence_gaps = gather(self._catalog, indexes)
        gaps = (*source_gaps, *self._rights.gaps_of(doubts), *step_gaps, *evidence_gaps)
        return tuple(sources), taken, evidence, gaps

    def _shares(self, counts: Sequence[Count]) -> tuple[Shares, dict[Rule, Doubt | None], set[int]]:
        """Counts by snapshot, each with its rights; what is doubtful; the entries that state the rights.

        One pass, because a shard of a thousand sources has thousands of counts.
        """
        shares: Shares = defaultdict(list)
        indexes: set[int] = set()
        doubts: dict[Rule, Doubt | None] = {}
        stated = self._rights.in_short([count[1] for count in counts])
        if derived := {count[1] for count in counts if stated.get(count[1], _UNSTATED)[3]}:
            self._rights.learn(derived)
        replacing = self._rights.replacing
        for number, terms, overlay, documents, tokens in counts:
            share, index, doubt, _ = stated.get(terms, _UNSTATED)
            if terms in derived:
                share, doubt = self._derived((terms, overlay))
                indexes |= self._rights.ledger_indexes([(terms, overlay)])
            elif overlay is not None and self._rights.counting(terms, overlay) == overlay:
                share, index, doubt, _ = replacing[overlay]
            shares[number].append((share, documents, tokens))
            if index is not None:
                indexes.add(index)
            if index is None or doubt is not None:
                doubts[terms, overlay] = doubt
        return shares, doubts, indexes

    def _derived(self, rule: Rule) -> tuple[Share, Doubt | None]:
        """What counts for documents that were made from others."""
        row = self._rights.short(rule)
        assert row is not None  # noqa: S101 - its number has a statement
        return row.share, row.doubt


def _assert_sums(name: str, counts: Sequence[Count], documents: int, tokens: int) -> None:
    found = sum(map(itemgetter(3), counts)), sum(map(itemgetter(4), counts))
    if found != (documents, tokens):
        raise VerificationFailed(
            f"{name}: the placements hold {found[0]} documents and {found[1]} tokens, expected "
            f"{documents} and {tokens} as recorded; run `lineage verify`"
        )


def _sources(upstream: Upstream, shares: Shares) -> tuple[list[SourceShare], list[Gap]]:
    """Each level sums to the one above by construction."""
    named = names(upstream)
    sources, gaps = [], []
    for number, given in shares.items():
        name = named.get(number)
        if name is None:
            name = "unresolved", f"snapshot-number/{number}"
            gaps.append(
                Gap("unresolved-id", name[1], "documents carry a snapshot number that is not recorded")
            )
        terms, documents, tokens = _summed(given)
        if terms:
            sources.append(SourceShare(*name, documents, tokens, terms))
    return sorted(sources), gaps


def _summed(given: list[tuple[Share, int, int]]) -> tuple[tuple[TermsShare, ...], int, int]:
    """One entry for each share, in order, and the sums of all; none where an overlay took every document away."""
    given.sort()
    terms: list[TermsShare] = []
    documents = tokens = counted = length = 0
    last = given[0][0]
    for share, some, long in given:
        if share != last:
            if counted:
                terms.append(TermsShare(*last, counted, length))
            last, counted, length = share, 0, 0
        counted += some
        length += long
        documents += some
        tokens += long
    if counted:
        terms.append(TermsShare(*last, counted, length))
    return tuple(terms), documents, tokens
