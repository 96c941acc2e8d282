"""Observe a source: which files it has, their hashes, and how many record ordinals each file may need.

Keys are assigned before anything is parsed: each file owns a block of ordinals from a cheap upper bound on its records
(line ends for JSON Lines, CSV and TSV, commas for a JSON array, rows for Parquet, one for a text), so files can be read in any
order, by any worker, and give the same keys. Blocks have gaps; 36 bits leave room for them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
import rfc8785

from lineage_platform.errors import InvalidInput
from lineage_platform.model.definitions import Source
from lineage_platform.model.keys import MAX_ORDINAL
from lineage_platform.model.versions import SnapshotFile
from lineage_platform.transformations.engine import Engine, Progress
from lineage_platform.transformations.reading.locate import Located, folder_of, locate
from lineage_platform.transformations.reading.parquet import count_rows
from lineage_platform.transformations.reading.streams import (
    DamagedStream,
    HashedFile,
    TextStream,
    compression_of,
)

BATCH_BYTES = 32 << 20
BATCH_FILES = 2000

_SEPARATORS = {"jsonl": b"\n", "csv": b"\n", "tsv": b"\n", "json": b","}
_SPARE = 2  # the record after the last separator, and a fault for the rest of the file


class _HasBytes(Protocol):
    @property
    def bytes(self) -> int: ...


Sized = TypeVar("Sized", bound=_HasBytes)


def observe(source: Source, *, engine: Engine, progress: Progress) -> tuple[str, tuple[SnapshotFile, ...]]:
    """Snapshot digest (hex) and files of a source, in one pass over the bytes of every file.

    The digest is the SHA-256 of the canonical JSON (RFC 8785) of [path, sha256] pairs, in path order. Raises InvalidInput
    if the location matches no file, a file cannot be read, or records outnumber the ordinals of a snapshot.
    """
    tasks = [_Task(source, batch) for batch in batches(locate(source))]
    files = []
    first = 0
    for measured in engine.map(_measure, tasks, progress):
        for path, size, sha256, ordinals in measured:
            files.append(SnapshotFile(path, size, sha256, first))
            first += ordinals
    if first > MAX_ORDINAL:
        raise InvalidInput(
            f"{source.id}: got up to {first} records, expected at most {MAX_ORDINAL}; split the source"
        )
    return snapshot_digest(files), tuple(files)


def snapshot_digest(files: Iterable[SnapshotFile]) -> str:
    """The digest (hex) that names the content of a snapshot."""
    return hashlib.sha256(rfc8785.dumps([[file.path, file.sha256] for file in files])).hexdigest()


def batches(files: Sequence[Sized]) -> Iterator[tuple[Sized, ...]]:
    """Consecutive files that are worth one task: a large file, or small ones up to BATCH_BYTES and BATCH_FILES."""
    batch: list[Sized] = []
    size = 0
    for file in files:
        if batch and (size + file.bytes > BATCH_BYTES or len(batch) == BATCH_FILES):
            yield tuple(batch)
            batch, size = [], 0
        batch.append(file)
        size += file.bytes
    if batch:
        yield tuple(batch)


@dataclass(frozen=True)
class _Task:
    source: Source
    files: tuple[Located, ...]


def _measure(task: _Task) -> list[tuple[str, int, str, int]]:
    """Path, bytes, SHA-256 (hex) and upper bound on ordinals of each file."""
    folder = folder_of(task.source)
    measured = []
    for path, address, *_ in task.files:
        compression = compression_of(path, task.source.compression)
        with folder.open(path) as opened:
            hashed = HashedFile(opened, address)
            count = 0
            if task.source.format == "parquet":
                if compression != "none":
                    raise InvalidInput(
                        f"{address}: got {compression} compression, expected a plain Parquet file"
                    )
                count = count_rows(opened)
                opened.seek(0)
            elif task.source.format in _SEPARATORS:
                stream = TextStream(hashed, compression, task.source.encoding)
                count = _occurrences(stream, _SEPARATORS[task.source.format])
            sha256 = hashed.finish()
            measured.append((path, hashed.length, sha256, count + _SPARE))
    return measured


def _occurrences(stream: TextStream, separator: bytes) -> int:
    code, count = ord(separator), 0
    try:
        while piece := stream.read():
            count += int(np.count_nonzero(np.frombuffer(piece, np.uint8) == code))
    except DamagedStream:
        pass  # readers stop here too
    return count
