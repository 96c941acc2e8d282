"""One file of a snapshot as raw records, verified against the hash it had when it was observed."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from lineage_platform.errors import InvalidInput
from lineage_platform.model.decisions import Reason
from lineage_platform.model.definitions import Source
from lineage_platform.model.versions import SnapshotFile
from lineage_platform.transformations.reading.delimited import read_delimited
from lineage_platform.transformations.reading.distributions import Installed
from lineage_platform.transformations.reading.json_array import read_json_array
from lineage_platform.transformations.reading.jsonl import read_jsonl
from lineage_platform.transformations.reading.locate import Folder
from lineage_platform.transformations.reading.parquet import read_parquet
from lineage_platform.transformations.reading.records import Raw, Record, Unreadable
from lineage_platform.transformations.reading.streams import (
    DamagedStream,
    HashedFile,
    TextStream,
    compression_of,
)
from lineage_platform.transformations.reading.whole_file import read_whole


def read_file(
    source: Source,
    folder: Folder,
    file: SnapshotFile,
    columns: Collection[str],
    opaque: Collection[str] = (),
    installed: Installed | None = None,
) -> Iterator[Record]:
    """The records and faults of a file, in order, with at least those of `columns` that it has;
    of `opaque` ones the bytes of a Parquet file are given as they are.

    Raises InvalidInput if the file cannot be read, or, after its last record, if it is not the file that was observed.
    """
    with folder.open(file.path) as opened:
        hashed = HashedFile(opened, folder.address(file.path))
        if source.format == "parquet":
            _verify(hashed, file)
            opened.seek(0)
            yield from read_parquet(opened, columns, opaque)
            opened.seek(0)
            _verify(HashedFile(opened, folder.address(file.path)), file)
            return
        stream = TextStream(hashed, compression_of(file.path, source.compression), source.encoding)
        last = -1
        try:
            for record in _read_text(source, stream, file.path):
                last = record.ordinal
                if installed is not None and isinstance(record, Raw):
                    record = record._replace(fields={**record.fields, **vars(installed)})
                yield record
        except DamagedStream as damage:
            detail = f"{damage}; what follows byte {stream.position} of the text is lost"
            yield Unreadable(last + 1, stream.position, Reason.TRUNCATED_FILE, detail)
        _verify(hashed, file)


def _read_text(source: Source, stream: TextStream, path: str) -> Iterator[Record]:
    limit = source.max_record_bytes
    match source.format:
        case "jsonl":
            return read_jsonl(stream, limit)
        case "json":
            return read_json_array(stream, limit)
        case "csv":
            return read_delimited(stream, limit, ",")
        case "tsv":
            return read_delimited(stream, limit, "\t")
        case _:
            return read_whole(stream, path, limit)


def _verify(hashed: HashedFile, file: SnapshotFile) -> None:
    sha256 = hashed.finish()
    if sha256 != file.sha256 or hashed.length != file.bytes:
        raise InvalidInput(
            f"{file.path}: changed while being read: got SHA-256 {sha256}, expected {file.sha256}; observe the source again"
        )
