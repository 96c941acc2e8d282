"""Records on their way into parts: batches of about 8 MB of text are normalised, redacted, hashed and written."""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from collections.abc import Collection, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lineage_platform.files import Place
from lineage_platform.model.decisions import UNREADABLE, Outcome, Reason
from lineage_platform.model.tables import (
    DECISIONS,
    DOCUMENTS,
    IDENTITY,
    PARENTS,
    REDACTION_TYPES,
    SHA256,
    SIGNALS,
)
from lineage_platform.model.versions import Part
from lineage_platform.transformations.buffers import Offsets, lengths, utf8_buffers
from lineage_platform.transformations.digest import Rows, SpilledRows, digest_rows, spill_rows, whole_rows
from lineage_platform.transformations.normalise import normalise
from lineage_platform.transformations.parts import PartWriter
from lineage_platform.transformations.redact import redact

BATCH_BYTES = 8 << 20  # of text
BATCH_ROWS = 8192
PART_BYTES = 256 << 20  # of text
PART_ROWS = 1 << 20

_TABLES = {"documents": DOCUMENTS, "decisions": DECISIONS}
BESIDE = {"signals": SIGNALS, "parents": PARENTS}
"""Tables that a source has only where its `record` names what they hold; digested row by row."""

_EDITS = (None, Reason.NORMALISED, Reason.REDACTED, Reason.NORMALISED_AND_REDACTED)


class Document(NamedTuple):
    """A record that has text (UTF-8), not yet normalised; the fields are columns of `tables.DOCUMENTS`."""

    document: int
    identity: bytes
    file: int
    record: int
    record_id: str | None
    text: bytes
    terms: int
    language: str | None
    subject: bytes | None


_NARROW = tuple(name for name in Document._fields if name not in ("text", "identity"))


class Decision(NamedTuple):
    """A row of `tables.DECISIONS`."""

    document: int
    identity: bytes
    terms: int
    outcome: Outcome
    reason: Reason
    detail: str
    file: int | None
    record: int | None
    offset: int | None


@dataclass
class Counts:
    """What a task did; counts of several tasks add up."""

    files: int = 0
    documents: int = 0
    bytes: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    terms: Counter[int] = field(default_factory=Counter)  # of documents that came out
    redactions: Counter[str] = field(default_factory=Counter)

    @property
    def unreadable(self) -> int:
        """Records that could not be read."""
        return sum(self.reasons[reason] for reason in UNREADABLE)

    @property
    def dropped(self) -> int:
        """Records that did not become a document."""
        return self.unreadable + self.reasons[Reason.EMPTY_TEXT]

    @property
    def edited(self) -> int:
        """Documents whose text is not that of the record."""
        return self.reasons.total() - self.dropped

    def add(self, other: Counts) -> None:
        """Add the counts of another task."""
        self.files += other.files
        self.documents += other.documents
        self.bytes += other.bytes
        self.reasons.update(other.reasons)
        self.terms.update(other.terms)
        self.redactions.update(other.redactions)


