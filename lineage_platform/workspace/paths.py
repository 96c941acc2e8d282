"""Which files a workspace may name: those under it, and under the folders that the settings allow.

Checked on what a path leads to, not on how it is written: symbolic links and every file that a glob finds are followed.
Our own state (LINEAGE_HOME: keys, database; the store, wherever it is) is never a source.
"""

from __future__ import annotations

import glob
import hashlib
import os
import re
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from lineage_platform.files.places import Place, Remote
from lineage_platform.settings import Settings

URL_SCHEMES = ("s3", "gs", "az", "https")
PYTHON = "python"
"""The location that stands for the packages of the running interpreter."""


class PathProblem(Exception):
    """A location that may not be read: what was got, what was expected."""

    def __init__(self, got: str, expected: str) -> None:
        self.got = got
        self.expected = expected
        super().__init__(f"got {got}, expected {expected}")


@dataclass(frozen=True)
class Roots:
    """The real folders that may be read, and the places that may not."""

    workspace: Path
    allowed: tuple[Path, ...]
    home: Path
    store: Place

    @classmethod
    def of(cls, workspace: Path, settings: Settings) -> Roots:
        """The roots of a workspace under these settings; every path is resolved."""
        allowed = tuple(path.resolve() for path in settings.allow_paths)
        return cls(workspace.resolve(), allowed, settings.home.resolve(), settings.store)

    def location(self, written: str, *, directory: bool = False) -> str:
        """The absolute path, glob or URL of a source's location. `directory` asks for a folder of Python packages.

        Raises PathProblem for anything unsafe, and where there is no such file, or nothing that a glob matches.
        """
        if "://" in written:
            return self._url(written)
        if directory and written == PYTHON:
            return sysconfig.get_path("purelib")
        path = self._inside(written)
        if directory:
            self._check(path, written)
            if not Path(path).is_dir():
                raise PathProblem(repr(written), f"`{PYTHON}`, or a folder of installed packages")
        elif glob.has_magic(written) and not os.path.lexists(path):
            self._check_matches(written, path)
        else:
            self.file(written)
            self._check(path, written, Path(path).parent)
        return path

    def file(self, written: str) -> Path:
        """The absolute path of one existing file; raises PathProblem."""
        path = self._inside(written)
        self._check(path, written)
        if not os.path.lexists(path):
            raise PathProblem(f"{written!r}, which does not exist", "an existing file")
        if not Path(path).is_file():
            raise PathProblem(
                f"{written!r}, which is no regular file", "a file, or a glob such as 'data/*.json'"
            )
        return Path(path)

    def _inside(self, written: str) -> str:
        path = os.path.normpath(self.workspace / written)
        if not self._reaches(path):
            if Path(written).is_absolute():
                raise PathProblem(repr(written), "a relative path, or a folder listed in LINEAGE_ALLOW_PATHS")
            raise PathProblem(f"{written!r}, which leaves the workspace", "a path inside the workspace")
        return path

    def _reaches(self, path: str) -> bool:
        return any(Path(path).is_relative_to(root) for root in (self.workspace, *self.allowed))

    def _check(self, path: str, written: str, base: Path | None = None) -> None:
        """Refuse what leads out of the readable folders, or out of `base`, or into our own state."""
        real = os.path.realpath(path)
        shown = repr(written) if not glob.has_magic(written) else f"{written!r}: {Path(path).name}"
        if not self._reaches(real):
            raise PathProblem(f"{shown}, a link that leaves the workspace", "files inside the workspace")
        if Path(real).is_relative_to(self.home):
            raise PathProblem(f"{shown}, which is inside LINEAGE_HOME", "data, not the platform's own state")
        if isinstance(self.store, Path) and Path(real).is_relative_to(self.store):
            raise PathProblem(f"{shown}, which is inside the store", "data, not the platform's own state")
        if base is not None and not Path(real).is_relative_to(base.resolve()):
            raise PathProblem(f"{shown}, a link that leaves its folder", f"files inside {base.name}/")

    def _url(self, written: str) -> str:
        url = _url(written)
        if isinstance(self.store, Remote) and f"{url}/".startswith(f"{self.store}/"):
            raise PathProblem(f"{written!r}, which is inside the store", "data, not the platform's own state")
        return url

    def _check_matches(self, written: str, pattern: str) -> None:
        if glob.has_magic(str(self.workspace)) and not Path(written).is_absolute():
            raise PathProblem(repr(str(self.workspace)), "a workspace without *, ? and [ in its path")
        parts = Path(pattern).parts
        base = Path(*parts[: next(place for place, part in enumerate(parts) if glob.has_magic(part))])
        found = False
        for match in glob.iglob(pattern, recursive=True):  # noqa: PTH207 - Path.glob takes hidden files
            if not Path(match).is_dir():
                self._check(match, written, base)
                found = True
        if not found:
            raise PathProblem(f"{written!r}, which matches no file", "a glob that matches at least one file")


def installed_distributions(site_packages: str) -> frozenset[str]:
    """Normalised names (PEP 503) of what is installed in a folder."""
    folders = Path(site_packages).glob("*.dist-info")
    return frozenset(
        normalised(folder.name.removesuffix(".dist-info").rsplit("-", 1)[0]) for folder in folders
    )


def normalised(distribution: str) -> str:
    """The name of a distribution as PEP 503 normalises it."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _url(written: str) -> str:
    try:
        parts = urlsplit(written)
    except ValueError:
        raise PathProblem("an address that is no URL", f"a URL of {', '.join(URL_SCHEMES)}") from None
    if parts.username is not None or parts.password is not None:
        raise PathProblem(
            "a URL with a user or password in it", "a URL without secrets; use the environment for them"
        )
    if parts.scheme not in URL_SCHEMES or not parts.netloc:
        raise PathProblem(repr(written), f"a path, or a URL of {', '.join(URL_SCHEMES)}")
    return written
