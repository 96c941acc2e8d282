"""What a reader yields: a raw record, or the fault that stands in its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from lineage_platform.model.decisions import Reason


class Raw(NamedTuple):
    """A record as the file has it. `offset` is its first byte in the decompressed file, None where that means nothing."""

    ordinal: int
    offset: int | None
    fields: Mapping[str, Any]


class Unreadable(NamedTuple):
    """A record that cannot be read, or the rest of a file. `detail` never quotes the record."""

    ordinal: int
    offset: int | None
    reason: Reason
    detail: str


Record = Raw | Unreadable


def overlong(ordinal: int, offset: int | None, size: int, limit: int) -> Unreadable:
    """The fault of a record of `size` bytes where `limit` are allowed."""
    return Unreadable(ordinal, offset, Reason.OVERLONG_RECORD, f"{size} bytes, expected at most {limit}")


def undecodable(ordinal: int, offset: int | None, at: int) -> Unreadable:
    """The fault of a record whose bytes from `at` on are not text in the source's encoding."""
    return Unreadable(ordinal, offset, Reason.UNDECODABLE_BYTES, f"byte {at} of the record does not decode")
