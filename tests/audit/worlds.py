"""A small recorded world: three sources, duplicates across them, an edit, an unreadable record, a weight of two, subjects.

Documents, annotations and the deduplication are written here by hand; selection, tokenizer and shards are the real ones.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
from collections import Counter
from collections.abc import Mapping, Sequence

import pyarrow as pa

from lineage_platform.ledger.keys import load_or_create_secrets
from lineage_platform.model.definitions import (
    Corpus,
    Deduplication,
    ShardSpec,
    TokenizerSpec,
    WeightedSource,
)
from lineage_platform.model.keys import record_identity, terms_number
from lineage_platform.model.tables import (
    DECISIONS,
    DOCUMENTS,
    REDACTION_TYPES,
    annotations_schema,
)
from lineage_platform.model.versions import (
    Result,
    Snapshot,
    SnapshotFile,
    Statistics,
    Transformation,
    Version,
)
from lineage_platform.policy.terms import terms_of
from lineage_platform.recording import Recorder
from lineage_platform.settings import Settings
from lineage_platform.transformations import digest
from lineage_platform.transformations.parts import read_table, write_table
from lineage_platform.transformations.reading.observation import snapshot_digest
from tests.audit.corpora import make_corpus
from tests.audit.definitions import PARENT, Record, World, declared, records


def make_world(
    settings: Settings,
    recorder: Recorder,
    formats: Sequence[str] = ("parquet", "megatron"),
    changed: Mapping[str, list[Record]] | None = None,
) -> World:
    """Record everything up to the corpus version; `changed` are sources with other records."""
    sources = {
        "press": declared("press", "CC-BY-4.0", "not-personal-data", "none"),
        "forum": declared("forum", "CC-BY-NC-4.0", "not-personal-data", "none"),
        "blog": declared("blog", "CC-BY-4.0", "consent", "personal"),
    }
    corpus = Corpus(
        id="demo",
        title="Demo",
        purpose="tests",
        steward="data@example.org",
        sources=(WeightedSource("press", 2.0), WeightedSource("forum"), WeightedSource("blog")),
        quality=None,
        deduplication=Deduplication(minhash=None),
        tokenizer=TokenizerSpec(vocabulary=300),
        shards=ShardSpec(tokens=1000, formats=tuple(formats), seed=5),  # type: ignore[arg-type]
    )
    world = World(settings, corpus, sources, {name: records(name) for name in sources} | dict(changed or {}))
    for name in sources:
        observe(world, recorder, name)
        make_documents(world, recorder, name)
        make_annotations(world, recorder, name)
    make_corpus(world, recorder)
    return world


def observe(world: World, recorder: Recorder, name: str) -> Snapshot:
    source = world.sources[name]
    count = 1 + max(record.file for record in world.records[name])
    files = []
    for position in range(count):
        content = "\n".join(repr(record) for record in world.records[name] if record.file == position)
        digested = hashlib.sha256(content.encode()).hexdigest()
        files.append(SnapshotFile(f"{name}/{position}.jsonl", len(content), digested, position * 1000))
    terms = terms_of(source, None)
    snapshot = recorder.observe(source, snapshot_digest(files), files, PARENT, terms)
    world.snapshots[name] = snapshot
    return snapshot


def subject_hash(settings: Settings, value: str) -> bytes:
    [key] = load_or_create_secrets(settings.subject_key_file).keys
    return hmac.digest(key, value.strip().casefold().encode(), "sha256")


def make_documents(world: World, recorder: Recorder, name: str) -> Version:
    source, snapshot = world.sources[name], world.snapshots[name]
    step = Transformation("read-documents", "1", {"source": name})
    with recorder.attempt(f"documents/{name}", step, [snapshot], PARENT) as attempt:
        rows, decisions = [], []
        for number, record in enumerate(world.records[name]):
            key = world.key(name, number)
            file = snapshot.files[record.file]
            identity = record_identity(name, file.path, f"r{record.ordinal}")
            terms = terms_number(name, record.declared)
            common = {"document": key, "identity": identity, "terms": terms}
            position = {"file": record.file, "record": record.ordinal}
            if record.text is None:
                fate = {"outcome": "dropped", "reason": "malformed-record", "detail": "no JSON"}
                decisions.append({**common, **fate, **position, "offset": 17})
                continue
            if record.edited:
                fate = {"outcome": "edited", "reason": "normalised", "detail": "NFC"}
                decisions.append({**common, **fate, "file": None, "record": None, "offset": None})
            rows.append(
                {
                    **common,
                    **position,
                    "record_id": f"r{record.ordinal}",
                    "text": record.text,
                    "sha256": hashlib.sha256(record.text.encode()).digest(),
                    "language": None,
                    "subject": subject_hash(world.settings, record.subject) if record.subject else None,
                    **dict.fromkeys(REDACTION_TYPES, 0),
                }
            )
        documents = pa.Table.from_pylist(rows, DOCUMENTS)
        decided = pa.Table.from_pylist(decisions, DECISIONS)
        half = len(rows) // 2
        parts = [
            write_table(
                attempt.scratch, "documents/00000.parquet", "documents", DOCUMENTS, documents.slice(0, half)
            ),
            write_table(
                attempt.scratch, "documents/00001.parquet", "documents", DOCUMENTS, documents.slice(half)
            ),
            write_table(attempt.scratch, "decisions/00000.parquet", "decisions", DECISIONS, decided),
        ]
        edited = sum(item["outcome"] == "edited" for item in decisions)
        statistics = Statistics(
            records_in=len(world.records[name]),
            kept=len(rows) - edited,
            edited=edited,
            dropped=len(decisions) - edited,
            by_reason=Counter(item["reason"] for item in decisions),
            by_terms={number: (count, 0) for number, count in Counter(row["terms"] for row in rows).items()},
            documents=len(rows),
            bytes=sum(len(row["text"].encode()) for row in rows),
        )
        statements = {record.declared: terms_of(source, record.declared) for record in world.records[name]}
        content = digest.combine(
            {
                "documents": _digest(documents, ("sha256", "terms")),
                "decisions": _digest(decided, ("outcome", "reason", "detail")),
            }
        )
        version = attempt.commit(
            Result(content, tuple(parts), statistics, tuple(itertools.chain(*statements.values())))
        )
    world.versions[version.dataset] = version
    return version


def make_annotations(world: World, recorder: Recorder, name: str) -> Version:
    documents = world.versions[f"documents/{name}"]
    schema = annotations_schema(())
    with recorder.attempt(
        f"annotations/{name}", Transformation("annotate", "1", {}), [documents], PARENT
    ) as attempt:
        parts, tables = [], []
        for number, path in enumerate(recorder.paths(documents, "documents")):
            table = read_table(path)
            sizes = [len(text.encode()) for text in table.column("text").to_pylist()]
            columns = {
                **{item: table.column(item) for item in ("document", "identity", "sha256", "terms")},
                "bytes": pa.array(sizes, pa.int32()),
                "language": pa.array(["en"] * len(table)).dictionary_encode(),
            }
            arrays = [
                columns[item.name] if item.name in columns else pa.nulls(len(table), item.type)
                for item in schema
            ]
            tables.append(pa.Table.from_arrays(arrays, schema=schema))
            part = write_table(
                attempt.scratch, f"annotations/{number:05d}.parquet", "annotations", schema, tables[-1]
            )
            parts.append(part)
        whole = pa.concat_tables(tables)
        statistics = Statistics(
            len(whole), len(whole), 0, 0, by_terms=_by_terms(whole), documents=len(whole), details={}
        )
        version = attempt.commit(Result(_annotations_digest(whole), tuple(parts), statistics))
    world.versions[version.dataset] = version
    return version


def _digest(table: pa.Table, columns: Sequence[str]) -> str:
    batches = table.combine_chunks().to_batches()
    return digest.content_digest(digest.digest_rows(batch, columns) for batch in batches)


def _annotations_digest(table: pa.Table) -> str:
    return digest.content_digest(digest.whole_rows(batch) for batch in table.combine_chunks().to_batches())


def _by_terms(table: pa.Table) -> dict[int, tuple[int, int]]:
    return {number: (count, 0) for number, count in Counter(table.column("terms").to_pylist()).items()}
