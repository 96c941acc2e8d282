"""A store in a local directory; its layout is that of `store.objects`.

A file becomes an object by a rename inside one file system, after its bytes are on disk: an object is whole or not there.
An object is visible to questions only through a committed row of the catalog. `sweep` deletes the others; its caller
holds a lease that keeps writers between `adopt` and their commit away.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
import stat
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lineage_platform.errors import LineageError, VerificationFailed
from lineage_platform.files import stream
from lineage_platform.model.versions import File, Part
from lineage_platform.store.claim import claim
from lineage_platform.store.objects import Swept, address, file_of, scratch_of, verify_bytes

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class LocalStore:
    """Objects and scratch folders under one root; made on first use, closed to other users."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, file: File) -> Path:
        """Where the bytes of a committed file are."""
        return self.root / address(file.sha256, file.name)

    def claim(self, deployment: str, own: Collection[str] = ()) -> None:
        """Write down whose the store is, before its first sweep; `own` are the SHA-256 and runs that it knows.

        Raises InvalidInput when it is another deployment's.
        """
        with full_disk(self.root):
            self._make(self.root)
            claim(self.root, deployment, self._names, own)

    def scratch(self, attempt: str) -> Path:
        """A folder for one attempt, made if it is not there."""
        folder = self.root / scratch_of(attempt)
        with full_disk(self.root):
            self._make(folder)
        return folder

    def adopt(self, parts: Iterable[Part]) -> list[File]:
        """Turn parts into objects. Calm about a part that is an object already, and about a second call.

        Raises VerificationFailed when a part is missing or not as long as it says, LineageError when the disk is full.
        """
        adopted: list[File] = []
        folders: set[Path] = set()
        with full_disk(self.root):
            for part in parts:
                file = file_of(part)
                folders.add(self._place(Path(part.path), file))
                adopted.append(file)
            for folder in sorted(folders):
                _sync(folder)
        return adopted

    def put_bytes(self, name: str, role: str, data: bytes) -> File:
        """Store a small object. Raises LineageError when the disk is full."""
        file = File(name, role, hashlib.sha256(data).hexdigest(), len(data), 0)
        with full_disk(self.root):
            drafts = self.root / "scratch"
            self._make(drafts)
            draft = drafts / f".{secrets.token_hex(16)}"
            try:
                draft.write_bytes(data)
                _sync(self._place(draft, file))
            finally:
                draft.unlink(missing_ok=True)
        return file

    def verify(self, file: File) -> None:
        """Raises VerificationFailed unless the bytes of `file` are there and have its length and digest."""
        path = self.path(file)
        verify_bytes(file, path, stream(path))

    def discard(self, attempt: str) -> None:
        """Forget what an attempt has written; calm when there is nothing."""
        shutil.rmtree(self.root / scratch_of(attempt), ignore_errors=True)

    def attempts(self) -> set[str]:
        """Names of everything in the scratch folder."""
        return {path.name for path in (self.root / "scratch").glob("*")}

    def sweep(self, keep: Collection[str], forget: Collection[str]) -> Swept:
        """Delete objects whose SHA-256 is not in `keep`, and what is called as `forget` says in the scratch folder.

        The caller holds the lease of the files, so nobody adopts meanwhile; attempts may begin.
        """
        objects = freed = 0
        for path in self._objects():
            if path.name.partition(".")[0] not in keep:
                freed += path.stat().st_size
                path.unlink()
                objects += 1
        for name in forget:
            path = self.root / "scratch" / name
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        return Swept(objects, freed, len(forget))

    def fault(self, error: BaseException) -> LineageError | None:
        """What to say when `error`, or what caused it, is that no more can be written; None for other errors."""
        return disk_full(error, self.root)

    def _objects(self) -> Iterator[Path]:
        return (self.root / "objects").glob("??/*")

    def _names(self) -> Iterator[str]:
        """SHA-256 of the objects, and attempts; what `put_bytes` is writing has no name yet."""
        yield from (path.name.partition(".")[0] for path in self._objects())
        yield from (name for name in self.attempts() if not name.startswith("."))

    def _place(self, source: Path, file: File) -> Path:
        """Rename `source` to its object; returns the folder, whose entry is not on disk yet."""
        target = self.path(file)
        folder = target.parent
        try:
            descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            if _length(target) == file.bytes:
                return folder
            raise VerificationFailed(f"{file.name}: {source} is gone before it was adopted") from None
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode) or found.st_size != file.bytes:
                raise VerificationFailed(
                    f"{file.name}: {source} has {found.st_size} bytes, expected {file.bytes}"
                )
            os.fchmod(descriptor, 0o444)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self._make(folder)
        source.replace(target)
        return folder

    def _make(self, folder: Path) -> None:
        """Make a folder of the store, and those above it, so that it outlives a crash."""
        if folder.is_dir():
            return
        if folder != self.root:
            self._make(folder.parent)
            folder.mkdir(mode=0o700, exist_ok=True)
        else:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sync(folder.parent)


@contextmanager
def full_disk(root: Path) -> Iterator[None]:
    """Raises LineageError in place of the operating system's errors about space."""
    try:
        yield
    except OSError as error:
        full = disk_full(error, root)
        if full is None:
            raise
        raise full from error


def disk_full(error: BaseException, root: Path) -> LineageError | None:
    """What to say when `error`, or what caused it, is that no more can be written under `root`; None for other errors."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in _FULL:
            return LineageError(
                f"no space left to write under {root} ({os.strerror(seen.errno)}): nothing of this attempt was kept; "
                "free space and run again"
            )
        seen = seen.__cause__ or seen.__context__
    return None


def _length(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
