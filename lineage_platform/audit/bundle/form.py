"""The form of a bundle: canonical JSON (RFC 8785) and a line feed, so that every byte of it means something."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, Final

from lineage_platform.errors import InvalidInput
from lineage_platform.ledger.canonical import canonical

FORMAT: Final = "https://lineage-platform.example/bundle/1-0-0"
KEYS: Final = frozenset(
    {
        "format",
        "release",
        "state",
        "public_key",
        "checkpoint",
        "entries",
        "manifest",
        "files",
        "covered",
        "lists",
    }
)


def written(bundle: dict[str, Any]) -> bytes:
    """The bytes of a bundle."""
    return canonical(bundle) + b"\n"


def read(data: bytes) -> dict[str, Any]:
    """The bundle in some bytes. Raises InvalidInput where they are none, or not those that `written` gives."""
    try:
        bundle = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"got {error}, expected a bundle of `lineage bundle`") from error
    if not isinstance(bundle, dict) or bundle.get("format") != FORMAT or bundle.keys() != KEYS:
        raise InvalidInput(f"got something else, expected a bundle of `lineage bundle` ({FORMAT})")
    if written(bundle) != data:
        raise InvalidInput("got JSON in another form, expected the bytes that `lineage bundle` wrote")
    return bundle


def encoded(data: bytes) -> str:
    """Bytes as text."""
    return base64.b64encode(data).decode()


def decoded(text: str) -> bytes:
    """The inverse of `encoded`; raises ValueError for any other writing of the same bytes."""
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f"got {text[:40]!r}, expected base64") from error
    if encoded(data) != text:
        raise ValueError(f"got {text[-40:]!r}, expected base64 with nothing in its last bits")
    return data
