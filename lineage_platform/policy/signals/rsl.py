"""Really Simple Licensing 1.0: pointers to a licence (robots.txt, `Link` header, HTML) and the licence document.

A pointer alone says that there are terms, not which: unknown. In the document a use is free to us only if a licence permits
it, asks for no payment, does not depend on who or where we are, and needs no server to grant it.
"""

from __future__ import annotations

import re
from typing import Final
from xml.etree.ElementTree import Element

from lineage_platform.policy.signals import forms, paths
from lineage_platform.policy.signals.model import Answer, Category, Scheme, Signal
from lineage_platform.policy.signals.robots import Robots

SCHEME: Final = Scheme("rsl", "RSL 1.0 (Recommendation of 2025), from secondary sources")
MEDIA_TYPE: Final = "application/rsl+xml"
NAMESPACE: Final = "https://rslstandard.org/rsl"
_AI: Final[tuple[Category, ...]] = ("train-ai", "ai-input", "ai-index")
_TOKENS: Final[dict[str, tuple[Category, ...]]] = {
    "all": (*_AI, "search"),
    "ai-all": _AI,
    "ai-train": ("train-ai",),
    "train-ai": ("train-ai",),
    "ai-input": ("ai-input",),
    "ai-index": ("ai-index",),
    "search": ("search",),
}
_USES: Final = _TOKENS["all"]
_UNKNOWN: Final[dict[Category, Answer]] = dict.fromkeys(_USES, "unknown")
_PAYMENT: Final[dict[str, Answer]] = {"free": "y", "attribution": "unknown", "contribution": "unknown"}
_LINK: Final = re.compile(r"<([^<>]*)>([^<>]*)")
_PARAMETER: Final = re.compile(r';\s*(rel|type)\s*=\s*(?:"([^"]*)"|([^\s;,"]+))', re.IGNORECASE)


def pointers(
    robots: Robots | None, headers: object, page: forms.Page | None, observed_at: str
) -> list[Signal]:
    """Where the terms are: `License` lines, `Link` headers and `link` tags of relation `license` and RSL's type (or a `.xml`
    address without a type: other licences are linked in the same way). The address is the policy."""
    lines = robots.licences if robots is not None else ()
    found = [(f"robots.txt line {line.number}", line.value, forms.as_text(line.value)) for line in lines]
    for value in forms.header(headers, "link"):
        for href, rest in _LINK.findall(forms.as_text(value)):
            parameters = {name.casefold(): quoted or bare for name, quoted, bare in _PARAMETER.findall(rest)}
            if _is_licence(parameters.get("rel", ""), parameters.get("type", ""), href):
                found.append(("header Link", value, href))
    for tag in page.tags if page is not None else ():
        href = tag.attributes.get("href", "")
        if tag.name == "link" and _is_licence(
            tag.attributes.get("rel", ""), tag.attributes.get("type", ""), href
        ):
            found.append(("html link", tag.raw, href))
    return [
        SCHEME.signal(where, raw, observed_at, _UNKNOWN, href.strip() or None) for where, raw, href in found
    ]


def _is_licence(relation: str, kind: str, href: str) -> bool:
    if "license" not in relation.casefold().split():
        return False
    return kind.strip().casefold() == MEDIA_TYPE or (
        not kind.strip() and href.strip().casefold().endswith(".xml")
    )


def read(raw: bytes, location: str, url: str | None, observed_at: str) -> list[Signal]:
    """The terms of a document for one URL: of the `content` elements that match it, the longest pattern decides; several
    licences are offers side by side, and a prohibition in any of them holds."""
    root = forms.xml(raw)
    if root is None or forms.local(root) != "rsl":
        problem = {
            "problem": "not an RSL document (malformed, too long, or with a document type declaration)"
        }
        return [SCHEME.signal(location, raw, observed_at, _UNKNOWN, details=problem)]
    matching = [
        (length, content)
        for content in root
        if forms.local(content) == "content" and (length := _reach(content.get("url", ""), url)) is not None
    ]
    longest = max((length for length, _ in matching), default=0)
    signals = []
    for content in (content for length, content in matching if length == longest):
        parsed, details = _terms(content)
        uri = next(
            (str(item.text).strip() for item in content.iter() if forms.local(item) == "terms" and item.text),
            None,
        )
        signals.append(
            SCHEME.signal(f"{location} content {content.get('url')}", raw, observed_at, parsed, uri, details)
        )
    return signals


def _reach(pattern: str, url: str | None) -> int | None:
    """How specific a content's `url` (a path or a full URL, with the patterns of robots.txt) is for ours; None: another's."""
    host = paths.host(pattern)
    path = paths.target(pattern) if host else paths.encoded(pattern.strip())
    where = paths.target(url)
    if where is None or url is None:
        return 0 if path in ("/", "/*", "*") else None
    if path is None or (host and host != paths.host(url)) or not paths.matches(path, where):
        return None
    return len(path.rstrip("*"))


def _terms(content: Element) -> tuple[dict[Category, Answer], dict[str, str]]:
    licences = [item for item in content if forms.local(item) == "license"]
    offers = [_offer(licence) for licence in licences]
    server = content.get("server", "").strip()
    details = {"server": server} if server else {}
    payments = sorted({kind for licence in licences for kind in _payments(licence)})
    if payments:
        details["payment"] = ", ".join(payments)
    parsed: dict[Category, Answer] = {}
    for use in _USES:
        prohibited = any(use in prohibits for _, prohibits in offers)
        answers = [permits[use] for permits, _ in offers if use in permits]
        if prohibited:
            parsed[use] = "n"
        elif "y" in answers and not server:
            parsed[use] = "y"
        elif "unknown" in answers and not server:
            parsed[use] = "unknown"
        else:  # an offer that must be taken up first, by payment or by a licence from the server
            parsed[use] = "n" if answers or server else "unknown"
    return parsed, details


def _offer(licence: Element) -> tuple[dict[Category, Answer], set[Category]]:
    """What a licence permits, each use with the answer that its conditions leave, and what it prohibits.

    What `permits` of usage does not list is not granted; without it the licence grants something, but does not say what.
    """
    permits, prohibits = _usages(licence, "permits"), _usages(licence, "prohibits") or set()
    conditions: list[Answer] = [_PAYMENT.get(kind, "n") for kind in _payments(licence)]
    of_someone = (
        forms.local(item) in ("permits", "prohibits") and _kind(item) != "usage" for item in licence
    )
    if permits is None or any(of_someone):
        conditions.append("unknown")
    answer: Answer = "n" if "n" in conditions else "unknown" if "unknown" in conditions else "y"
    return dict.fromkeys(set(_USES) - prohibits if permits is None else permits, answer), prohibits


def _usages(licence: Element, name: str) -> set[Category] | None:
    elements = [item for item in licence if forms.local(item) == name and _kind(item) == "usage"]
    if not elements:
        return None
    words = " ".join(item.text or "" for item in elements).replace(",", " ").casefold().split()
    return {use for word in words for use in _TOKENS.get(word, ())}


def _kind(element: Element) -> str:
    return element.get("type", "usage").strip().casefold()


def _payments(licence: Element) -> list[str]:
    return [
        item.get("type", "free").strip().casefold() or "free"
        for item in licence
        if forms.local(item) == "payment"
    ]
