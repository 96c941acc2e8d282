"""Where a shard came from: placements, then terms and snapshots, then the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from lineage_platform.audit.answers import Gap, ShardTrace, SourceShare, TermsShare
from lineage_platform.audit.evidence import gather
from lineage_platform.audit.index import Index
from lineage_platform.audit.lookup import corpus_version, shard_of
from lineage_platform.audit.needs import Catalog, Files
from lineage_platform.audit.provenance import steps
from lineage_platform.audit.rights import Rights, Rule
from lineage_platform.catalog.rows import ShardRow, SnapshotRow, Upstream
from lineage_platform.errors import VerificationFailed

_SHARD = """
    SELECT snapshot, terms, overlay, count(*), sum(tokens)::BIGINT FROM placements($files)
    WHERE shard = $shard GROUP BY ALL
"""

Count = tuple[int, Rule, int, int]
"""(snapshot number, rule, documents, tokens)"""


def trace_shard(
    catalog: Catalog, files: Files, corpus: str, shard: str, version: str | None, as_of: datetime | None
) -> ShardTrace:
    """The sources of a shard with their terms as of a time, every run on the way, and the ledger's proofs.

    Raises NotFound, and VerificationFailed when the placements do not sum to what was recorded for the shard.
    """
    with catalog.snapshot():
        found = corpus_version(catalog, corpus, version)
        row = shard_of(catalog, found, shard)
        upstream = catalog.upstream(found.id)
        rights = Rights(catalog, as_of)
        index = Index(files)
        try:
            rights.lay_over(
                index, lambda: catalog.files([item.id for item in upstream.versions], "documents")
            )
            placements = catalog.files([found.id], "placements-by-shard", [(row.shard, row.shard)])
            counts = [
                (snapshot, (terms, overlay), documents, tokens)
                for snapshot, terms, overlay, documents, tokens in index.ask(
                    _SHARD, placements, shard=row.shard
                )
            ]
        finally:
            index.close()
        _assert_sums(row, counts)
        rules = {rule for _, rule, _, _ in counts}
        rights.learn(number for number, _ in rules)
        sources, source_gaps = _sources(upstream, rights, counts)
        taken, step_gaps = steps(upstream)
        evidence, evidence_gaps = gather(
            catalog, {step.ledger_index for step in taken} | rights.ledger_indexes(rules)
        )
    return ShardTrace(
        corpus=corpus,
        version=found.id,
        shard=row.name,
        documents=row.documents,
        tokens=row.tokens,
        sources=tuple(sources),
        transformations=taken,
        evidence=evidence,
        gaps=(*source_gaps, *rights.gaps(rules), *step_gaps, *evidence_gaps),
    )


def _assert_sums(row: ShardRow, counts: Sequence[Count]) -> None:
    documents = sum(count[2] for count in counts)
    tokens = sum(count[3] for count in counts)
    if (documents, tokens) != (row.documents, row.tokens):
        raise VerificationFailed(
            f"{row.name} of {row.version_id}: the placements hold {documents} documents and {tokens} tokens, expected "
            f"{row.documents} and {row.tokens} as recorded; run `lineage verify`"
        )


def _sources(
    upstream: Upstream, rights: Rights, counts: Sequence[Count]
) -> tuple[list[SourceShare], list[Gap]]:
    """Counts by snapshot, and inside by rights; each level sums to the one above by construction."""
    snapshots = {row.number: row for row in upstream.snapshots}
    shares: dict[int, dict[tuple[str, str, str], tuple[int, int]]] = {}
    for number, rule, documents, tokens in counts:
        by_rights = shares.setdefault(number, {})
        had = by_rights.get(rights.share(rule), (0, 0))
        by_rights[rights.share(rule)] = (had[0] + documents, had[1] + tokens)
    sources, gaps = [], []
    for number, by_rights in shares.items():
        source, snapshot = _names(number, snapshots.get(number))
        if number not in snapshots:
            gaps.append(
                Gap("unresolved-id", snapshot, "documents carry a snapshot number that is not recorded")
            )
        terms = [TermsShare(*share, *counted) for share, counted in sorted(by_rights.items())]
        sources.append(
            SourceShare(
                source=source,
                snapshot=snapshot,
                documents=sum(item.documents for item in terms),
                tokens=sum(item.tokens for item in terms),
                terms=tuple(terms),
            )
        )
    return sorted(sources, key=lambda item: (item.source, item.snapshot)), gaps


def _names(number: int, snapshot: SnapshotRow | None) -> tuple[str, str]:
    return (snapshot.source, snapshot.id) if snapshot else ("unresolved", f"snapshot-number/{number}")