class DocumentWriter:
    """Writes the documents and decisions of one task, in key order, and some tables beside them; use as a context manager.

    Afterwards `parts`, `digests` (by table, for `content_digest`) and `counts` say what there is.
    """

    def __init__(self, scratch: Place, name: str, beside: Collection[str] = ()) -> None:
        self.parts: list[Part] = []
        self._tables = {**_TABLES, **{table: BESIDE[table] for table in beside}}
        self.digests: dict[str, list[SpilledRows]] = {table: [] for table in self._tables}
        self.counts = Counts()
        self._scratch, self._name = scratch, name
        self._documents: list[Document] = []
        self._faults: list[Decision] = []
        self._beside: dict[str, list[tuple[Any, ...]]] = {table: [] for table in beside}
        self._bytes = 0
        self._text_bytes = 0
        self._rows: dict[str, list[Rows]] = {table: [] for table in self._tables}
        self._open = ExitStack()

    def add(self, document: Document) -> None:
        """Take a document. Keys must ascend, of documents and faults together."""
        self._documents.append(document)
        self._bytes += len(document.text)
        self._advance()

    def fault(self, decision: Decision) -> None:
        """Take the decision on a record that has no text."""
        self._faults.append(decision)
        self._advance()

    def note(self, table: str, rows: Iterable[tuple[Any, ...]], size: int) -> None:
        """Take rows of a table beside the documents, about the document or fault that comes next; `size` in bytes."""
        self._beside[table].extend(rows)
        self._bytes += size

    def _advance(self) -> None:
        """Write a full batch; begin new parts where the next batch would go beyond the size of a part."""
        if self._bytes < BATCH_BYTES and len(self._documents) < BATCH_ROWS and len(self._faults) < BATCH_ROWS:
            return
        rows = max(sum(map(len, chunks)) for chunks in self._rows.values())
        if self._text_bytes >= PART_BYTES or rows >= PART_ROWS:
            self._open.close()
            self._collect()
            self._begin()
        self._flush()

    def __enter__(self) -> Self:
        self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._open.__exit__(kind, error, trace)
            return
        with self._open:
            self._flush()
        self._collect()

    def _begin(self) -> None:
        number = len(self.digests["documents"])
        name = f"{self._name}-{number:03d}.parquet"
        self._writers = {
            table: PartWriter(self._scratch, f"{table}/{name}", table, schema)
            for table, schema in self._tables.items()
        }
        self._text_bytes = 0
        self._open = ExitStack()
        for writer in self._writers.values():
            self._open.enter_context(writer)

    def _collect(self) -> None:
        """Take over what the closed writers made."""
        for table, writer in self._writers.items():
            assert writer.part is not None  # noqa: S101 - set by a clean exit
            self.parts.append(writer.part)
            path = self._scratch / "digests" / f"{writer.part.name}.rows"
            self.digests[table].append(spill_rows(path, self._rows[table]))
            self._rows[table] = []

    def _flush(self) -> None:
        documents, faults = self._documents, self._faults
        self._documents, self._faults, self._bytes = [], [], 0
        decisions = [*faults, *self._write_documents(documents)]
        if decisions:
            self._write_decisions(sorted(decisions))
        for table, rows in self._beside.items():
            if rows:
                self._write_beside(table, rows)
                rows.clear()

    def _write_documents(self, documents: list[Document]) -> list[Decision]:
        """Write the documents of a batch; returns the decisions on those that are not as the record was."""
        if not documents:
            return []
        columns: dict[str, Any] = dict(zip(Document._fields, zip(*documents, strict=True), strict=True))
        normalised, was_normalised = normalise(
            pa.array(columns["text"], pa.large_binary()).view(pa.large_string())
        )
        text, redactions = redact(normalised)
        values, offsets = utf8_buffers(text)
        empty = lengths(offsets) == 0
        edits = was_normalised + 2 * redactions.any(axis=1)
        decided = np.flatnonzero(empty | (edits > 0))
        decisions = [
            _decision(documents[row], edit, nothing, found)
            for row, edit, nothing, found in zip(
                decided.tolist(),
                edits[decided].tolist(),
                empty[decided].tolist(),
                redactions[decided].tolist(),
                strict=True,
            )
        ]
        arrays = {
            **{name: pa.array(columns[name], DOCUMENTS.field(name).type) for name in _NARROW},
            "text": text,
            "identity": _fixed_size(b"".join(columns["identity"]), IDENTITY),
            "sha256": _fixed_size(_hashes(values, offsets), SHA256),
            **{name: pa.array(redactions[:, i]) for i, name in enumerate(REDACTION_TYPES)},
        }
        batch = pa.RecordBatch.from_arrays([arrays[name] for name in DOCUMENTS.names], schema=DOCUMENTS)
        if empty.any():
            batch = batch.filter(pa.array(~empty))
        self._writers["documents"].write(batch)
        self._rows["documents"].append(digest_rows(batch, ("sha256", "terms")))
        size = int(lengths(offsets).sum())
        self._text_bytes += size
        self.counts.bytes += size
        self.counts.documents += batch.num_rows
        self.counts.terms.update(batch.column("terms").to_pylist())
        self.counts.redactions.update(
            dict(zip(REDACTION_TYPES, redactions.sum(axis=0).tolist(), strict=True))
        )
        return decisions

    def _write_decisions(self, decisions: list[Decision]) -> None:
        columns = zip(*decisions, strict=True)
        arrays = [
            pa.array(values, field.type.value_type).dictionary_encode()
            if pa.types.is_dictionary(field.type)
            else pa.array(values, field.type)
            for field, values in zip(DECISIONS, columns, strict=True)
        ]
        batch = pa.RecordBatch.from_arrays(arrays, schema=DECISIONS)
        self._writers["decisions"].write(batch)
        self._rows["decisions"].append(digest_rows(batch, ("outcome", "reason", "detail")))
        self.counts.reasons.update([str(decision.reason) for decision in decisions])

    def _write_beside(self, table: str, rows: list[tuple[Any, ...]]) -> None:
        columns = zip(*rows, strict=True)
        arrays = [pa.array(values, field.type) for field, values in zip(BESIDE[table], columns, strict=True)]
        batch = pa.RecordBatch.from_arrays(arrays, schema=BESIDE[table])
        self._writers[table].write(batch)
        self._rows[table].append(whole_rows(batch))
        self._text_bytes += batch.nbytes


def _decision(document: Document, edit: int, empty: bool, redactions: list[int]) -> Decision:
    key, identity, file, record, *_ = document
    if empty:
        return Decision(
            key,
            identity,
            document.terms,
            "dropped",
            Reason.EMPTY_TEXT,
            "no text but white space",
            file,
            record,
            None,
        )
    reason = _EDITS[edit]
    assert reason is not None  # noqa: S101 - the row was chosen because it was edited
    detail = ""
    if edit & 2:
        found = zip(REDACTION_TYPES, redactions, strict=True)
        detail = " ".join([f"{name}={count}" for name, count in found if count])
    return Decision(key, identity, document.terms, "edited", reason, detail, None, None, None)


def _hashes(values: npt.NDArray[np.uint8], offsets: Offsets) -> bytes:
    view = values.data
    bounds = itertools.pairwise(offsets.tolist())
    return b"".join([hashlib.sha256(view[start:end]).digest() for start, end in bounds])


def _fixed_size(data: bytes, kind: pa.DataType) -> pa.Array:
    return pa.Array.from_buffers(kind, len(data) // kind.byte_width, [None, pa.py_buffer(data)])
