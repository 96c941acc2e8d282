"""What every store agrees on: where an object is, what an attempt may be called, what a sweep tells.

objects/ab/abcd...ef.parquet     immutable, named by SHA-256 and the suffix of the logical name
scratch/<attempt>/...            what an attempt is writing; nobody else looks there
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from lineage_platform.errors import InvalidInput, VerificationFailed
from lineage_platform.model.versions import File, Part

_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,16}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_ATTEMPT = re.compile(r"[0-9A-Za-z-]{1,64}")


@dataclass(frozen=True)
class Swept:
    """What a sweep took away."""

    objects: int
    bytes: int
    attempts: int


def address(sha256: str, name: str) -> str:
    """Where an object is under the store's root. Raises InvalidInput for what is no SHA-256."""
    if not _SHA256.fullmatch(sha256):
        raise InvalidInput(f"digest of {name!r}: got {sha256!r}, expected 64 lower-case hex digits")
    suffix = PurePosixPath(name).suffix
    return f"objects/{sha256[:2]}/{sha256}{suffix if _SUFFIX.fullmatch(suffix) else ''}"


def scratch_of(attempt: str) -> str:
    """Where an attempt writes, under the store's root. Raises InvalidInput for what is no plain name."""
    if not _ATTEMPT.fullmatch(attempt):
        raise InvalidInput(f"name of an attempt: got {attempt!r}, expected letters, digits and hyphens")
    return f"scratch/{attempt}"


def file_of(part: Part) -> File:
    """What a part is once it is an object."""
    return File(part.name, part.role, part.sha256, part.bytes, part.rows, part.low, part.high)


def verify_bytes(file: File, path: object, pieces: Iterable[bytes]) -> None:
    """Raises VerificationFailed unless `pieces` have the file's length and digest; `path` is for the message."""
    digest, length = hashlib.sha256(), 0
    try:
        for piece in pieces:
            digest.update(piece)
            length += len(piece)
    except FileNotFoundError:
        raise VerificationFailed(f"{file.name}: {path} is missing") from None
    if (length, digest.hexdigest()) != (file.bytes, file.sha256):
        raise VerificationFailed(
            f"{file.name}: {path} has {length} bytes with SHA-256 {digest.hexdigest()}, "
            f"expected {file.bytes} bytes with {file.sha256}"
        )
