"""What the record says about an error: its class, and its message only where no document text or secret can be in it."""

from __future__ import annotations

import re
import traceback
from pathlib import Path

from lineage_platform.errors import LineageError

_CREDENTIALS = re.compile(r"(?<=://)[^/\s]*@")
_SECRETS = re.compile(r"(?i)\b(password|passwd|secret|token|signature|sig|key)=[^&\s]+")
_LENGTH = 1000
_PACKAGE = Path(__file__).parents[1]


def without_secrets(text: str) -> str:
    """The text without user and password of URLs, and without values of parameters that are secrets by their name."""
    return _SECRETS.sub(r"\1=...", _CREDENTIALS.sub("...@", text))


def account_of(error: BaseException) -> str:
    """One line for the record.

    Our own errors and the operating system's speak about files and settings, so they are quoted; a foreign error may
    quote the record it choked on, so only its class and the place in our code are told.
    """
    kind = type(error)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(error, LineageError):
        return f"{name}: {without_secrets(str(error))}"[:_LENGTH]
    if isinstance(error, OSError) and error.strerror is not None:
        return f"{name}: {error.strerror}"
    place = _place(error)
    return f"{name} in {place}" if place else name


def _place(error: BaseException) -> str | None:
    frames = [Path(frame.filename) for frame in traceback.extract_tb(error.__traceback__)]
    ours = [path.relative_to(_PACKAGE.parent).as_posix() for path in frames if path.is_relative_to(_PACKAGE)]
    return ours[-1] if ours else None
