"""Redact personal identifiers: each becomes a typed placeholder, `<EMAIL>`, `<CN_MOBILE>`, ..., and is counted by type.

Rules `redact@1`. A *word character* is an ASCII letter, digit or underscore. A number is *free* if no word character
touches it, and no digit stands beyond a "." or "-" that touches it: nothing is found inside a longer number or word.

- `EMAIL`: RFC 5322 dot-atom of letters, digits and `._%+-`, at most 64 long; "@"; a host name of at least two labels
  (RFC 1123) whose last is 2 to 24 letters or an `xn--` label.
- `IPV4`: four decimal octets without leading zeros. Not inside a longer dotted or hyphenated word, as versions and file
  names are. Addresses of no host stay: 0.0.0.0/8, 127.0.0.0/8, 255.0.0.0/8.
- `IPV6`: RFC 4291 section 2.2, of two groups or more, the first of four digits, which slices, scopes and times rarely
  have. A compressed one must be global unicast (2000::/3), unique local (fc00::/7) or link-local (fe80::/10).
- `CN_MOBILE`: 1, then 3 to 9, then nine digits, free; together or 3-4-4 with blanks or hyphens; `+86`, `86` or `0086` before
  it belongs to it. With blanks, no other number may stand a blank away.
- `CN_RESIDENT_ID`: GB 11643-1999, free: 18 characters, province code, a date of birth from 1900 to 2099 that exists,
  check character by ISO 7064 MOD 11-2.
- `PAYMENT_CARD`: 13 to 19 digits, free, with a known issuer's prefix and length (ISO/IEC 7812) and the Luhn check digit;
  together, or with blanks or hyphens in fours, 4-6-5, 4-6-4 or 6-13, and not in a longer row of fours.

What begins first wins; at the same place e-mail, IPv6, resident identity, card, mobile, IPv4, in this order. Rows are
scanned again until nothing is found, so redacting redacted text changes nothing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lineage_platform.model.tables import REDACTION_TYPES
from lineage_platform.transformations.buffers import (
    Offsets,
    large_string,
    lengths,
    replace_rows,
    substitute,
    utf8_buffers,
)
from lineage_platform.transformations.redact_scan import Hits, scan

RULES = "redact@1"
CODE_VERSION = RULES

PLACEHOLDERS = tuple(f"<{name.upper()}>" for name in REDACTION_TYPES)
_PLACEHOLDER_BYTES = np.frombuffer("".join(PLACEHOLDERS).encode(), np.uint8)
_PLACEHOLDER_OFFSETS = np.cumsum([0, *map(len, PLACEHOLDERS)])


def redact(text: pa.Array) -> tuple[pa.LargeStringArray, npt.NDArray[np.uint32]]:
    """Redacted rows of a string array, and the number of placeholders put in, shape (rows, REDACTION_TYPES).

    Rows must be valid UTF-8. Null rows become empty text.
    """
    counts = np.zeros((len(text), len(REDACTION_TYPES)), np.uint32)
    result = part = large_string(*utf8_buffers(text))
    rows = np.arange(len(text))
    while len(hits := _hits(part)):
        hit_rows, position = np.unique(hits[:, 0], return_inverse=True)
        rows = rows[hit_rows]
        np.add.at(counts, (rows[position], hits[:, 3]), 1)
        part = _substituted(part, hits, hit_rows, position)
        result = replace_rows(result, rows, part)
    return result, counts


def _hits(text: pa.LargeStringArray) -> Hits:
    values, offsets = utf8_buffers(text)
    room = 1024
    while (found := scan(values, offsets, hits := np.empty((room, 4), np.int64))) < 0:
        room *= 8
    return hits[:found]


def _substituted(
    text: pa.LargeStringArray, hits: Hits, hit_rows: Offsets, position: Offsets
) -> pa.LargeStringArray:
    """The rows that have hits, with placeholders; `position` is where in `hit_rows` the row of a hit stands."""
    values, offsets = utf8_buffers(text)
    sizes = lengths(offsets)[hit_rows]
    np.add.at(sizes, position, np.diff(_PLACEHOLDER_OFFSETS)[hits[:, 3]] - (hits[:, 2] - hits[:, 1]))
    out_offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
    out = np.empty(out_offsets[-1], np.uint8)
    substitute(values, offsets, hits, _PLACEHOLDER_BYTES, _PLACEHOLDER_OFFSETS, out)
    return large_string(out, out_offsets)
