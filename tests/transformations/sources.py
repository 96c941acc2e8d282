"""Sources in a temporary folder, for the tests of reading."""

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lineage_platform.model.definitions import DeclaredTerms, RecordFields, Source
from lineage_platform.model.versions import SnapshotFile
from lineage_platform.transformations.engine import Engine, quiet
from lineage_platform.transformations.reading.files import read_file
from lineage_platform.transformations.reading.locate import folder_of
from lineage_platform.transformations.reading.observation import observe
from lineage_platform.transformations.reading.records import Raw, Record, Unreadable
from lineage_platform.transformations.reading.streams import HashedFile, TextStream


def make_source(
    location: Path | str, kind: str, record: RecordFields | None = None, **settings: Any
) -> Source:
    """A source called `notes`."""
    return Source(
        id="notes",
        title="Notes",
        publisher="Jo",
        homepage=None,
        steward="jo@example.org",
        location=str(location),
        format=kind,  # type: ignore[arg-type]
        compression=settings.pop("compression", "auto"),
        record=record or RecordFields(),
        terms=(DeclaredTerms("MIT", "not-personal-data", "none"),),
        **settings,
    )


def observed(source: Source) -> tuple[SnapshotFile, ...]:
    """The files of a source."""
    return observe(source, engine=Engine(), progress=quiet)[1]


def records(source: Source, columns: Iterable[str] = ("text",)) -> list[Record]:
    """All records of all files of a source, whose ordinals are checked against what was reserved for them."""
    files = observed(source)
    ends = [file.first_ordinal for file in files[1:]] + [1 << 36]
    folder = folder_of(source)
    found: list[Record] = []
    for file, end in zip(files, ends, strict=True):
        of_file = list(read_file(source, folder, file, frozenset(columns)))
        ordinals = [record.ordinal for record in of_file]
        assert ordinals == sorted(set(ordinals))
        assert not ordinals or file.first_ordinal + ordinals[-1] < end
        found += of_file
    return found


def shown(found: Iterable[Record], field: str = "text") -> list[Any]:
    """The field of each record, or the reason of its fault."""
    return [item.fields.get(field) if isinstance(item, Raw) else str(item.reason) for item in found]


def faults(found: Iterable[Record]) -> list[Unreadable]:
    """The faults among records."""
    return [item for item in found if isinstance(item, Unreadable)]


class Drip(io.BytesIO):
    """A file that gives a few bytes at a time, as a pipe or a network may."""

    def __init__(self, data: bytes, most: int) -> None:
        super().__init__(data)
        self._most = most

    def read(self, size: int | None = -1) -> bytes:
        return super().read(self._most if size is None or size < 0 else min(size, self._most))


def drip(data: bytes, most: int, compression: Any = "none", encoding: str = "utf-8") -> TextStream:
    """The text of a file that drips."""
    return TextStream(HashedFile(Drip(data, most), "drip"), compression, encoding)
