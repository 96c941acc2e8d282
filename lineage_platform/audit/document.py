"""Where one document of a shard came from, what was decided about it on its way, and what it stands for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any, LiteralString

from lineage_platform.audit.ancestry import Ancestry
from lineage_platform.audit.answers import Gap
from lineage_platform.audit.consumers import consumers
from lineage_platform.audit.evidence import gather
from lineage_platform.audit.index import Index, Row
from lineage_platform.audit.lookup import corpus_version, shard_of, shards_dataset
from lineage_platform.audit.needs import Catalog, Files
from lineage_platform.audit.provenance import ancestry, between, direct_way, steps
from lineage_platform.audit.quarantine import in_quarantine
from lineage_platform.audit.rights import Rights, Rule, Statement
from lineage_platform.audit.signals import signals_of
from lineage_platform.audit.traced import (
    DecisionStep,
    DerivationStep,
    DocumentTrace,
    Duplicate,
    PlacementRef,
    SnapshotFileRef,
    TokenSpan,
)
from lineage_platform.catalog.rows import ShardRow, SnapshotRow, Upstream, VersionFile, VersionRow
from lineage_platform.errors import InvalidInput, NotFound
from lineage_platform.model.definitions import RecordFields
from lineage_platform.model.keys import snapshot_of
from lineage_platform.model.when import When
from lineage_platform.policy.rights import rank_of

_PLACEMENT: LiteralString = """
    SELECT document, terms, tokens FROM read_parquet($files) WHERE shard = $shard AND row = $row
"""
_OFFSET: LiteralString = """
    SELECT coalesce(sum(tokens + $closing), 0)::BIGINT FROM read_parquet($files) WHERE shard = $shard AND row < $row
"""
_ROW_AT: LiteralString = """
    SELECT row FROM (
        SELECT row, sum(tokens + $closing) OVER (ORDER BY row) AS following FROM read_parquet($files)
        WHERE shard = $shard
    ) WHERE following > $token ORDER BY row LIMIT 1
"""
_ELSEWHERE: LiteralString = """
    SELECT shard, row, tokens FROM read_parquet($files) WHERE document = $document ORDER BY ALL
"""
_RECORDS: LiteralString = """
    SELECT document, identity, file, record, record_id, sha256, terms FROM read_parquet($files)
    WHERE document IN (SELECT unnest($documents::BIGINT[])) ORDER BY document
"""
_TEXT: LiteralString = "SELECT text FROM read_parquet($files) WHERE document = $document"
_DECISIONS: LiteralString = """
    SELECT outcome, reason, detail FROM read_parquet($files) WHERE document = $document ORDER BY ALL
"""
_DERIVATIONS: LiteralString = """
    SELECT child, parent, kind, method, child_terms FROM read_parquet($files)
    WHERE child = $document OR parent = $document
       OR cluster IN (SELECT cluster FROM read_parquet($files) WHERE parent = $document) ORDER BY ALL
