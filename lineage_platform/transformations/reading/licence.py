"""What a record declares about its licence, as one string of bounded length that a resolver reads later.

Nothing is interpreted here. Text that is long or of several lines, which is a licence itself rather than the name of one,
becomes its first line and the SHA-256 of all its words, one blank apart: `MIT License (text sha256:0123456789ab)`.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

_LONGEST = 250  # of a name or expression
_FIRST_LINE = 120  # of a text


def declared_licence(value: Any) -> str | None:
    """The declaration in a record's field: text, or a list of texts joined with "; ", else its JSON; None for nothing."""
    if isinstance(value, (list, tuple)) and value and all(isinstance(item, str) for item in value):
        return "; ".join(filter(None, (shortened(item) for item in value))) or None
    if value is None or value in ("", [], {}):
        return None
    return shortened(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))


def shortened(text: str) -> str | None:
    """One line of at most 250 characters; None if there is nothing but white space."""
    stripped = text.strip()
    if not stripped:
        return None
    first = stripped.splitlines()[0].strip()
    if first == stripped and len(stripped) <= _LONGEST:
        return stripped
    first = " ".join(first.split())
    digest = hashlib.sha256(" ".join(stripped.split()).encode()).hexdigest()[:12]
    return f"{first[:_FIRST_LINE].strip()} (text sha256:{digest})"
