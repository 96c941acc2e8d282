"""A store on object storage; its layout is that of `store.objects`, below a prefix of a bucket.

An attempt streams its parts to its scratch folder; `adopt` copies them inside object storage to where their digests say.
An object is whole or not there. Nothing is listed but an attempt's own scratch folder when it ends, and the store when it
is swept. What a killed process had begun to upload in several parts is no object: a lifecycle rule of the bucket takes it
away (docs/settings.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

from lineage_platform.errors import LineageError, VerificationFailed
from lineage_platform.files import Remote, copy, create, length, outage, place, reaching, remove_tree, stream
from lineage_platform.files.storage import file_system
from lineage_platform.model.versions import File, Part
from lineage_platform.store.claim import claim
from lineage_platform.store.objects import Swept, address, file_of, scratch_of, verify_bytes

if TYPE_CHECKING:
    from pyarrow.fs import FileInfo

_CONNECTIONS = 16
_Item = TypeVar("_Item")
_Outcome = TypeVar("_Outcome")


class RemoteStore:
    """Objects and scratch folders under one prefix. Every method raises Unavailable when object storage fails."""

    def __init__(self, root: Remote) -> None:
        self.root = root

    def path(self, file: File) -> Remote:
        """Where the bytes of a committed file are."""
        return self.root / address(file.sha256, file.name)

    def claim(self, deployment: str, own: Collection[str] = ()) -> None:
        """Write down whose the store is, before its first sweep; `own` are the SHA-256 and runs that it knows.

        Raises InvalidInput when it is another deployment's.
        """
        claim(self.root, deployment, self._names, own)

    def scratch(self, attempt: str) -> Remote:
        """A folder for one attempt; there are no folders to make."""
        return self.root / scratch_of(attempt)

    def adopt(self, parts: Iterable[Part]) -> list[File]:
        """Turn parts into objects. Calm about a part that is an object already, and about a second call.

        Raises VerificationFailed when a part is missing or not as long as it says.
        """
        return _together(self._adopt, parts)

    def put_bytes(self, name: str, role: str, data: bytes) -> File:
        """Store a small object."""
        file = File(name, role, hashlib.sha256(data).hexdigest(), len(data), 0)
        with reaching(self.root), create(self.path(file)) as new:
            new.write(data)
        return file

    def verify(self, file: File) -> None:
        """Raises VerificationFailed unless the bytes of `file` are there and have its length and digest."""
        path = self.path(file)
        verify_bytes(file, path, stream(path))

    def discard(self, attempt: str) -> None:
        """Forget what an attempt has written; calm when there is nothing."""
        remove_tree(self.scratch(attempt))

    def attempts(self) -> set[str]:
        """Names of everything in the scratch folder."""
        return {found.base_name for found in self._list("scratch")}

    def sweep(self, keep: Collection[str], forget: Collection[str]) -> Swept:
        """Delete objects whose SHA-256 is not in `keep`, and what is called as `forget` says in the scratch folder.

        The caller holds the lease of the files, so nobody adopts meanwhile; attempts may begin.
        """
        _together(lambda name: remove_tree(self.root / f"scratch/{name}"), forget)

        def lost(folder: FileInfo) -> list[FileInfo]:
            return [found for found in self._objects(folder) if found.base_name.partition(".")[0] not in keep]

        swept = [found for listed in _together(lost, self._list("objects")) for found in listed]
        _together(self._delete, swept)
        sizes = [found.size for found in swept]
        return Swept(len(sizes), sum(sizes), len(forget))

    def fault(self, error: BaseException) -> LineageError | None:
        """What to say when `error`, or what caused it, is that object storage fails; None for other errors."""
        return outage(error, self.root)

    def _adopt(self, part: Part) -> File:
        file = file_of(part)
        target, source = self.path(file), place(part.path)
        found = length(source)
        if found is None:
            if length(target) == file.bytes:
                return file
            raise VerificationFailed(f"{file.name}: {source} is gone before it was adopted")
        if found != file.bytes or not isinstance(source, Remote):
            raise VerificationFailed(
                f"{file.name}: {source} has {found} bytes, expected {file.bytes} in {self.root}"
            )
        if source != target:  # also onto an object of that length, whose bytes may have rotted
            copy(source, target, found)
        return file

    def _objects(self, folder: FileInfo) -> Iterator[FileInfo]:
        return (found for found in self._list(f"objects/{folder.base_name}") if found.is_file)

    def _names(self) -> Iterator[str]:
        """SHA-256 of the objects, and attempts."""
        for folder in self._list("objects"):
            yield from (found.base_name.partition(".")[0] for found in self._objects(folder))
        yield from self.attempts()

    def _list(self, folder: str) -> Iterator[FileInfo]:
        from pyarrow.fs import FileSelector

        with reaching(self.root):
            found = file_system().get_file_info(
                FileSelector((self.root / folder).address, allow_not_found=True)
            )
        return (item for item in found if item.base_name)

    def _delete(self, found: FileInfo) -> None:
        with reaching(self.root):
            file_system().delete_file(found.path)


def _together(work: Callable[[_Item], _Outcome], items: Iterable[_Item]) -> list[_Outcome]:
    """The outcome for each item, in order; some at the same time, since each waits for the network."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        return list(pool.map(work, items))