"""


def trace_document(
    catalog: Catalog,
    files: Files,
    corpus: str,
    shard: str,
    version: str | None,
    when: When,
    *,
    row: int | None = None,
    token: int | None = None,
    text: bool = False,
) -> DocumentTrace:
    """One document, by its row in the shard or by a token of the shard's stream, both from 0.

    The text is read only when asked for. Raises InvalidInput unless exactly one of row and token is given and it is 0 or
    more, NotFound.
    """
    if (row is None) == (token is None):
        got = "neither row nor token" if row is None else "row and token"
        raise InvalidInput(f"trace: got {got}, expected one of them")
    for name, value in (("row", row), ("token", token)):
        if value is not None and value < 0:
            raise InvalidInput(f"{name}: got {value}, expected 0 or more; the first {name} is 0")
    with catalog.snapshot(), closing(Index(files)) as index:
        found = corpus_version(catalog, corpus, version)
        return _Tracing(catalog, index, found, shard_of(catalog, found, shard), when).trace(row, token, text)


class _Tracing:
    """What the parts of one document's answer share."""

    def __init__(
        self, catalog: Catalog, index: Index, version: VersionRow, shard: ShardRow, when: When
    ) -> None:
        self.catalog, self.index, self.version, self.shard = catalog, index, version, shard
        self.closing = 0 if version.statistics["details"].get("end_of_document") is None else 1
        self.by_shard = self._by_shard(shard.shard)
        upstream = catalog.upstream(version.id)
        self.upstream = direct_way(upstream, version.id)
        self.ancestry = Ancestry(catalog, index, ancestry(upstream, version.id))
        self.rights = Rights(catalog, when)
        self.rights.lay_over(index, self.ancestry.documents)
        self.consumers = consumers(catalog, version.dataset.removesuffix(shards_dataset("")), [version.id])
        self.gaps: list[Gap] = []

    def trace(self, row: int | None, token: int | None, with_text: bool) -> DocumentTrace:
        position, key, number, tokens = self._place(row, token)
        snapshot = next((item for item in self.upstream.snapshots if item.number == snapshot_of(key)), None)
        if snapshot is None:
            raise NotFound(f"recorded snapshot of document {key}", str(snapshot_of(key)))
        way = between(self.upstream, snapshot)
        files = self._files_of(way, key)
        rule = self._rule(key, number)
        record = self._record(key)
        derivations = self.index.ask(_DERIVATIONS, of_role(files, "derivations"), document=key)
        parents, parent_gaps, parent_entries = self.ancestry.parents(key, self.rights)
        self.rights.learn([number])
        terms = self.rights.statement(rule)
        self.gaps += [*self.rights.gaps([rule]), *parent_gaps]
        narrowed = Upstream(tuple(way), (snapshot,), self.upstream.edges, self.upstream.unresolved)
        taken, step_gaps = steps(narrowed)
        evidence, evidence_gaps = gather(
            self.catalog,
            {step.ledger_index for step in taken}
            | self.rights.ledger_indexes([rule])
            | parent_entries
            | self.consumers.ledger_indexes,
        )
        return DocumentTrace(
            corpus=self.version.dataset.rpartition("/")[0],
            version=self.version.id,
            shard=self.shard.name,
            row=position,
            token_span=TokenSpan(self._offset(self.shard.shard, position), tokens),
            document=str(key),
            identity=bytes(record["identity"]).hex() if record else None,
            source=snapshot.source,
            snapshot=snapshot.id,
            file=self._file(snapshot, record),
            record=record["record"] if record else None,
            record_id=record["record_id"] if record else None,
            fields=_text_fields(way),
            text_sha256=bytes(record["sha256"]).hex() if record else None,
            text=self._text(key, record) if with_text else None,
            terms=terms,
            signals=signals_of(self.index, of_role(files, "signals"), key),
            decisions=tuple(self._decisions(key, way, files)),
            duplicates=tuple(self._duplicates(key, derivations, terms)),
            derivations=tuple(
                DerivationStep(str(child), str(parent), kind, method)
                for child, parent, kind, method, _ in derivations
                if key in (child, parent)
            ),
            parents=tuple(parents),
            other_placements=tuple(self._elsewhere(key, position)),
            transformations=taken,
            evidence=evidence,
            gaps=(*self.gaps, *step_gaps, *evidence_gaps),
            releases=self.consumers.releases,
            models=self.consumers.models,
            rank=_rank(terms),
            quarantined=in_quarantine(self.catalog, self.version.id).of(self.shard.shard),
        )

    def _place(self, row: int | None, token: int | None) -> tuple[int, int, int, int]:
        """(row, document key, terms number, tokens)"""
        if row is None:
            found = self.index.ask(
                _ROW_AT, self.by_shard, shard=self.shard.shard, token=token, closing=self.closing
            )
            if not found:
                raise NotFound(
                    f"token of {self.shard.name} (0 to {self.shard.stored_tokens - 1})", str(token)
                )
            row = int(found[0][0])
        places = self.index.ask(_PLACEMENT, self.by_shard, shard=self.shard.shard, row=row)
        if not places:
            raise NotFound(f"row of {self.shard.name} (0 to {self.shard.documents - 1})", str(row))
        return (row, *places[0])

    def _offset(self, shard: int, row: int) -> int:
        by_shard = self.by_shard if shard == self.shard.shard else self._by_shard(shard)
        found = self.index.ask(_OFFSET, by_shard, shard=shard, row=row, closing=self.closing)
        return int(found[0][0])

    def _rule(self, key: int, number: int) -> Rule:
        return number, self.index.overlay_of(key)

    def _records(self, keys: Sequence[int]) -> dict[int, dict[str, Any]]:
        names = ("document", "identity", "file", "record", "record_id", "sha256", "terms")
        rows = self.index.ask(_RECORDS, self._documents(keys), documents=list(keys)) if keys else []
        return {row[0]: dict(zip(names, row, strict=True)) for row in rows}

    def _record(self, key: int) -> dict[str, Any] | None:
        record = self._records([key]).get(key)
        if record is None:
            self.gaps.append(Gap("unresolved-id", str(key), "no documents file upstream holds this document"))
        return record

    def _file(self, snapshot: SnapshotRow, record: Mapping[str, Any] | None) -> SnapshotFileRef | None:
        if record is None:
            return None
        file = self.catalog.snapshot_file(snapshot.number, record["file"])
        if file is None:
            name = f"{snapshot.id}#{record['file']}"
            self.gaps.append(Gap("unresolved-id", name, "the snapshot has no file at this position"))
            return None
        return SnapshotFileRef(file.path, file.sha256, file.bytes)

    def _text(self, key: int, record: Mapping[str, Any] | None) -> str | None:
        rows = self.index.ask(_TEXT, self._documents([key]), document=key)
        text = str(rows[0][0]) if rows else None
        if text is not None and record and hashlib.sha256(text.encode()).digest() != bytes(record["sha256"]):
            self.gaps.append(
                Gap("text-altered", str(key), "the text does not match its digest; run `lineage verify`")
            )
        return text

    def _decisions(
        self, key: int, way: Sequence[VersionRow], files: Sequence[VersionFile]
    ) -> list[DecisionStep]:
        """One step for each version that handled documents; no row means kept."""
        found = []
        for version in way:
            own = [item for item in files if item.version_id == version.id]
            if of_role(own, "tokenizer"):
                continue
            rows = self.index.ask(_DECISIONS, of_role(own, "decisions"), document=key) or [
                ("kept", None, None)
            ]
            for outcome, reason, detail in rows:
                if outcome == "dropped":
                    note = f"{version.id} dropped this document, yet {self.version.id} holds it"
                    self.gaps.append(Gap("contradiction", str(key), note))
                found.append(
                    DecisionStep(
                        version.dataset,
                        version.id,
                        outcome,
                        reason,
                        detail,
                        version.run_id,
                        version.ledger_index,
                    )
                )
        return found

    def _duplicates(self, key: int, derivations: Sequence[Row], terms: Statement | None) -> list[Duplicate]:
        """The copies, each with its terms and their rank now; `terms` are those of the document itself."""
        copies = {
            child: (method, terms)
            for child, _, kind, method, terms in derivations
            if kind == "duplicate-of" and child != key
        }
        self.rights.learn(terms for _, terms in copies.values())
        records = self._records(sorted(copies))
        snapshots = {item.number: item for item in self.upstream.snapshots}
        found = []
        own = _rank(terms)
        for child, (method, number) in sorted(copies.items()):
            statement = self.rights.statement(self._rule(child, number))
            rank = _rank(statement)
            snapshot, record = snapshots.get(snapshot_of(child)), records.get(child)
            file = self._file(snapshot, record) if snapshot else None
            if snapshot is None or record is None:
                self.gaps.append(Gap("unresolved-id", str(child), "a duplicate whose record is not upstream"))
            found.append(
                Duplicate(
                    document=str(child),
                    source=snapshot.source if snapshot else "unresolved",
                    snapshot=snapshot.id if snapshot else f"snapshot-number/{snapshot_of(child)}",
                    file=file.path if file else None,
                    record=record["record"] if record else None,
                    record_id=record["record_id"] if record else None,
                    method=method,
                    terms=statement,
                    rank=rank,
                    could_replace=rank is not None and (own is None or rank <= own),
                )
            )
        return found

    def _elsewhere(self, key: int, position: int) -> list[PlacementRef]:
        by_document = self.catalog.files([self.version.id], "placements-by-document", [(key, key)])
        places = self.index.ask(_ELSEWHERE, by_document, document=key)
        recorded = self.catalog.shards(self.version.id, [shard for shard, _, _ in places])
        names = {item.shard: item.name for item in recorded}
        return [
            PlacementRef(names.get(shard, f"shard-number/{shard}"), row, self._offset(shard, row), tokens)
            for shard, row, tokens in places
            if (shard, row) != (self.shard.shard, position)
        ]

    def _by_shard(self, shard: int) -> list[VersionFile]:
        return self.catalog.files([self.version.id], "placements-by-shard", [(shard, shard)])

    def _documents(self, keys: Sequence[int]) -> list[VersionFile]:
        """The documents files upstream that can hold one of `keys`."""
        versions = [item.id for item in self.upstream.versions]
        return self.catalog.files(versions, "documents", [(key, key) for key in keys])

    def _files_of(self, way: Sequence[VersionRow], key: int) -> list[VersionFile]:
        """Decisions and tokenizers on the way, as far as they can concern a document, and all derivations: as a parent
        it can be in any of them."""
        ids = [item.id for item in way]
        found = self.catalog.files(ids, "decisions", [(key, key)])
        found += self.catalog.files(ids, "signals", [(key, key)])
        return found + self.catalog.files(ids, "derivations") + self.catalog.files(ids, "tokenizer")


def _rank(statement: Statement | None) -> int | None:
    return None if statement is None else rank_of(statement)


def _text_fields(way: Sequence[VersionRow]) -> tuple[str, ...] | None:
    """The fields of a record that its text was made of, as the run that read it was told."""
    for version in way:
        said = version.transformation.parameters.get("record") if version.transformation else None
        if isinstance(said, Mapping) and "text" in said:
            return RecordFields(text=said["text"]).text_fields
    return None


def of_role(files: Sequence[VersionFile], role: str) -> list[VersionFile]:
    """The files of one role."""
    return [item for item in files if item.file.role == role]
