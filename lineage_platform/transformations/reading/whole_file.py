"""A text or Markdown file is one record, with the fields `text` and `path`."""

from __future__ import annotations

from collections.abc import Iterator

from lineage_platform.transformations.reading.records import Raw, Record, overlong, undecodable
from lineage_platform.transformations.reading.streams import TextStream


def read_whole(stream: TextStream, path: str, limit: int) -> Iterator[Record]:
    """The one record of a file, `limit` bytes at most. Raises DamagedStream."""
    pieces = []
    size = 0
    while piece := stream.read():
        size += len(piece)
        pieces.append(piece)
        if size > limit:
            pieces.clear()
    start = stream.position - size
    if size > limit:
        yield overlong(0, start, size, limit)
        return
    try:
        text = b"".join(pieces).decode()
    except UnicodeDecodeError as error:
        yield undecodable(0, start, error.start)
        return
    yield Raw(0, start, {"text": text, "path": path})
