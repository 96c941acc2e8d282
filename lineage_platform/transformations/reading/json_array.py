"""A JSON array of objects, element by element: a kernel finds where elements end, so the array is never held whole.

A file that is not one array is one fault, as is what follows the array. A broken element is a fault of its own as long
as its quotes and brackets are in pairs; else what follows it to the end of the array belongs to it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from lineage_platform.model.decisions import Reason
from lineage_platform.transformations.buffers import Bytes, kernel
from lineage_platform.transformations.reading.json_object import parse_object
from lineage_platform.transformations.reading.records import Record, Unreadable, overlong
from lineage_platform.transformations.reading.streams import TextStream

_WHITE = b" \t\r\n"
_QUOTE, _BACKSLASH, _COMMA = ord('"'), ord("\\"), ord(",")
_OPEN, _CLOSE = (ord("["), ord("{")), (ord("]"), ord("}"))


def read_json_array(stream: TextStream, limit: int) -> Iterator[Record]:
    """The elements of the array, `limit` bytes each at most. Raises DamagedStream."""
    piece = b""
    while not piece and (data := stream.read()):
        piece = data.lstrip(_WHITE)
    start = stream.position - len(piece)
    if not piece.startswith(b"["):
        if stream.position:
            got = "a JSON object" if piece.startswith(b"{") else "something else"
            hint = "; for one object a line the format is jsonl" if piece.startswith(b"{") else ""
            detail = f"the file holds {got}, expected an array of objects{hint}"
            yield Unreadable(0, start, Reason.MALFORMED_RECORD, detail)
        return
    element = _Element(start + 1, limit)
    ordinal = 0
    state = np.zeros(3, np.int64)
    piece = piece[1:]
    while True:
        for end in _ends(np.frombuffer(piece, np.uint8), state):
            element.add(piece[element.end - (stream.position - len(piece)) : end])
            closing = piece[end] != _COMMA
            if not (closing and ordinal == 0 and element.blank):
                yield element.record(ordinal)
                ordinal += 1
            if closing:
                yield from _trailing(stream, piece[end + 1 :], ordinal)
                return
            element = _Element(element.end + 1, limit)
        element.add(piece[element.end - (stream.position - len(piece)) :])
        piece = stream.read()
        if not piece:
            detail = "the array is not closed; its last element is lost"
            yield Unreadable(ordinal, element.start, Reason.TRUNCATED_FILE, detail)
            return


def _trailing(stream: TextStream, piece: bytes, ordinal: int) -> Iterator[Record]:
    offset = stream.position - len(piece)
    found = False
    while piece or (piece := stream.read()):
        if not found and piece.strip(_WHITE):
            found = True
            yield Unreadable(ordinal, offset, Reason.MALFORMED_RECORD, "data after the end of the array")
        piece = b""


class _Element:
    """The bytes of one element, gathered piece by piece and let go once they are too many."""

    def __init__(self, start: int, limit: int) -> None:
        self.start = self.end = start
        self._limit = limit
        self._pieces: list[bytes] = []
        self._size = 0

    def add(self, piece: bytes) -> None:
        self.end += len(piece)
        if self._size == 0:
            stripped = piece.lstrip(_WHITE)
            self.start += len(piece) - len(stripped)
            piece = stripped
        self._size += len(piece)
        self._pieces.append(piece)
        if self._size > self._limit:
            self._pieces.clear()

    @property
    def blank(self) -> bool:
        return self._size == 0

    def record(self, ordinal: int) -> Record:
        if self._size > self._limit:
            return overlong(ordinal, self.start, self._size, self._limit)
        return parse_object(ordinal, self.start, b"".join(self._pieces))


def _ends(piece: Bytes, state: npt.NDArray[np.int64]) -> list[int]:
    """Where in `piece` elements end: at commas, and last at the bracket that closes the array."""
    found = np.empty(1024, np.int64)
    position, ends = 0, []
    while position < len(piece):
        position, count = _scan(piece, position, state, found)
        ends += found[:count].tolist()
        if count < len(found):
            break
    return ends


@kernel
def _scan(
    data: Bytes, position: int, state: npt.NDArray[np.int64], found: npt.NDArray[np.int64]
) -> tuple[int, int]:
    """Scan on from `position`; `state` is depth, inside a string, after a backslash. Stops when `found` is full."""
    depth, quoted, escaped = state[0], state[1], state[2]
    count = 0
    while position < len(data) and count < len(found) and depth >= 0:
        byte = data[position]
        if quoted:
            if escaped:
                escaped = 0
            elif byte == _BACKSLASH:
                escaped = 1
            elif byte == _QUOTE:
                quoted = 0
        elif byte == _QUOTE:
            quoted = 1
        elif byte in _OPEN:
            depth += 1
        elif byte in _CLOSE:
            depth -= 1
        if not quoted and (depth < 0 or (depth == 0 and byte == _COMMA)):
            found[count] = position
            count += 1
        position += 1
    state[0], state[1], state[2] = depth, quoted, escaped
    return position, count
