"""Key files: made once, readable by their owner only, refused otherwise.

A key is written under a name of its own (O_EXCL, mode 0600), flushed to disk and then linked to its place: the place
holds nothing or the whole key, and of two processes that start together one makes it and both use it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from lineage_platform.errors import InvalidInput, Unavailable
from lineage_platform.model.subjects import SubjectKeys

SECRET_BYTES = 32


def load_or_create_key(path: Path) -> Ed25519PrivateKey:
    """The Ed25519 key in a PEM file (PKCS #8), made on first use; its public key stands beside it as `.pub`.

    Raises InvalidInput when others can read the file or write its folder, or when it holds something else, and
    Unavailable when it belongs to another user.
    """
    data = _load_or_create(path, _new_key)
    try:
        key = serialization.load_pem_private_key(data, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise InvalidInput(
            f"{path}: got something else, expected an unencrypted Ed25519 key in PEM (PKCS #8)"
        )
    _export_public_key(path.with_suffix(".pub"), key.public_key())
    return key


def load_or_create_secrets(path: Path) -> SubjectKeys:
    """Keys for keyed hashes, 32 random bytes each, kept and refused like a signing key: one is made on first use.

    The file holds one key as it is, or a line `<id> <key in hex>` for each of several, oldest first.
    """
    return _secrets(path, _load_or_create(path, lambda: secrets.token_bytes(SECRET_BYTES)))


def add_secret(path: Path) -> SubjectKeys:
    """Add a key to those of a file, atomically; returns all.

    Raises InvalidInput where there is no file, or others can read it, Unavailable where it cannot be written.
    """
    if not path.exists():
        raise InvalidInput(f"{path}: got no key, expected the one that data subjects were hashed with")
    try:
        with _alone(path.parent):
            found = load_or_create_secrets(path)
            keys = SubjectKeys((*found.keys, secrets.token_bytes(SECRET_BYTES)))
            lines = [f"{name} {key.hex()}\n" for name, key in zip(keys.ids, keys.keys, strict=True)]
            _replace(path, "".join(lines).encode())
    except OSError as error:
        raise Unavailable(f"{path}: got {error.strerror}, expected a file that can be written") from error
    return keys


def _secrets(path: Path, data: bytes) -> SubjectKeys:
    if len(data) == SECRET_BYTES:
        return SubjectKeys((data,))
    try:
        pairs = [line.split(" ") for line in data.decode("ascii").splitlines()]
        keys = SubjectKeys(tuple(bytes.fromhex(key) for _, key in pairs))
    except ValueError:
        keys = SubjectKeys(())
    whole = all(len(key) == SECRET_BYTES for key in keys.keys) and data.endswith(b"\n")
    if len(keys.keys) < 2 or not whole or keys.ids != tuple(name for name, _ in pairs):
        raise InvalidInput(
            f"{path}: got {len(data)} bytes, expected {SECRET_BYTES}, or lines of a key's id and the key in hex; restore the file"
        )
    return keys


def load_public_key(path: Path) -> Ed25519PublicKey:
    """The Ed25519 key in a PEM file (SubjectPublicKeyInfo). Raises InvalidInput when it is missing or something else."""
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise InvalidInput(f"{path}: got {error}, expected an Ed25519 public key in PEM") from error
    if not isinstance(key, Ed25519PublicKey):
        raise InvalidInput(f"{path}: got another kind of key, expected an Ed25519 public key in PEM")
    return key


def public_key_pem(key: Ed25519PublicKey) -> bytes:
    """PEM (SubjectPublicKeyInfo), to hand to whoever verifies."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _new_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _load_or_create(path: Path, make: Callable[[], bytes]) -> bytes:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _check_folder(path.parent)
    try:
        return _read_private(path)
    except FileNotFoundError:
        _place(path, make(), 0o600)
        return _read_private(path)


def _check_folder(folder: Path) -> None:
    found = folder.stat()
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not found.st_mode & stat.S_ISVTX:
        raise InvalidInput(
            f"{folder}: got mode {stat.S_IMODE(found.st_mode):04o}, expected a folder that only its owner writes; "
            f"run `chmod go-w {folder}`"
        )


def _read_private(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise InvalidInput(f"{path}: got a symbolic link, expected a regular file") from error
        if error.errno in (errno.EACCES, errno.EPERM):
            raise Unavailable(
                f"{path}: cannot be read by this user; expected a key file of one's own"
            ) from error
        raise
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise InvalidInput(f"{path}: got something else, expected a regular file")
        if found.st_uid != os.geteuid():
            raise Unavailable(
                f"{path}: belongs to user {found.st_uid}; expected a key file of user {os.geteuid()}"
            )
        if found.st_mode & 0o077:
            raise InvalidInput(
                f"{path}: got mode {stat.S_IMODE(found.st_mode):04o}, expected 0600; others could have read the key: "
                f"replace it, or run `chmod 600 {path}` if you are sure that nobody did"
            )
        return file.read()


def _export_public_key(path: Path, key: Ed25519PublicKey) -> None:
    data = public_key_pem(key)
    try:
        _place(path, data, 0o644)
    except OSError as error:  # a folder for secrets may be read-only
        if error.errno not in (errno.EROFS, errno.EACCES, errno.EPERM):
            raise
    if path.exists() and path.read_bytes() != data:
        raise InvalidInput(
            f"{path}: got the public key of another key, expected that of {path.stem}; remove it"
        )


def _place(path: Path, data: bytes, mode: int) -> None:
    """Put a whole file at `path` unless one is there."""
    if path.exists():
        return
    with _draft(path, data, mode) as draft:
        try:
            os.link(draft, path)
        except FileExistsError:
            return
        _flush_folder(path.parent)


def _replace(path: Path, data: bytes) -> None:
    """Put a whole file, for its owner alone, in the place of the one at `path`."""
    with _draft(path, data, 0o600) as draft:
        draft.replace(path)
        _flush_folder(path.parent)


@contextmanager
def _draft(path: Path, data: bytes, mode: int) -> Iterator[Path]:
    """A whole file beside `path`, on disk; gone afterwards, unless it was moved."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        yield draft
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _folder(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """No other process is in here for the same folder."""
    with _folder(folder) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


def _flush_folder(folder: Path) -> None:
    with _folder(folder) as descriptor:
        os.fsync(descriptor)
