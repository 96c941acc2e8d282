"""Files behind fsspec: an object store, or whatever file system the scheme of a location's URL names."""

from __future__ import annotations

import glob
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs

from lineage_platform.errors import InvalidInput
from lineage_platform.files import outage
from lineage_platform.files.storage import file_system

_MARKS = (
    "version_id",
    "ETag",
    "etag",
    "md5Hash",
    "LastModified",
    "last_modified",
    "updated",
    "mtime",
    "created",
)


class RemoteFolder:
    """The base of a URL: what comes before the first wildcard's folder."""

    def __init__(self, location: str) -> None:
        self._files: AbstractFileSystem
        self._pattern: str
        try:
            self._files, self._pattern = (
                _s3(location) if location.startswith("s3://") else url_to_fs(location)
            )
        except (ValueError, ImportError) as error:
            raise InvalidInput(f"location: got {location}: {error}") from error
        fixed = []
        for part in self._pattern.split("/")[:-1]:
            if glob.has_magic(part):
                break
            fixed.append(part)
        self._base = "/".join(fixed) + "/"

    def matching(self) -> list[str]:
        """Paths below the base of the files that the location names."""
        return [name.removeprefix(self._base) for name in self._found() if not self._call("isdir", name)]

    def _found(self) -> Iterator[str]:
        found = self._call("glob", self._pattern) if glob.has_magic(self._pattern) else [self._pattern]
        return (name for name in found if self._call("exists", name))

    def exists(self, path: str) -> bool:
        """Whether there is a file of that path."""
        return bool(self._call("exists", self._base + path))

    def address(self, path: str) -> str:
        """URL of a file."""
        return str(self._files.unstrip_protocol(self._base + path))

    def state(self, path: str) -> tuple[int, str]:
        """Bytes of a file as stored, and its version, entity tag or time, whichever the store has."""
        details = self._call("info", self._base + path)
        mark = next((str(details[name]) for name in _MARKS if details.get(name)), "")
        return int(details.get("size") or 0), mark

    def open(self, path: str) -> BinaryIO:
        """A seekable file. Raises InvalidInput if it cannot be read."""
        return cast("BinaryIO", self._call("open", self._base + path, "rb"))

    def _call(self, method: str, *arguments: str) -> Any:
        try:
            return getattr(self._files, method)(*arguments)
        except (OSError, ValueError) as error:
            lost = outage(error)
            if lost is not None:
                raise lost from error
            raise InvalidInput(
                f"{self._files.unstrip_protocol(arguments[0])}: cannot be read: {error}"
            ) from error


def _s3(location: str) -> tuple[AbstractFileSystem, str]:
    """The file system that the store is on, too: its endpoint, credentials, timeouts and tries."""
    from lineage_platform.transformations.reading.s3_files import S3Files

    return S3Files(file_system()), location.removeprefix("s3://")
