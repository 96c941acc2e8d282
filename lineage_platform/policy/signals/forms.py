"""The forms in which bytes arrive: text, JSON, HTTP headers, HTML, XML. Everything here is total and bounded."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Final
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

MAX_DOCUMENT: Final = 1 << 20
"""Bytes of a JSON or XML document; a longer one is not read, and so unknown."""
MAX_HTML: Final = 1 << 18
"""Bytes of a page that are read: its head, and more."""
_HINTS: Final = (b"tdm-reservation", b"tdm-policy", b"noai", b"noimageai", b"aigc", b"rsl+xml")
"""One of these is in a page that says anything to us, or `license` with an `.xml` address; others are not parsed."""
MAX_HEADER: Final = 1 << 16
"""Bytes of one header field."""


def as_bytes(value: object) -> bytes:
    """What a record holds for a file: bytes, text, or an already parsed JSON value."""
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    try:
        return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str).encode(
            "utf-8", "surrogatepass"
        )
    except (ValueError, TypeError, RecursionError):
        return b""


def as_text(raw: bytes) -> str:
    """Text for people and for line-by-line reading; bytes that are no UTF-8 become U+FFFD."""
    return raw.decode("utf-8-sig", "replace")


def json_value(raw: bytes) -> Any:
    """The value of a JSON document; None if it is none, or too long or too deep."""
    if len(raw) > MAX_DOCUMENT:
        return None
    try:
        return json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None


def header(headers: object, name: str) -> list[bytes]:
    """All values of a field, by case-insensitive name, from a mapping or from (name, value) pairs."""
    pairs = list(headers.items()) if isinstance(headers, Mapping) else headers
    found: list[bytes] = []
    for pair in pairs if isinstance(pairs, list | tuple) else ():
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            continue
        if as_text(as_bytes(pair[0])).strip().casefold() == name.casefold():
            values = pair[1] if isinstance(pair[1], list | tuple) else [pair[1]]
            found += [as_bytes(value).strip()[:MAX_HEADER] for value in values]
    return found


@dataclass(frozen=True)
class Tag:
    """A start tag: name and attributes in lower case, values as written, and its text."""

    name: str
    attributes: Mapping[str, str]
    raw: bytes


@dataclass
class Page:
    """The `meta` and `link` tags of a page, and the text of `script` blocks that hold a licence, in their order."""

    tags: list[Tag] = field(default_factory=list)
    licences: list[bytes] = field(default_factory=list)

    def metas(self, name: str) -> Iterator[tuple[str, Tag]]:
        """Content and tag of each `meta` of this name."""
        for tag in self.tags:
            if tag.name == "meta" and tag.attributes.get("name", "").strip().casefold() == name:
                yield tag.attributes.get("content", "").strip(), tag


def page(html: bytes) -> Page:
    """What a page says about itself in its first `MAX_HTML` bytes."""
    reader = _PageReader()
    head = html[:MAX_HTML]
    lower = head.lower()
    if not any(hint in lower for hint in _HINTS) and not (b"license" in lower and b".xml" in lower):
        return reader.page
    # never closed: that would look for the end of each open tag once more
    with suppress(AssertionError, ValueError, IndexError):  # of marked sections that no browser knows
        reader.feed(as_text(head))
    return reader.page


class _PageReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self._licence: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name.casefold(): value or "" for name, value in reversed(attrs)}
        if tag in ("meta", "link"):
            self.page.tags.append(Tag(tag, attributes, as_bytes(self.get_starttag_text() or "")))
        if tag == "script" and attributes.get("type", "").strip().casefold() == "application/rsl+xml":
            self._licence = []

    def handle_data(self, data: str) -> None:
        if self._licence is not None:
            self._licence.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "script" and self._licence is not None:
            self.page.licences.append(as_bytes("".join(self._licence)))
            self._licence = None


class _Doctype(Exception):
    pass


def xml(raw: bytes) -> Element | None:
    """The root of an XML document, names as `{namespace}local`; None if it is malformed, too long, or has a document type
    declaration: entities are never expanded."""
    if len(raw) > MAX_DOCUMENT:
        return None
    builder = TreeBuilder()
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = lambda name, attributes: builder.start(
        _qualified(name), {_qualified(key): value for key, value in attributes.items()}
    )
    parser.EndElementHandler = lambda name: builder.end(_qualified(name))
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(raw, True)
        return builder.close()
    except (expat.ExpatError, _Doctype, ValueError, AssertionError):
        return None


def _refuse(*_: object) -> None:
    raise _Doctype


def _qualified(name: str) -> str:
    return f"{{{name}" if "}" in name else name


def local(element: Element) -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]
