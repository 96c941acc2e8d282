"""All signals of one record of a crawl."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lineage_platform.policy.signals import (
    ai_txt,
    aigc,
    aipref,
    c2pa,
    content_signals,
    forms,
    noai,
    robots,
    rsl,
    tdmrep,
)
from lineage_platform.policy.signals.model import Signal


def read_record(
    fields: Mapping[str, Any], url: str | None, observed_at: str, agent: str = robots.OWN_AGENT
) -> list[Signal]:
    """The signals in the fields that a record has; unknown fields and absent ones say nothing.

    `url` (else the field `url`); `robots_txt` and `robots_status`; `headers` (mapping or pairs); `html`; `text` (with front
    matter, or JSON); `metadata` (XMP packet, or package document of an EPUB); `tdmrep`, `rsl`, `c2pa`, `ai_txt`: the files, as
    bytes, text or parsed JSON. `observed_at` is when they were fetched, `agent` the product token that fetched them.
    """
    given = fields.get("url")
    url = url if url is not None else given if isinstance(given, str) else None
    files = {
        name: forms.as_bytes(value)
        for name, value in fields.items()
        if value is not None and name != "headers"
    }
    headers = fields.get("headers") or {}
    page = forms.page(files["html"]) if "html" in files else None
    status = _status(fields.get("robots_status"))
    signals: list[Signal] = []
    parsed = None
    if "robots_txt" in files or status is not None:
        file = files.get("robots_txt", b"")
        signals += robots.read(file, url, observed_at, agent=agent, status=status)
        if status is None or 200 <= status < 300:
            parsed = robots.parse(file)
            signals += aipref.from_robots(parsed, url, observed_at, agent)
            signals += content_signals.from_robots(parsed, url, observed_at, agent)
    signals += aipref.from_headers(headers, observed_at)
    signals += content_signals.from_headers(headers, observed_at)
    signals += tdmrep.read(
        file=files.get("tdmrep"),
        headers=headers,
        page=page,
        metadata=files.get("metadata"),
        url=url,
        observed_at=observed_at,
    )
    signals += noai.read(headers, page, observed_at)
    signals += rsl.pointers(parsed, headers, page, observed_at)
    if "rsl" in files:
        signals += rsl.read(files["rsl"], "rsl document", url, observed_at)
    for licence in page.licences if page is not None else ():
        signals += rsl.read(licence, "html script", url, observed_at)
    if "c2pa" in files:
        signals += c2pa.read(files["c2pa"], observed_at)
    signals += aigc.read(files.get("text", b""), observed_at, page=page, metadata=files.get("metadata"))
    if "ai_txt" in files:
        signals += ai_txt.read(files["ai_txt"], url, observed_at)
    return signals


def _status(value: object) -> int | None:
    """An HTTP status as a number, or as the digits in which some crawlers keep it."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{3}", value):
        return int(value)
    return value if isinstance(value, int) else None
