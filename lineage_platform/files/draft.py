"""Local files that have their name only once they are whole."""

from __future__ import annotations

import secrets
from pathlib import Path
from types import TracebackType

import pyarrow as pa


class Draft(pa.OSFile):  # type: ignore[misc]  # PyArrow has no types
    """A file being written beside its place, under a name of its own; `close` gives it its name.

    So two tries of one task, of which one is thought to be lost, never write the same file, and nobody sees half of it.
    """

    _draft: Path
    _place: Path

    @classmethod
    def of(cls, where: Path) -> Draft:
        """A draft of the file at `where`; its folders are made where they are missing."""
        where.parent.mkdir(parents=True, exist_ok=True)
        draft = where.with_name(f".{where.name}.{secrets.token_hex(8)}")
        file = cls(str(draft), "wb")
        file._draft, file._place = draft, where
        return file

    def close(self) -> None:
        """The file is whole: it gets its name, and replaces what had it."""
        if not self.closed:
            super().close()
            self._draft.replace(self._place)

    def abandon(self) -> None:
        """The file will not be whole: nothing stays of it."""
        if not self.closed:
            super().close()
            self._draft.unlink(missing_ok=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close() if kind is None else self.abandon()
