"""Bytes of a file as UTF-8 text: hashed as stored, decompressed, and recoded, in pieces of bounded size.

A damaged or truncated compressed stream raises DamagedStream after everything before the damage was given out.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import hashlib
import io
import lzma
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO, cast

import pyarrow as pa

from lineage_platform.errors import InvalidInput
from lineage_platform.files import outage
from lineage_platform.model.definitions import Compression

CHUNK = 1 << 20
_ZSTD_CHUNK = 1 << 12  # Arrow gives all or nothing of a read that meets the damage
_UNDECODABLE = "lineage-undecodable"
_SUFFIXES: dict[str, Compression] = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2", ".xz": "xz"}


codecs.register_error(_UNDECODABLE, lambda error: ("\udc80", cast("UnicodeDecodeError", error).end))


class DamagedStream(Exception):
    """A stream ends too early or is not what it is said to be; the message says which."""


class HashedFile(io.RawIOBase):
    """A binary file for reading that knows the SHA-256 and length of what was read; a reading error is InvalidInput,
    of object storage Unavailable."""

    def __init__(self, file: BinaryIO, path: str) -> None:
        self._file = file
        self._path = path
        self._hash = hashlib.sha256()
        self.length = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes; empty at the end of the file."""
        try:
            data = self._file.read(size)
        except OSError as error:
            lost = outage(error)
            if lost is not None:
                raise lost from error
            raise InvalidInput(f"{self._path}: cannot be read: {error.strerror or error}") from error
        self._hash.update(data)
        self.length += len(data)
        return data

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` from the file; returns the number of bytes."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def finish(self) -> str:
        """Read what is left and return the SHA-256 (hex) of the whole file."""
        while self.read(CHUNK):
            pass
        return self._hash.hexdigest()


def compression_of(path: str, declared: Compression) -> Compression:
    """The compression of a file: as declared, or for `auto` by the extension of its name."""
    if declared != "auto":
        return declared
    return next((kind for suffix, kind in _SUFFIXES.items() if path.endswith(suffix)), "none")


class TextStream:
    """UTF-8 bytes of a text file, without a byte order mark. `position` counts the decompressed bytes given out,
    of the recoded text where `encoding` is not UTF-8; bytes that do not decode become bytes that are not UTF-8."""

    def __init__(self, file: HashedFile, compression: Compression, encoding: str) -> None:
        read = _decompressed(file, compression)
        name = _codec(encoding)
        self._read = read if name == "utf-8" else _recoded(read, name)
        self._begun = False
        self.position = 0

    def read(self) -> bytes:
        """The next piece, about CHUNK bytes at most; empty at the end. Raises DamagedStream."""
        data = self._read(CHUNK)
        if not self._begun:
            self._begun = True
            while 0 < len(data) < len(codecs.BOM_UTF8) and (more := self._read(CHUNK)):
                data += more
            if data.startswith(codecs.BOM_UTF8):
                self.position = len(codecs.BOM_UTF8)
                data = data[self.position :] or self._read(CHUNK)
        self.position += len(data)
        return data


def _codec(encoding: str) -> str:
    try:
        name = codecs.lookup(encoding).name
        "".encode(encoding)  # some codecs do not make text
    except (LookupError, TypeError) as error:
        raise InvalidInput(
            f"encoding: got {encoding!r}, expected a text encoding such as utf-8 or gb18030"
        ) from error
    return "utf-8" if name in ("utf-8", "utf-8-sig") else name


def _decompressed(file: HashedFile, compression: Compression) -> Callable[[int], bytes]:
    read: Callable[[int], bytes]
    source = cast("BinaryIO", file)
    if compression == "none":
        return file.read
    if compression == "gzip":
        read = gzip.GzipFile(fileobj=source, mode="rb").read1
    elif compression == "bz2":
        read = bz2.BZ2File(source).read1
    elif compression == "xz":
        read = lzma.LZMAFile(source).read1  # noqa: SIM115 - the file is closed by its owner
    else:
        zstd = pa.CompressedInputStream(pa.PythonFile(source, "r"), "zstd")
        read = lambda size: zstd.read(min(size, _ZSTD_CHUNK))  # noqa: E731

    def guarded(size: int) -> bytes:
        try:
            return read(size)
        except (OSError, EOFError, zlib.error, lzma.LZMAError, pa.ArrowException) as error:
            if file.length == 0:
                return b""
            raise DamagedStream(f"{compression}: {str(error).splitlines()[0][:120]}") from error

    return guarded


def _recoded(read: Callable[[int], bytes], encoding: str) -> Callable[[int], bytes]:
    decoder = codecs.getincrementaldecoder(encoding)(_UNDECODABLE)
    ended = False

    def recode(size: int) -> bytes:
        nonlocal ended
        text = ""
        while not text and not ended:
            data = read(size)
            ended = not data
            try:
                text = decoder.decode(data, final=ended)
            except (
                UnicodeError
            ) as error:  # not of some bytes, but of the file: UTF-16 without byte order mark
                raise DamagedStream(f"{encoding}: {error}") from error
        return text.encode("utf-8", "surrogatepass")

    return recode
