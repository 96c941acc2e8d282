"""Questions about where things came from and went to."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from lineage_platform.catalog.session import NothingRecorded
from lineage_platform.errors import InvalidInput
from lineage_platform.model.when import When
from lineage_platform.wiring.opened import Opened
from lineage_platform.wiring.subjects import hash_of_subject

if TYPE_CHECKING:
    from lineage_platform.audit.decisions import Decisions
    from lineage_platform.audit.impacted import Impact
    from lineage_platform.audit.listing import ShardList, SourceList
    from lineage_platform.audit.traced import CorpusTrace, DocumentTrace, ShardTrace


class LineageQuestions(Opened):
    """Traces, impacts, decisions, and what there is."""

    def trace(
        self,
        shard: str,
        corpus: str | None = None,
        *,
        version: str | None = None,
        as_of: datetime | None = None,
        valid_at: date | None = None,
    ) -> ShardTrace:
        """Where a shard came from. `corpus` may be left out where there is one only. Raises NotFound."""
        from lineage_platform.audit.trace import trace_shard

        return trace_shard(
            self.catalog, self.store, self._corpus(corpus), shard, version, When(as_of, valid_at)
        )

    def trace_corpus(
        self,
        corpus: str | None = None,
        *,
        version: str | None = None,
        as_of: datetime | None = None,
        valid_at: date | None = None,
    ) -> CorpusTrace:
        """Where a whole corpus version came from: documents and tokens by source and terms. Raises NotFound."""
        from lineage_platform.audit.trace import trace_corpus

        return trace_corpus(self.catalog, self.store, self._corpus(corpus), version, When(as_of, valid_at))

    def trace_document(
        self,
        shard: str,
        corpus: str | None = None,
        *,
        row: int | None = None,
        token: int | None = None,
        version: str | None = None,
        as_of: datetime | None = None,
        valid_at: date | None = None,
        text: bool = False,
    ) -> DocumentTrace:
        """Where one document of a shard came from, by row or by token, both from 0. Raises NotFound, InvalidInput."""
        from lineage_platform.audit.document import trace_document

        return trace_document(
            self.catalog,
            self.store,
            self._corpus(corpus),
            shard,
            version,
            When(as_of, valid_at),
            row=row,
            token=token,
            text=text,
        )

    def impact(
        self,
        *,
        source: str | None = None,
        licence: str | None = None,
        consent_basis: str | None = None,
        document: str | None = None,
        subject: str | None = None,
        all_versions: bool = False,
        as_of: datetime | None = None,
        valid_at: date | None = None,
    ) -> Impact:
        """Which shards hold what was asked about; exactly one of the first five. Raises NotFound, InvalidInput."""
        from lineage_platform.audit.impact import Inquiry

        given = [item for item in (source, licence, consent_basis, document, subject) if item is not None]
        if len(given) != 1:
            raise InvalidInput(
                f"impact: got {len(given)} questions, expected one of source, licence, consent basis, document, subject"
            )
        with Inquiry(self.catalog, self.store, all_versions, When(as_of, valid_at)) as inquiry:
            if source is not None:
                return inquiry.source(source, self.declared)
            if licence is not None:
                return inquiry.licence(licence)
            if consent_basis is not None:
                return inquiry.consent_basis(consent_basis)
            if document is not None:
                return inquiry.document(document)
            return inquiry.subject(hash_of_subject(self.settings, given[0]))

    def decisions(
        self,
        corpus: str | None = None,
        *,
        source: str | None = None,
        reason: str | None = None,
        limit: int | None = 20,
    ) -> Decisions:
        """The records that did not make it into the current version of a corpus; `limit` None lists all of them.

        Raises NotFound, InvalidInput.
        """
        from lineage_platform.audit.decisions import list_decisions

        return list_decisions(
            self.catalog, self.store, self._corpus(corpus), source=source, reason=reason, limit=limit
        )

    def sources(self) -> SourceList:
        """All sources with their terms and newest snapshots. Raises InvalidInput when the YAML is wrong."""
        from lineage_platform.audit.listing import list_sources
        from lineage_platform.model.terms import in_force
        from lineage_platform.policy.terms import terms_of

        declared = self.definition.sources
        today = datetime.now(UTC).date()
        statements = {source.id: in_force(terms_of(source, None), today).statement() for source in declared}
        try:
            return list_sources(self.catalog, declared, statements)
        except NothingRecorded:
            return list_sources(None, declared, statements)

    def shards(self, corpus: str | None = None, *, version: str | None = None) -> ShardList:
        """The shards of a corpus version with the paths of their files. Raises NotFound."""
        from lineage_platform.audit.listing import list_shards

        return list_shards(self.catalog, self.store, self._corpus(corpus), version)
