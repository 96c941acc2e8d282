"""Addresses and identities.

A *document key* is the local address of one record: snapshot number (27 bits) << 36 | record ordinal (36 bits), a
non-negative int64, written as a decimal string in JSON. All keys of a snapshot are one contiguous range, so that
"everything from this source" is a range predicate that Parquet statistics prune.

An *identity* outlives the address: it is made of what the source itself says (source, path, record id or else the
ordinal in the file), so two deployments, or a second attempt, give the same one. Digests, sampling, ties and shard
assignment use identities, never keys.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Literal, NamedTuple

ORDINAL_BITS = 36
SNAPSHOT_BITS = 27
MAX_ORDINAL = (1 << ORDINAL_BITS) - 1
MAX_SNAPSHOT = (1 << SNAPSHOT_BITS) - 1
IDENTITY_BYTES = 16


def document_key(snapshot: int, ordinal: int) -> int:
    """The address of a record: raises OverflowError outside 27 bits of snapshot or 36 bits of ordinal."""
    if not 0 <= snapshot <= MAX_SNAPSHOT:
        raise OverflowError(f"snapshot number {snapshot} is outside 0..{MAX_SNAPSHOT}")
    if not 0 <= ordinal <= MAX_ORDINAL:
        raise OverflowError(f"record ordinal {ordinal} is outside 0..{MAX_ORDINAL}")
    return snapshot << ORDINAL_BITS | ordinal


def snapshot_of(document: int) -> int:
    """The snapshot number inside a document key."""
    return document >> ORDINAL_BITS


def ordinal_of(document: int) -> int:
    """The record ordinal inside a document key, counted from the first record of the snapshot's first file."""
    return document & MAX_ORDINAL


def key_range(snapshot: int) -> tuple[int, int]:
    """First and last document key of a snapshot, both inclusive."""
    return document_key(snapshot, 0), document_key(snapshot, MAX_ORDINAL)


def _framed(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)


@lru_cache(maxsize=1024)
def _of_file(source: str, path: str, kind: str) -> bytes:
    return _framed(source.encode(), path.encode(), kind.encode())


def record_identity(source: str, path: str, record: str | int) -> bytes:
    """Identity of a record (16 bytes, BLAKE2b): `record` is the source's own id (str) or the ordinal in the file (int)."""
    kind, value = ("id", record) if isinstance(record, str) else ("ordinal", str(record))
    last = value.encode("utf-8", "surrogatepass")
    data = _of_file(source, path, kind) + len(last).to_bytes(8, "big") + last
    return hashlib.blake2b(data, digest_size=IDENTITY_BYTES, person=b"record-identity").digest()


OptOut = Literal["y", "n", "unknown"]
"""What machine-readable signals say about training: `y` leaves it open, `n` reserves it."""

UNKNOWN_PARENT = "unknown"
"""Stands among the terms of a document's parents for one that was not found."""


class Said(NamedTuple):
    """What a document says of its own rights, and so its terms number names; nothing said: it has the source's own terms.

    `declared` is the licence string of its record. `opt_out` is the answer of its machine-readable signals, None where it
    has none. `parents` are the terms numbers of what it was made from, as decimal strings in order, with `UNKNOWN_PARENT`
    for what was not found.
    """

    declared: str | None = None
    opt_out: OptOut | None = None
    parents: tuple[str, ...] = ()


def terms_number(
    source: str, declared: str | None, opt_out: OptOut | None = None, parents: tuple[str, ...] = ()
) -> int:
    """The terms number that rows carry: a 63-bit name of the source and of what a document itself says (`Said`).

    It names *whose* terms these are, not what they say, so a later statement about the same records changes no file;
    and it needs no allocation, so any worker of any cluster gives the same number.
    """
    parts = [source, "source" if declared is None else "record", declared or ""]
    if opt_out is not None:
        parts += ["opt-out", opt_out]
    if parents:
        parts += ["parents", *parents]
    data = _framed(*(part.encode() for part in parts))
    return int.from_bytes(hashlib.blake2b(data, digest_size=8, person=b"terms-number").digest(), "big") >> 1
