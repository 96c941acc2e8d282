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
        offset = stream.position - len(piece) - size
        first, *rest = piece.split(b"\n")
        size += len(first)
        held.append(first)
        if size > limit:
            held.clear()
        for data in rest:
            yield Line(offset, size, b"".join(held) if size <= limit else None)
            offset += size + 1
            size = len(data)
            held = [data] if size <= limit else []
    if size:
        yield Line(stream.position - size, size, b"".join(held) if size <= limit else None)
