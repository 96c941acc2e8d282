"""Opening, reading, writing and removing files, whatever kind of place they are in."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from lineage_platform.files.faults import reaching
from lineage_platform.files.places import Place, Remote
from lineage_platform.files.storage import file_system

if TYPE_CHECKING:
    import pyarrow as pa

    from lineage_platform.files.draft import Draft
    from lineage_platform.files.upload import Upload

Ranges = Sequence[tuple[int, int]]
"""(offset, length) of some bytes of a file."""

_CONNECTIONS = 16


def open_input(where: Place) -> pa.NativeFile:
    """A file to read at any position: mapped into memory where local, else read by ranges.

    Raises FileNotFoundError, Unavailable.
    """
    import pyarrow as pa

    if isinstance(where, Path):
        return pa.memory_map(str(where))
    from lineage_platform.files.download import Download

    with reaching(where):
        return pa.PythonFile(Download(file_system().open_input_file(where.address)), "r")


def create(where: Place) -> Draft | Upload:
    """A new file to write from its beginning; closing it makes it whole. Folders are made where they are missing.

    No file is there before `close`, which puts it in place of an older one; `abandon` closes one that will not be whole,
    of which nothing stays. Raises Unavailable, as the file itself does.
    """
    if isinstance(where, Path):
        from lineage_platform.files.draft import Draft

        return Draft.of(where)
    from lineage_platform.files.upload import Upload

    return Upload(where)


def read_bytes(where: Place) -> bytes:
    """All bytes of a small file. Raises FileNotFoundError, Unavailable."""
    if isinstance(where, Path):
        return where.read_bytes()
    with reaching(where), open_input(where) as file:
        return bytes(file.read())


def stream(where: Place) -> Iterator[bytes]:
    """All bytes of a file, piece by piece. Raises FileNotFoundError, IsADirectoryError, Unavailable."""
    if isinstance(where, Path):
        with where.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece
        return
    with reaching(where), open_input(where) as remote:
        while data := remote.read(_CHUNK):
            yield data


def read_ranges(wanted: Sequence[tuple[Place, Ranges]]) -> list[list[pa.Buffer]]:
    """Some ranges of each of some files that are never written again; remote ones are asked for at the same time.

    Local buffers are mapped, not copied. Raises FileNotFoundError, Unavailable.
    """
    if len(wanted) < 2 or isinstance(wanted[0][0], Path):
        return [_read(where, ranges) for where, ranges in wanted]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(_CONNECTIONS, len(wanted))) as pool:
        return list(pool.map(lambda item: _read(*item), wanted))


def _read(where: Place, ranges: Ranges) -> list[pa.Buffer]:
    if not ranges:
        return []
    if isinstance(where, Remote):
        from lineage_platform.files.download import read_together

        with reaching(where):
            return read_together(_opened(where, os.getpid()), ranges)
    with open_input(where) as file:
        found = []
        for offset, size in ranges:
            file.seek(offset)
            found.append(file.read_buffer(size))
        return found


@lru_cache(maxsize=4096)
def _opened(where: Remote, _process: int) -> pa.NativeFile:
    """Opening asks for the length; a file that is read from often is asked once."""
    return file_system().open_input_file(where.address)


def length(where: Place) -> int | None:
    """Bytes of a file; None where there is none."""
    try:
        if isinstance(where, Path):
            return where.stat().st_size
        with open_input(where) as file, reaching(where):
            return int(file.size())
    except FileNotFoundError:
        return None


def release(files: Iterable[Place]) -> None:
    """Files of an attempt that nobody reads any more: local ones go now, remote ones together when the attempt ends.

    One request takes a thousand objects of a folder away, while one object by its name takes three.
    """
    for where in files:
        if isinstance(where, Path):
            where.unlink()


def release_tree(folder: Place) -> None:
    """A folder of an attempt that nobody reads any more: a local one goes now, a remote one when the attempt ends."""
    if isinstance(folder, Path):
        remove_tree(folder)


def remove_tree(folder: Place) -> None:
    """Remove a folder and what is in it; calm when there is nothing. Remotely this lists what is there."""
    if isinstance(folder, Path):
        shutil.rmtree(folder, ignore_errors=True)
        return
    with reaching(folder):
        try:
            file_system().delete_dir(folder.address)
        except FileNotFoundError:
            return


def copy(source: Remote, target: Remote, size: int) -> None:
    """Copy an object of `size` bytes inside object storage; above what one request may copy, through this machine."""
    with reaching(source):
        if size <= COPY_BYTES:
            file_system().copy_file(source.address, target.address)
            return
        with open_input(source) as old, create(target) as new:
            while data := old.read_buffer(_CHUNK):
                new.write(data)


COPY_BYTES = 5 * 1024**3
"""The most that one CopyObject request copies (Amazon S3 API reference, CopyObject)."""

_PIECE = 1 << 20
_CHUNK = 16 * 1024**2
