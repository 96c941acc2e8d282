"""Documents: the records of a snapshot, read, normalised and redacted once; what could not be read is a decision.

    result = read_documents(
        source, snapshot, terms_of=..., signals_of=..., subject_keys=..., scratch=..., engine=..., progress=...
    )

Conservation: each record, and each fault in its place, is a document (kept, or edited) or a dropped decision.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lineage_platform.errors import InvalidInput
from lineage_platform.files import Place, place, release_tree
from lineage_platform.model.decisions import Reason
from lineage_platform.model.definitions import Source
from lineage_platform.model.keys import MAX_ORDINAL, Said
from lineage_platform.model.signals import SignalsOf
from lineage_platform.model.subjects import SubjectKeys
from lineage_platform.model.terms import Terms
from lineage_platform.model.versions import Part, Result, Snapshot, Statistics
from lineage_platform.transformations import normalise, reading, redact
from lineage_platform.transformations.digest import SpilledRows, combine, content_digest
from lineage_platform.transformations.document_maker import DocumentMaker, Entry, Making
from lineage_platform.transformations.document_parts import Counts, Document, DocumentWriter
from lineage_platform.transformations.engine import Engine, Progress
from lineage_platform.transformations.parents import index_parents
from lineage_platform.transformations.reading.distributions import installed_files
from lineage_platform.transformations.reading.files import read_file
from lineage_platform.transformations.reading.locate import Folder, folder_of
from lineage_platform.transformations.reading.mapping import RecordMapping
from lineage_platform.transformations.reading.observation import batches

CODE_VERSION = "1"


def parameters(source: Source) -> dict[str, Any]:
    """What shapes the documents of a source beside its files."""
    return {
        "reading": reading.CODE_VERSION,
        "normalise": normalise.RULES,
        "unicode": normalise.UNICODE,
        "redact": redact.RULES,
        "format": source.format,
        "compression": source.compression,
        "encoding": source.encoding,
        "record": source.record.to_form(),
        "max_record_bytes": source.max_record_bytes,
        **({"parents": list(source.parents)} if source.parents else {}),
    }


def read_documents(
    source: Source,
    snapshot: Snapshot,
    *,
    terms_of: Callable[[Said], Sequence[Terms]],
    signals_of: SignalsOf,
    parents: Mapping[str, Sequence[Place]] | None = None,
    subject_keys: SubjectKeys,
    scratch: Place,
    engine: Engine,
    progress: Progress,
) -> Result:
    """The documents of a snapshot. Roles: `documents` (schema `tables.DOCUMENTS`) and `decisions` (`tables.DECISIONS`).

    Where the source's records have signals or parents, also `signals` (`tables.SIGNALS`) or `parents` (`tables.PARENTS`).
    `terms_of` turns what a record says itself (nothing: the source's own) into terms, `signals_of` reads its signals;
    `parents` are the documents of the sources that it may name as what it was made from, parts by source; `subject_keys`
    key the hash of data subjects. Parts depend on snapshot and parents alone: a task is a large file or a run of small
    ones. `details` of the statistics: `redactions` (placeholders by type), `unreadable`, `files`, and where records name data subjects
    `subject_key`, the id of the key of their hashes. Raises InvalidInput if a
    file is not the one that was observed.
    """
    RecordMapping(source)  # a wrong template is one error, not one a task
    installed = installed_files(source) if source.format == "python-distributions" else {}
    ends = [file.first_ordinal for file in snapshot.files[1:]] + [MAX_ORDINAL + 1]
    entries = [
        Entry(file, position, end, installed.get(file.path))
        for position, (file, end) in enumerate(zip(snapshot.files, ends, strict=True))
    ]
    index = None
    if source.record.parents:
        index = index_parents(parents or {}, scratch=scratch / "index", engine=engine)
    making = Making(source, snapshot.number, signals_of, index, subject_keys)
    tasks = [_Task(number, making, batch, str(scratch)) for number, batch in enumerate(batches(entries))]
    outcomes = engine.map(_read_part, tasks, progress)
    tables = {
        table: content_digest(itertools.chain(*(outcome.digests[table] for outcome in outcomes)))
        for table in ("documents", "decisions", *making.beside)
    }
    for folder in ("digests", "index"):
        release_tree(scratch / folder)
    said: set[Said] = set().union(*(outcome.said for outcome in outcomes))
    counts = Counts()
    for outcome in outcomes:
        counts.add(outcome.counts)
    return Result(
        content_digest=combine(tables),
        parts=tuple(part for outcome in outcomes for part in outcome.parts),
        statistics=_statistics(counts, subject_keys.newest if source.record.subject else None),
        terms=tuple(
            sorted((piece for item in said for piece in terms_of(item)), key=lambda terms: terms.number)
        ),
    )


def _statistics(counts: Counts, subject_key: str | None) -> Statistics:
    return Statistics(
        records_in=counts.documents + counts.dropped,
        kept=counts.documents - counts.edited,
        edited=counts.edited,
        dropped=counts.dropped,
        by_reason={str(reason): counts.reasons[reason] for reason in Reason if counts.reasons[reason]},
        by_terms={number: (documents, 0) for number, documents in sorted(counts.terms.items())},
        documents=counts.documents,
        bytes=counts.bytes,
        details={
            "redactions": {name: count for name, count in counts.redactions.items() if count},
            "unreadable": counts.unreadable,
            "files": counts.files,
            **({"subject_key": subject_key} if subject_key else {}),
        },
    )


@dataclass(frozen=True)
class _Task:
    number: int
    making: Making
    entries: tuple[Entry, ...]
    scratch: str


@dataclass(frozen=True)
class _Outcome:
    parts: tuple[Part, ...]
    digests: Mapping[str, list[SpilledRows]]
    counts: Counts
    said: frozenset[Said]


def _read_part(task: _Task) -> _Outcome:
    folder = folder_of(task.making.source)
    with DocumentWriter(place(task.scratch), f"{task.number:05d}", task.making.beside) as writer:
        maker = DocumentMaker(task.making, writer)
        for entry in task.entries:
            _read_entry(task.making.source, entry, folder, maker, writer)
            writer.counts.files += 1
    return _Outcome(tuple(writer.parts), writer.digests, writer.counts, maker.said)


def _read_entry(
    source: Source, entry: Entry, folder: Folder, maker: DocumentMaker, writer: DocumentWriter
) -> None:
    if source.format == "python-distributions" and entry.installed is None:
        raise InvalidInput(
            f"{entry.file.path}: belongs to no installed distribution any more; observe the source again"
        )
    mapping = maker.mapping
    for record in read_file(source, folder, entry.file, mapping.columns, mapping.opaque, entry.installed):
        if record.ordinal >= entry.end - entry.file.first_ordinal:
            raise InvalidInput(
                f"{entry.file.path}: got more records than when observed; observe the source again"
            )
        made = maker.make(entry, record)
        if isinstance(made, Document):
            writer.add(made)
        else:
            writer.fault(made)
