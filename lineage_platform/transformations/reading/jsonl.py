"""JSON Lines: one JSON object a line."""

from __future__ import annotations

from collections.abc import Iterator

from lineage_platform.transformations.reading.json_object import parse_object
from lineage_platform.transformations.reading.lines import lines
from lineage_platform.transformations.reading.records import Record, overlong
from lineage_platform.transformations.reading.streams import TextStream


def read_jsonl(stream: TextStream, limit: int) -> Iterator[Record]:
    """The records of a file, `limit` bytes each at most. Raises DamagedStream."""
    ordinal = 0
    for line in lines(stream, limit):
        if line.data is None:
            yield overlong(ordinal, line.offset, line.size, limit)
        elif line.data and not line.data.isspace():
            yield parse_object(ordinal, line.offset, line.data)
        else:
            continue
        ordinal += 1
