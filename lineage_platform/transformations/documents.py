"""Documents: the records of a snapshot, read, normalised and redacted once; what could not be read is a decision.

    result = read_documents(
        source, snapshot, terms_of=..., signals_of=..., subject_key=..., scratch=..., engine=..., progress=...
    )

Conservation: each record, and each fault in its place, is a document (kept, or edited) or a dropped decision.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lineage_platform.errors import InvalidInput
from lineage_platform.files import Place, place, release_tree
from lineage_platform.model.decisions import Reason
from lineage_platform.model.definitions import Source
from lineage_platform.model.keys import (
    MAX_ORDINAL,
    OptOut,
    Said,
    document_key,
    record_identity,
    terms_number,
)
from lineage_platform.model.signals import SignalsOf
from lineage_platform.model.terms import Terms
from lineage_platform.model.versions import Part, Result, Snapshot, SnapshotFile, Statistics
from lineage_platform.transformations import normalise, reading, redact
from lineage_platform.transformations.digest import SpilledRows, combine, content_digest
from lineage_platform.transformations.document_parts import Counts, Decision, Document, DocumentWriter
from lineage_platform.transformations.engine import Engine, Progress
from lineage_platform.transformations.reading.distributions import Installed, installed_files
from lineage_platform.transformations.reading.files import read_file
from lineage_platform.transformations.reading.locate import Folder, folder_of
from lineage_platform.transformations.reading.mapping import Fault, RecordMapping
from lineage_platform.transformations.reading.observation import batches
from lineage_platform.transformations.reading.records import Record, Unreadable

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
    }


def read_documents(
    source: Source,
    snapshot: Snapshot,
    *,
    terms_of: Callable[[Said], Sequence[Terms]],
    signals_of: SignalsOf,
    subject_key: bytes,
    scratch: Place,
    engine: Engine,
    progress: Progress,
) -> Result:
    """The documents of a snapshot. Roles: `documents` (schema `tables.DOCUMENTS`) and `decisions` (`tables.DECISIONS`).

    Where the source's records have signals, a role `signals` too (`tables.SIGNALS`). `terms_of` turns what a record says
    itself (nothing: the source's own) into terms, `signals_of` reads its signals; `subject_key` keys the hash of data
    subjects. Parts depend on the snapshot alone: a task is a large file or a run of small ones.
    `details` of the statistics: `redactions` (placeholders by type), `unreadable`, `files`. Raises InvalidInput if a
    file is not the one that was observed.
    """
    RecordMapping(source)  # a wrong template is one error, not one a task
    installed = installed_files(source) if source.format == "python-distributions" else {}
    ends = [file.first_ordinal for file in snapshot.files[1:]] + [MAX_ORDINAL + 1]
    entries = [
        _Entry(file, position, end, installed.get(file.path))
        for position, (file, end) in enumerate(zip(snapshot.files, ends, strict=True))
    ]
    tasks = [
        _Task(number, source, snapshot.number, batch, str(scratch), signals_of, subject_key)
        for number, batch in enumerate(batches(entries))
    ]
    outcomes = engine.map(_read_part, tasks, progress)
    tables = {
        table: content_digest(itertools.chain(*(outcome.digests[table] for outcome in outcomes)))
        for table in ("documents", "decisions", *_beside(source))
    }
    release_tree(scratch / "digests")
    said: set[Said] = set().union(*(outcome.said for outcome in outcomes))
    counts = Counts()
    for outcome in outcomes:
        counts.add(outcome.counts)
    return Result(
        content_digest=combine(tables),
        parts=tuple(part for outcome in outcomes for part in outcome.parts),
        statistics=_statistics(counts),
        terms=tuple(
            sorted((piece for item in said for piece in terms_of(item)), key=lambda terms: terms.number)
        ),
    )


def _beside(source: Source) -> tuple[str, ...]:
    """The tables that a source has beside documents and decisions."""
    return ("signals",) if source.record.signals else ()


def _statistics(counts: Counts) -> Statistics:
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
        },
    )


@dataclass(frozen=True)
class _Entry:
    """A file of the snapshot; its records' ordinals lie below `end`."""

    file: SnapshotFile
    position: int
    end: int
    installed: Installed | None

    @property
    def bytes(self) -> int:
        return self.file.bytes


@dataclass(frozen=True)
class _Task:
    number: int
    source: Source
    snapshot: int
    entries: tuple[_Entry, ...]
    scratch: str
    signals_of: SignalsOf
    subject_key: bytes = field(repr=False)


@dataclass(frozen=True)
class _Outcome:
    parts: tuple[Part, ...]
    digests: Mapping[str, list[SpilledRows]]
    counts: Counts
    said: frozenset[Said]


def _read_part(task: _Task) -> _Outcome:
    folder = folder_of(task.source)
    with DocumentWriter(place(task.scratch), f"{task.number:05d}", _beside(task.source)) as writer:
        maker = _DocumentMaker(task, writer)
        for entry in task.entries:
            _read_entry(task, entry, folder, maker, writer)
            writer.counts.files += 1
    return _Outcome(
        tuple(writer.parts), writer.digests, writer.counts, frozenset(map(Said._make, maker.terms))
    )


def _read_entry(
    task: _Task, entry: _Entry, folder: Folder, maker: _DocumentMaker, writer: DocumentWriter
) -> None:
    if task.source.format == "python-distributions" and entry.installed is None:
        raise InvalidInput(
            f"{entry.file.path}: belongs to no installed distribution any more; observe the source again"
        )
    mapping = maker.mapping
    for record in read_file(
        task.source, folder, entry.file, mapping.columns, mapping.opaque, entry.installed
    ):
        if record.ordinal >= entry.end - entry.file.first_ordinal:
            raise InvalidInput(
                f"{entry.file.path}: got more records than when observed; observe the source again"
            )
        made = maker.make(entry, record)
        if isinstance(made, Document):
            writer.add(made)
        else:
            writer.fault(made)


class _DocumentMaker:
    """Makes a document, or the decision on it, out of a record. `terms` are the numbers of what records said so far."""

    def __init__(self, task: _Task, writer: DocumentWriter) -> None:
        self.mapping = RecordMapping(task.source)
        self.terms: dict[tuple[str | None, OptOut | None, tuple[str, ...]], int] = {}
        self._writer = writer
        self._signals_of = task.signals_of if task.source.record.signals else None
        self._source, self._snapshot, self._key = task.source, task.snapshot, task.subject_key

    def make(self, entry: _Entry, record: Record) -> Document | Decision:
        document = document_key(self._snapshot, entry.file.first_ordinal + record.ordinal)
        if isinstance(record, Unreadable):
            identity = record_identity(self._source.id, entry.file.path, record.ordinal)
            why = (record.reason, record.detail)
            where = (entry.position, record.ordinal, record.offset)
            return Decision(document, identity, self._terms(None), "dropped", *why, *where)
        fields, mapping = record.fields, self.mapping
        record_id = mapping.record_id(fields)
        identity = record_identity(self._source.id, entry.file.path, record_id or record.ordinal)
        terms = self._terms(mapping.licence(fields), self._opt_out(document, identity, fields))
        try:
            text = mapping.text(fields)
        except Fault as fault:
            why = (fault.reason, fault.detail)
            where = (entry.position, record.ordinal, record.offset)
            return Decision(document, identity, terms, "dropped", *why, *where)
        return Document(
            document,
            identity,
            entry.position,
            record.ordinal,
            record_id,
            text,
            terms,
            mapping.language(fields),
            mapping.subject(fields, self._key),
        )

    def _opt_out(self, document: int, identity: bytes, fields: Mapping[str, Any]) -> OptOut | None:
        """The answer of the record's signals, which are put down; None where it has none."""
        if self._signals_of is None:
            return None
        found = self._signals_of(self.mapping.signals(fields))
        if not found:
            return None
        rows = [(document, identity, *row) for row in found]
        self._writer.note("signals", rows, sum(len(row.raw) for row in found))
        return found[0].effective

    def _terms(self, declared: str | None, opt_out: OptOut | None = None) -> int:
        said = (declared, opt_out, ())
        number = self.terms.get(said)
        if number is None:
            number = self.terms[said] = terms_number(self._source.id, *said)
        return number
