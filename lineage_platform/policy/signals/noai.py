"""`noai` and `noimageai` in `X-Robots-Tag` and in `<meta name="robots">`: a convention of DeviantArt (2022), no standard.

Present, it refuses; absent, it says nothing.
"""

from __future__ import annotations

import re
from typing import Final

from lineage_platform.policy.signals import agents, forms
from lineage_platform.policy.signals.model import Answer, Category, Scheme, Signal

SCHEME: Final = Scheme("noai", "convention of 2022, no specification")
_DIRECTIVES: Final[dict[str, Category]] = {"noai": "train-ai", "noimageai": "train-images"}


def read(headers: object, page: forms.Page | None, observed_at: str) -> list[Signal]:
    """One signal a header or tag that holds a directive; one for a named agent (`GPTBot: noai`) counts like any other."""
    found = [("header X-Robots-Tag", value, value) for value in forms.header(headers, "x-robots-tag")]
    if page is not None:
        found += [
            (f"html meta {name}", forms.as_bytes(content), tag.raw)
            for name in ("robots", *agents.known())
            for content, tag in page.metas(name)
        ]
    signals = []
    for location, value, raw in found:
        words = re.split(r"[\s,:;]+", forms.as_text(value).casefold())
        parsed: dict[Category, Answer] = {use: "n" for word, use in _DIRECTIVES.items() if word in words}
        if parsed:
            signals.append(SCHEME.signal(location, raw, observed_at, parsed))
    return signals
