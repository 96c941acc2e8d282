"""Parents of documents: the documents of other sources that a source's records name, found by those sources' own ids.

    index = index_parents({"books": paths}, scratch=folder, engine=Engine())
    parents = Parents(index)
    parents.named("b-17")        # every document of that name; none: it is not there

The index is one file of rows sorted by a 128-bit hash of source and id, mapped into memory where it is local, so that workers
of one machine share it: 48 bytes a document of the sources named, sorted in the memory of one process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lineage_platform.files import Place, create, open_input, place, reaching
from lineage_platform.model.keys import record_identity
from lineage_platform.model.tables import IDENTITY
from lineage_platform.transformations.engine import Engine
from lineage_platform.transformations.parts import read_batches

_ROW = pa.schema(
    [
        pa.field("high", pa.uint64()),
        pa.field("low", pa.uint64()),
        pa.field("document", pa.int64()),
        pa.field("identity", IDENTITY),
        pa.field("terms", pa.int64()),
    ]
)
_READ = ("document", "identity", "record_id", "terms")


class Parent(NamedTuple):
    """A document that others were made from."""

    document: int
    identity: bytes
    terms: int


@dataclass(frozen=True)
class ParentIndex:
    """Where the documents of `sources` are listed; can go to workers."""

    path: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class _Task:
    source: str
    documents: str
    listed: str


def index_parents(documents: Mapping[str, Sequence[Place]], *, scratch: Place, engine: Engine) -> ParentIndex:
    """List the documents of some sources (parts of `tables.DOCUMENTS` by source id) that have ids of their own."""
    tasks = [
        _Task(source, str(path), str(scratch / f"{source}-{number:05d}"))
        for source, paths in documents.items()
        for number, path in enumerate(paths)
    ]
    engine.map(_list_part, tasks)
    rows = pa.concat_tables([_ROW.empty_table(), *(_mapped(task.listed) for task in tasks)])
    order = np.lexsort([rows.column(name).to_numpy() for name in ("document", "low", "high")])
    path = str(scratch / "all")
    _write(path, rows.take(pa.array(order)))
    return ParentIndex(path, tuple(documents))


def _list_part(task: _Task) -> None:
    chunks = []
    for batch in read_batches(task.documents, _READ, 64 * 1024):
        named = batch.filter(batch.column("record_id").is_valid())
        words = _words([_hash(task.source, name) for name in named.column("record_id").to_pylist()])
        columns = [pa.array(words[:, 0]), pa.array(words[:, 1])]
        columns += [named.column(name) for name in ("document", "identity", "terms")]
        chunks.append(pa.RecordBatch.from_arrays(columns, schema=_ROW))
    _write(task.listed, pa.Table.from_batches(chunks, _ROW))


def _hash(source: str, record: str) -> bytes:
    return record_identity(source, "", record)


def _words(hashes: Sequence[bytes]) -> npt.NDArray[np.uint64]:
    return np.frombuffer(b"".join(hashes), ">u8").reshape(-1, 2).astype(np.uint64)


def _write(path: str, rows: pa.Table) -> None:
    where = place(path)
    with (
        reaching(where),
        create(where) as file,
        pa.ipc.new_file(file, _ROW) as writer,
    ):
        writer.write_table(rows.combine_chunks())


def _mapped(path: str) -> pa.Table:
    where = place(path)
    with reaching(where):
        return pa.ipc.open_file(open_input(where)).read_all()


class Parents:
    """Finds documents by the names that records give them."""

    def __init__(self, index: ParentIndex) -> None:
        rows = _mapped(index.path).combine_chunks()
        self._sources = frozenset(index.sources)
        self._only = index.sources[0] if len(index.sources) == 1 else None
        self._high, self._low, self._documents, self._terms = (
            rows.column(name).to_numpy() for name in ("high", "low", "document", "terms")
        )
        self._identities = rows.column("identity")

    def named(self, name: str) -> list[Parent]:
        """Every document of that name: an id where there is one source, `<source>/<id>` where there are several."""
        source, record = (self._only, name) if self._only is not None else _split(name)
        if source not in self._sources:
            return []
        high, low = _words([_hash(source, record)])[0]
        first = np.searchsorted(self._high, high)
        last = np.searchsorted(self._high, high, side="right")
        return [
            Parent(int(self._documents[row]), self._identities[row].as_py(), int(self._terms[row]))
            for row in range(int(first), int(last))
            if self._low[row] == low
        ]


def _split(name: str) -> tuple[str, str]:
    source, _, record = name.partition("/")
    return source, record
