"""From a source's location to its files, and to open file objects that never leave the location's folder.

The *base* of a location is the folder before the first wildcard; paths in a snapshot are relative to it, POSIX style.
"""

from __future__ import annotations

from typing import BinaryIO, NamedTuple, Protocol

from lineage_platform.errors import InvalidInput
from lineage_platform.model.definitions import Source
from lineage_platform.transformations.reading.distributions import installed_files, record_files
from lineage_platform.transformations.reading.local_folder import LocalFolder


class Located(NamedTuple):
    """A file of a source: path below the base, absolute path or URL, size as stored, when it last changed."""

    path: str
    address: str
    bytes: int
    changed: str


def locate(source: Source) -> list[Located]:
    """The files of a source in the order of their paths.

    Raises InvalidInput if there are none, or one of them cannot be looked at.
    """
    folder = folder_of(source)
    if source.format == "python-distributions":
        return _located(source, [path for path in installed_files(source) if folder.exists(path)])
    return _located(source, folder.matching())


def appearance(source: Source) -> list[tuple[str, int, str]]:
    """What `reading.appearance` says."""
    found = (
        _located(source, record_files(source)) if source.format == "python-distributions" else locate(source)
    )
    return [(file.path, file.bytes, file.changed) for file in found]


def _located(source: Source, paths: list[str]) -> list[Located]:
    if not paths:
        raise InvalidInput(
            f"{source.id}: location: got {source.location}, which matches no file; expected a path, glob or URL of files"
        )
    folder = folder_of(source)
    return [Located(path, folder.address(path), *folder.state(path)) for path in sorted(paths)]


def folder_of(source: Source) -> Folder:
    """The base of a source's location, for opening the files of a snapshot."""
    scheme, separator, rest = source.location.partition("://")
    if separator and scheme not in ("file", "local"):
        from lineage_platform.transformations.reading.remote_folder import RemoteFolder

        return RemoteFolder(source.location)
    return LocalFolder(rest if separator else source.location, source.format == "python-distributions")


class Folder(Protocol):
    """The base of a location; the methods say what they raise where they are written."""

    def matching(self) -> list[str]: ...  # noqa: D102
    def exists(self, path: str) -> bool: ...  # noqa: D102
    def address(self, path: str) -> str: ...  # noqa: D102
    def state(self, path: str) -> tuple[int, str]: ...  # noqa: D102
    def open(self, path: str) -> BinaryIO: ...  # noqa: D102
