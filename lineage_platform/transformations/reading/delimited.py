"""CSV (RFC 4180) and tab-separated values, quoted alike; the first record names the columns. All values are text.

An empty line is no record. Faults: another number of columns than the header has; a quote that is not closed, or is
closed inside a field, which costs the line it opens in and no other; a quoted field that goes on beyond the limit,
which costs all of it. A header that names a column twice, or cannot be read, is one fault for the whole file.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from lineage_platform.model.decisions import Reason
from lineage_platform.transformations.reading.lines import Line, lines
from lineage_platform.transformations.reading.records import Raw, Record, Unreadable, overlong, undecodable
from lineage_platform.transformations.reading.streams import TextStream


def read_delimited(stream: TextStream, limit: int, delimiter: str) -> Iterator[Record]:
    """The records of a file, `limit` bytes each at most. Raises DamagedStream."""
    rows = _Rows(stream, limit, delimiter)
    header = next(rows, None)
    if header is None:
        return
    if header.fault is not None:
        yield header.fault
        return
    columns = header.values
    if len(set(columns)) != len(columns):
        yield Unreadable(
            0, header.offset, Reason.MALFORMED_RECORD, "the header names a column twice; the file is not read"
        )
        return
    for ordinal, row in enumerate(rows):
        if row.fault is not None:
            yield row.fault._replace(ordinal=ordinal)
        elif len(row.values) != len(columns):
            detail = f"{len(row.values)} columns, expected {len(columns)}"
            yield Unreadable(ordinal, row.offset, Reason.MALFORMED_RECORD, detail)
        else:
            yield Raw(ordinal, row.offset, dict(zip(columns, row.values, strict=True)))


class _Row(NamedTuple):
    offset: int
    values: list[str]
    fault: Unreadable | None = None


class _TooLong(Exception):
    """A quoted field goes on beyond the limit."""


class _Rows(Iterator[_Row]):
    def __init__(self, stream: TextStream, limit: int, delimiter: str) -> None:
        csv.field_size_limit(max(csv.field_size_limit(), limit))
        self._lines = lines(stream, limit)
        self._again: deque[Line] = deque()  # lines after one whose quote was not closed
        self._limit = limit
        self._delimiter = delimiter

    def __next__(self) -> _Row:
        while True:
            line = self._next_line()
            if line is None:
                raise StopIteration
            if line.data is None:
                return _Row(line.offset, [], overlong(0, line.offset, line.size, self._limit))
            data = line.data.removesuffix(b"\r")
            if b'"' in data:
                return self._quoted(line)
            if data:
                try:
                    return _Row(line.offset, data.decode().split(self._delimiter))
                except UnicodeDecodeError as error:
                    return _Row(line.offset, [], undecodable(0, line.offset, error.start))

    def _next_line(self) -> Line | None:
        return self._again.popleft() if self._again else next(self._lines, None)

    def _quoted(self, first: Line) -> _Row:
        taken = [first]

        def texts() -> Iterator[str]:
            line: Line | None = first
            size = 0
            while line is not None:
                size += line.size
                if line.data is None or size > self._limit:
                    raise _TooLong
                yield line.data.decode("utf-8", "surrogateescape") + "\n"
                line = self._next_line()
                if line is not None:
                    taken.append(line)

        try:
            values = next(csv.reader(texts(), delimiter=self._delimiter, strict=True))
            "".join(values).encode()
        except csv.Error:
            self._again.extendleft(reversed(taken[1:]))
            detail = "a quote that is not closed, or is closed inside a field"
            fault = Unreadable(0, first.offset, Reason.MALFORMED_RECORD, detail)
        except _TooLong:
            fault = overlong(0, first.offset, self._rest_of_field(taken), self._limit)
        except UnicodeEncodeError:
            data = b"\n".join(line.data or b"" for line in taken)
            fault = undecodable(0, first.offset, _undecodable_at(data))
        else:
            return _Row(first.offset, values)
        return _Row(first.offset, [], fault)

    def _rest_of_field(self, taken: list[Line]) -> int:
        """Pass over the lines up to the one that closes the field; returns the bytes of the whole record."""
        quotes = sum(line.data.count(b'"') for line in taken if line.data is not None)
        last: Line | None = taken[-1]
        while quotes % 2 and last is not None and last.data is not None:
            line = self._next_line()
            if line is None:
                break
            last = line
            quotes += line.data.count(b'"') if line.data is not None else 0
        return last.offset + last.size - taken[0].offset if last is not None else 0


def _undecodable_at(data: bytes) -> int:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return error.start
    return 0
