"""Which documents withdrawals in force have taken back, by their keys.

Most are known by key: a source is one range. Data subjects, terms numbers and what must not come back are looked for in the
documents, in the narrow columns that say so, one file at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from lineage_platform.catalog import withdrawals
from lineage_platform.catalog.believed import Later
from lineage_platform.catalog.withdrawals import Taken
from lineage_platform.files import Place
from lineage_platform.model.ranges import disjoint
from lineage_platform.model.withdrawals import words
from lineage_platform.recording.backend import Backend
from lineage_platform.transformations.parts import read_table

Range = tuple[int, int, int]
"""(first key, last key, withdrawal)"""


def refused(
    connection: Connection, backend: Backend, later: Later, sources: Sequence[str]
) -> list[tuple[int, int, str]]:
    """(first key, last key, words): disjoint, ascending ranges of the documents last read of some sources, with what took them
    back; where there are several withdrawals the first of them."""
    read = withdrawals.last_read(connection, sources)
    found: list[Range] = []
    looked_into = []
    for documents, taken in zip(read, withdrawals.taken(connection, read), strict=True):
        found += taken.ranges
        if taken.to_look_for:
            looked_into.append((documents.version, taken))
    files = withdrawals.files_of(connection, [version for version, _ in looked_into])
    for version, taken in looked_into:
        found += _looked_for(taken, later, [backend.store.path(file) for file in files.get(version, ())])
    return [(first, last, words(number)) for first, last, number in disjoint(found)]


def _looked_for(taken: Taken, later: Later, paths: Sequence[Place]) -> Iterator[Range]:
    wanted: dict[str, Mapping[Any, int]] = {
        "subject": _subjects(taken, later),
        "terms": taken.terms,
        "record_id": taken.records,
        "sha256": taken.texts,
    }
    columns = [name for name, values in wanted.items() if values]
    for path in paths if columns else ():
        table = read_table(path, ["document", *columns])
        for name in columns:
            column = table.column(name)
            rows = table.filter(pc.is_in(column, pa.array(list(wanted[name]), column.type)))
            for key, value in zip(
                rows.column("document").to_pylist(), rows.column(name).to_pylist(), strict=True
            ):
                yield key, key, wanted[name][value]


def _subjects(taken: Taken, later: Later) -> dict[bytes, int]:
    """The number of the withdrawal by every hash of a data subject."""
    keyed = [
        (item.subject, item.subject_key) for _, item in taken.subjects if item.subject and item.subject_key
    ]
    since = iter(later(keyed) if keyed else ())
    found: dict[bytes, int] = {}
    for number, item in taken.subjects:
        assert item.subject is not None  # noqa: S101 - that of a subject
        newer = next(since) if item.subject_key else ()
        found |= dict.fromkeys((*item.subject_earlier, item.subject, *newer), number)
    return found
