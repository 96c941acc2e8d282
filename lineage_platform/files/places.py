"""What a place is, and how one is written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from lineage_platform.errors import InvalidInput

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PLAIN = re.compile(r"[^\x00-\x1f\x7f]+")


@dataclass(frozen=True, order=True)
class Remote:
    """An object, or the beginning of the keys of several, in a bucket: `s3://<bucket>/<key>`; the key may be empty."""

    bucket: str
    key: str

    def __truediv__(self, name: str) -> Remote:
        return Remote(self.bucket, f"{self.key}/{name}" if self.key else name)

    def __str__(self) -> str:
        return f"s3://{self.address}"

    @property
    def address(self) -> str:
        """Bucket and key as PyArrow's file systems take them."""
        return f"{self.bucket}/{self.key}" if self.key else self.bucket

    @property
    def name(self) -> str:
        """What stands behind the last slash."""
        return PurePosixPath(self.key).name

    @property
    def suffix(self) -> str:
        """The ending of the name with its dot."""
        return PurePosixPath(self.key).suffix

    @property
    def parent(self) -> Remote:
        """What stands before the last slash."""
        return Remote(self.bucket, self.key.rpartition("/")[0])


Place = Path | Remote
"""Where a file or a folder is."""


def pattern(where: Place) -> str:
    """A place as DuckDB takes it for one file: of a path, what would make it a pattern is quoted."""
    if isinstance(where, Remote):
        return str(where)
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(where))


def place(written: str | Place) -> Place:
    """A path, a `file://` URL or an `s3://bucket/prefix` URL as a place. Raises InvalidInput for another URL."""
    if not isinstance(written, str):
        return written
    if "://" not in written and not written.startswith(("s3:", "file:")):
        return Path(written)
    parts = urlsplit(written)
    plain = parts.path and not (parts.query or parts.fragment)
    if parts.scheme == "file" and parts.netloc in ("", "localhost") and plain:
        return Path(unquote(parts.path))
    if parts.scheme != "s3":
        raise InvalidInput(
            f"{parts.scheme}://...: expected a path, file:///folder or s3://bucket/prefix; use one of them"
        )
    bucket, _, key = written.removeprefix("s3://").partition("/")
    key = key.rstrip("/")
    names = key.split("/") if key else []
    wrong = any(name in ("", ".", "..") or not _PLAIN.fullmatch(name) for name in names)
    if not _BUCKET.fullmatch(bucket) or wrong:
        raise InvalidInput(
            "s3://...: got no name of a bucket, or a prefix with empty or dotted names, expected s3://bucket/prefix "
            "(a bucket's name: 3 to 63 lower-case letters, digits, dots and hyphens); credentials belong into AWS_*"
        )
    return Remote(bucket, key)
