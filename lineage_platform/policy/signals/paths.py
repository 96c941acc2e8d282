"""Patterns of robots.txt over URLs (RFC 9309, 2.2.2 and 2.2.3), matched by Protego; other schemes borrow them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from protego import Protego

_PRINTABLE: Final = "".join(map(chr, range(0x21, 0x7F)))
_SITE: Final = "https://site.invalid"
MAX_PATTERN: Final = 4096
"""Characters; a longer one matches nothing that anyone fetched."""


def target(url: str | None) -> str | None:
    """What patterns match: path and query of a URL, or of a reference that begins with `/`; None of anything else."""
    whole = (url or "").strip().partition("#")[0]
    _, authority, rest = whole.partition("://")
    if not authority:
        return encoded(whole) if whole.startswith("/") else None
    start = min((at for mark in "/?" if (at := rest.find(mark)) >= 0), default=len(rest))
    return encoded(f"{'' if rest[start:].startswith('/') else '/'}{rest[start:]}")


def host(url: str) -> str:
    """The authority of a URL, in lower case, without user information."""
    return re.split(r"[/?#]", url.strip().partition("://")[2], maxsplit=1)[0].rpartition("@")[2].casefold()


def encoded(text: str | bytes) -> str:
    """Printable ASCII, all else percent-encoded as UTF-8 (RFC 9309, 2.2.2)."""
    octets = text.encode("utf-8", "replace") if isinstance(text, str) else text
    return quote(octets, safe=_PRINTABLE)


def rules(lines: Iterable[tuple[str, str]]) -> Protego:
    """(`allow` or `disallow`, pattern) pairs as one group for every agent."""
    body = "".join(f"{kind}: {pattern}\n" for kind, pattern in lines)
    return Protego.parse(f"user-agent: *\n{body}")


def fetchable(group: Protego, where: str) -> bool:
    """Whether the rules let this target be fetched: the longest match decides, `allow` where both are as long."""
    return group.can_fetch(f"{_SITE}{where}", "*")


@lru_cache(maxsize=8192)
def _only(pattern: str) -> Protego:
    return rules([("disallow", pattern)])


@lru_cache(maxsize=8192)
def matches(pattern: str, where: str) -> bool:
    """Whether a pattern (`*`, and `$` at its end, are special) matches a target."""
    if not pattern or len(pattern) > MAX_PATTERN:
        return False
    return not fetchable(_only(pattern), where)
