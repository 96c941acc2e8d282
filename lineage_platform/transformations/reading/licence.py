"""What a record declares about its licence, as one string of bounded length that a resolver reads later.

Nothing is interpreted here. Text that is long or of several lines, which is a licence itself rather than the name of one,
becomes its first line and the SHA-256 of all its words, one blank apart: `MIT License (text sha256:0123456789ab)`.
Personal data in it are redacted as in documents, and the SHA-256 of the words as they were is kept, so that two
declarations that differ stay two: `CC-BY-4.0, ask <EMAIL> (text sha256:0123456789ab)`.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from typing import Any

import pyarrow as pa

from lineage_platform.transformations.redact import redact

_LONGEST = 250  # of a name or expression
_FIRST_LINE = 120  # of a text
_ENOUGH = 16_384  # characters of a line; redaction makes no less than `_FIRST_LINE` of them


def declared_licence(value: Any) -> str | None:
    """The declaration in a record's field: text, or a list of texts joined with "; ", else its JSON; None for nothing."""
    if isinstance(value, (list, tuple)) and value and all(isinstance(item, str) for item in value):
        return "; ".join(filter(None, (shortened(item) for item in value))) or None
    if value is None or value in ("", [], {}):
        return None
    return shortened(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))


def shortened(text: str) -> str | None:
    """One line of at most 250 characters without personal data; None if there is nothing but white space."""
    stripped = text.strip()
    if not stripped:
        return None
    first = stripped.splitlines()[0].strip()
    is_name = first == stripped and len(stripped) <= _LONGEST
    if is_name and _redacted(stripped) == stripped:
        return stripped
    digest = hashlib.sha256(" ".join(stripped.split()).encode("utf-8", "surrogatepass")).hexdigest()[:12]
    suffix = f" (text sha256:{digest})"
    kept = _redacted(" ".join(first.split())[:_ENOUGH])
    return kept[: _LONGEST - len(suffix) if is_name else _FIRST_LINE].strip() + suffix


@lru_cache(maxsize=1024)
def _redacted(line: str) -> str:
    """The line with placeholders; a line without personal data as it is, also where it is not valid Unicode."""
    readable = line.encode("utf-8", "replace").decode()
    redacted: str = redact(pa.array([readable]))[0][0].as_py()
    return line if redacted == readable else redacted
