"""Local files of a location, opened so that no link leads out of the location's base."""

from __future__ import annotations

import glob
import os
import stat
from pathlib import Path
from typing import BinaryIO, cast

from lineage_platform.errors import InvalidInput


class LocalFolder:
    """The base of a local location: the folder before the first wildcard, or with `whole` the location itself."""

    def __init__(self, location: str, whole: bool) -> None:
        self._location = location
        exact = not glob.has_magic(location) or os.path.lexists(location)
        base = Path(location) if whole else Path(location).parent
        if not exact:
            parts = Path(location).parts
            fixed = next(i for i, part in enumerate(parts) if glob.has_magic(part))
            base = Path(*parts[:fixed])
        self._exact = exact
        self._base = os.path.abspath(base)  # noqa: PTH100 - links stay as they are written
        self._real_base = os.path.realpath(base)

    def matching(self) -> list[str]:
        """Paths below the base of the files that the location names."""
        if self._exact:
            found = [self._location] if os.path.lexists(self._location) else []
        else:
            found = glob.glob(self._location, recursive=True)  # noqa: PTH207 - pathlib's globs miss links
        if self._exact and found and Path(self._location).is_dir():
            raise InvalidInput(
                f"location: got the folder {self._location}, expected files, such as {self._location}/*"
            )
        return [os.path.relpath(name, self._base) for name in found if not Path(name).is_dir()]

    def exists(self, path: str) -> bool:
        """Whether there is a file of that path."""
        return os.path.lexists(self.address(path))

    def address(self, path: str) -> str:
        """Absolute path of a file."""
        return os.path.join(self._base, path)  # noqa: PTH118 - hot, and a string is wanted

    def state(self, path: str) -> tuple[int, str]:
        """Bytes of a file as stored, and when it changed (nanoseconds). Raises InvalidInput where there is none."""
        try:
            found = os.stat(self.address(path))  # noqa: PTH116 - hot
        except OSError as error:
            raise InvalidInput(f"{self.address(path)}: cannot be read: {error.strerror}") from error
        return found.st_size, str(found.st_mtime_ns)

    def open(self, path: str) -> BinaryIO:
        """A file, unbuffered. Raises InvalidInput if it cannot be read or a link leads out of the base."""
        address = self.address(path)
        try:
            path.encode()
            descriptor = os.open(address, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except UnicodeEncodeError as error:
            raise InvalidInput(f"{address!r}: got a file name that is not UTF-8; rename the file") from error
        except OSError as error:
            raise InvalidInput(f"{address}: cannot be read: {error.strerror}") from error
        file = cast("BinaryIO", os.fdopen(descriptor, "rb", buffering=0))
        problem = self._problem(descriptor, address)
        if problem:
            file.close()
            raise InvalidInput(f"{address}: {problem}")
        return file

    def _problem(self, descriptor: int, address: str) -> str | None:
        """Why an open file must not be read: judged by the file itself, so that no link can change in between."""
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return "not a regular file"
        try:
            real = os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115 - hot
        except OSError:
            real = os.path.realpath(address)
        if not real.startswith(os.path.join(self._real_base, "")):  # noqa: PTH118 - with a slash at the end
            return f"a link leads to {real}, out of {self._base}"
        return None
