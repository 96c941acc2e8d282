"""Lines of a text stream, with their offsets; a line over the limit is passed over, not held."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lineage_platform.transformations.reading.streams import TextStream


class Line(NamedTuple):
    """A line without its LF; `data` is None for a line longer than the limit."""

    offset: int
    size: int
    data: bytes | None


def lines(stream: TextStream, limit: int) -> Iterator[Line]:
    """Every line of a stream, the last one also without a LF. Raises DamagedStream, dropping the line begun."""
    held: list[bytes] = []  # pieces of the line begun, none once it is longer than the limit
    size = 0
    while piece := stream.read():
        base = stream.position - len(piece)
        start = 0
        while (end := piece.find(b"\n", start)) >= 0:
            size += end - start
            if size > limit:
                yield Line(base + end - size, size, None)
            else:
                data = piece[start:end]
                yield Line(base + end - size, size, b"".join([*held, data]) if held else data)
            held.clear()
            size = 0
            start = end + 1
        held.append(piece[start:])
        size += len(piece) - start
        if size > limit:
            held.clear()
    if size:
        yield Line(stream.position - size, size, b"".join(held) if size <= limit else None)
