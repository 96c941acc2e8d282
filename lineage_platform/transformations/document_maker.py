"""One raw record in, one document or the decision on it out, with what the record says of its own rights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lineage_platform.model.definitions import Source
from lineage_platform.model.keys import (
    UNKNOWN_PARENT,
    OptOut,
    Said,
    document_key,
    record_identity,
    terms_number,
)
from lineage_platform.model.signals import SignalsOf
from lineage_platform.model.subjects import SubjectKeys
from lineage_platform.model.versions import SnapshotFile
from lineage_platform.transformations.document_parts import Decision, Document, DocumentWriter
from lineage_platform.transformations.parents import ParentIndex, Parents
from lineage_platform.transformations.reading.distributions import Installed
from lineage_platform.transformations.reading.mapping import Fault, RecordMapping
from lineage_platform.transformations.reading.records import Record, Unreadable


@dataclass(frozen=True)
class Entry:
    """A file of the snapshot; its records' ordinals lie below `end`."""

    file: SnapshotFile
    position: int
    end: int
    installed: Installed | None

    @property
    def bytes(self) -> int:
        """Size of the file."""
        return self.file.bytes


@dataclass(frozen=True)
class Making:
    """What is the same for all records of a snapshot; goes to the workers."""

    source: Source
    snapshot: int
    signals_of: SignalsOf
    parents: ParentIndex | None
    subject_keys: SubjectKeys

    @property
    def beside(self) -> tuple[str, ...]:
        """The tables that the source has beside documents and decisions."""
        record = self.source.record
        return tuple(name for name in ("signals", "parents") if getattr(record, name))


class DocumentMaker:
    """Makes documents, and puts down signals and parents beside them."""

    def __init__(self, making: Making, writer: DocumentWriter) -> None:
        self.mapping = RecordMapping(making.source)
        self._writer = writer
        self._source, self._snapshot, self._keys = making.source, making.snapshot, making.subject_keys
        self._signals_of = making.signals_of if making.source.record.signals else None
        self._parents = Parents(making.parents) if making.parents else None
        self._numbers: dict[tuple[str | None, OptOut | None, tuple[str, ...]], int] = {}

    @property
    def said(self) -> frozenset[Said]:
        """What the records said so far."""
        return frozenset(map(Said._make, self._numbers))

    def make(self, entry: Entry, record: Record) -> Document | Decision:
        """The document of a record of `entry`, or the decision on it where it has no text."""
        document = document_key(self._snapshot, entry.file.first_ordinal + record.ordinal)
        if isinstance(record, Unreadable):
            identity = record_identity(self._source.id, entry.file.path, record.ordinal)
            why = (record.reason, record.detail)
            where = (entry.position, record.ordinal, record.offset)
            return Decision(document, identity, self._terms(None, None, ()), "dropped", *why, *where)
        fields, mapping = record.fields, self.mapping
        record_id = mapping.record_id(fields)
        identity = record_identity(self._source.id, entry.file.path, record_id or record.ordinal)
        opt_out = self._opt_out(document, identity, fields) if self._signals_of else None
        parents = self._terms_of_parents(document, identity, fields) if self._parents else ()
        terms = self._terms(mapping.licence(fields), opt_out, parents)
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
            mapping.subject(fields, self._keys),
        )

    def _opt_out(self, document: int, identity: bytes, fields: Mapping[str, Any]) -> OptOut | None:
        """The answer of the record's signals, which are put down; None where it has none."""
        assert self._signals_of is not None  # noqa: S101 - asked for only then
        found = self._signals_of(self.mapping.signals(fields))
        if not found:
            return None
        rows = [(document, identity, *row) for row in found]
        self._writer.note("signals", rows, sum(len(row.raw) for row in found))
        return found[0].effective

    def _terms_of_parents(self, document: int, identity: bytes, fields: Mapping[str, Any]) -> tuple[str, ...]:
        """The terms of the documents that the record names, which are put down."""
        assert self._parents is not None  # noqa: S101 - asked for only then
        assert self._source.record.parents is not None  # noqa: S101
        kind = self._source.record.parents.kind
        rows: list[tuple[Any, ...]] = []
        terms: set[str] = set()
        for name in self.mapping.parents(fields):
            found = self._parents.named(name)
            rows += [(document, identity, name, kind, *parent) for parent in found]
            terms.update(str(parent.terms) for parent in found)
            if not found:
                rows.append((document, identity, name, kind, None, None, None))
                terms.add(UNKNOWN_PARENT)
        self._writer.note("parents", rows, sum(len(row[2]) for row in rows))
        return tuple(sorted(terms))

    def _terms(self, declared: str | None, opt_out: OptOut | None, parents: tuple[str, ...]) -> int:
        said = (declared, opt_out, parents)
        number = self._numbers.get(said)
        if number is None:
            number = self._numbers[said] = terms_number(self._source.id, *said)
        return number
