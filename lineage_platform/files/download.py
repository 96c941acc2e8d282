"""Remote files read by ranges."""

from __future__ import annotations

import io
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from lineage_platform.files.storage import attempts

_LONGEST_WAIT = 20.0
_LONGEST_RUN = 16 * 1024**2
_OVERFLOW = "Failed to flush response stream"
"""What the AWS SDK says, and does not try again, when the error page of a server is longer than the range asked for."""


class Download(io.RawIOBase):
    """A position in an open remote file, of which there may be several; a read is one request.

    Raises OSError, which `reaching` and `outage` explain.
    """

    def __init__(self, source: Any) -> None:
        super().__init__()
        self._source = source
        self._at = 0
        self._size = int(source.size())

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position; returns it."""
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def tell(self) -> int:
        """The position."""
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        """Up to `size` bytes from the position."""
        wanted = self._size - self._at if size is None or size < 0 else size
        data = read_at(self._source, wanted, self._at)
        self._at += len(data)
        return data


def read_at(source: Any, size: int, offset: int) -> bytes:
    """A range of an open remote file."""
    return _patiently(lambda: source.read_at(size, offset))


def read_together(source: Any, ranges: Sequence[tuple[int, int]]) -> list[pa.Buffer]:
    """Ranges (offset, length) of an open remote file, those near each other by one request: what lies between them is less
    than they are, so that twice the bytes asked for are in memory at most."""
    order = sorted(range(len(ranges)), key=lambda number: ranges[number])
    runs: list[_Run] = []
    for number in order:
        offset, size = ranges[number]
        run = runs[-1] if runs else None
        near = run is not None and offset - run.end <= run.wanted and run.end - run.start < _LONGEST_RUN
        if run is None or not near:
            run = _Run(offset, offset)
            runs.append(run)
        run.end = max(run.end, offset + size)
        run.wanted += size
        run.numbers.append(number)
    found: dict[int, pa.Buffer] = {}
    for run in runs:
        data = pa.py_buffer(read_at(source, run.end - run.start, run.start))
        for number in run.numbers:
            offset, size = ranges[number]
            found[number] = data.slice(offset - run.start, size)
    return [found[number] for number in range(len(ranges))]


@dataclass
class _Run:
    start: int
    end: int
    wanted: int = 0
    numbers: list[int] = field(default_factory=list)


def _patiently(read: Callable[[], bytes]) -> bytes:
    """Try again what the SDK should have tried again."""
    for attempt in range(1, attempts()):
        try:
            return read()
        except OSError as error:
            if _OVERFLOW not in str(error):
                raise
        time.sleep(min(_LONGEST_WAIT, random.random() * 2**attempt))  # noqa: S311 - to spread out, not to hide
    return read()
