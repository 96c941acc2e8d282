"""Canonical bytes of an event: RFC 8785 (JSON Canonicalization Scheme)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import rfc8785

from lineage_platform.errors import InvalidInput


def canonical(event: Mapping[str, Any]) -> bytes:
    """The one byte string of a JSON object: keys in UTF-16 order, shortest numbers, no white space, UTF-8.

    Raises InvalidInput for what RFC 8785 cannot express: integers outside +-(2^53 - 1), NaN, infinities, lone
    surrogates, and values that are not JSON.
    """
    try:
        return rfc8785.dumps(dict(event))
    except ValueError as error:
        raise InvalidInput(
            f"no canonical JSON: got {error}; expected JSON values, 64-bit numbers as decimal strings"
        ) from error
