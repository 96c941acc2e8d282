"""YAML files that people write -> plain values with the line of every field; whatever is unsafe or unclear is refused.

Scalars follow the YAML 1.2 core schema (section 10.3), so that `no` and `2024-01-01` stay strings. Refused: tags, more than
one document, keys given twice, aliases that expand without end, control characters, other encodings than UTF-8, and
files above 1 MB. PyYAML is used for its events only: nothing is constructed that is not built here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lineage_platform.errors import Problem

MAX_BYTES = 1_000_000
MAX_NODES = 10_000
"""Values in one file after aliases are expanded."""
MAX_DEPTH = 20

Location = tuple[str | int, ...]

_NULL = re.compile(r"|~|null|Null|NULL")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]{1,30}")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))([eE][-+]?[0-9]{1,3})?")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class Refused(Exception):
    """A file that cannot be read as a whole; carries the problem."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


@dataclass(frozen=True)
class Document:
    """One file: its top-level mapping, and the line (from 1) of every field."""

    file: str
    value: dict[str, Any]
    lines: dict[Location, int]

    def line(self, location: Location) -> int:
        """The line of a field, or of the nearest thing around it."""
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 1)


def read_yaml(path: Path, file: str) -> Document:
    """The one mapping in a YAML file; `file` is its name in messages. Raises Refused."""
    if not path.is_file():
        raise Refused(Problem(file, None, "file", "something that is no regular file", "a YAML file"))
    with path.open("rb") as stream:
        raw = stream.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise Refused(Problem(file, None, "file", f"more than {MAX_BYTES:,} bytes", "a smaller file"))
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise Refused(Problem(file, line, "file", f"byte 0x{raw[error.start]:02x}", "UTF-8 text")) from None
    try:
        return _Builder(file).build(yaml.parse(text, Loader=yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        got = error.problem or "a syntax error"
        raise Refused(Problem(file, mark.line + 1 if mark else None, "file", got, "valid YAML")) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        got = f"character U+{ord(text[error.position]):04X}"
        raise Refused(Problem(file, line, "file", got, "printable characters")) from None


@dataclass
class _Anchor:
    value: Any = None
    nodes: int = 0
    complete: bool = False


@dataclass
class _Builder:
    """Builds values from parser events, without recursion that a file could drive."""

    file: str
    lines: dict[Location, int] = field(default_factory=dict)
    anchors: dict[str, _Anchor] = field(default_factory=dict)
    nodes: int = 0

    def build(self, events: Iterator[yaml.Event]) -> Document:
        documents = 0
        value: Any = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._refused(event, "a second YAML document", "one document a file")
            elif isinstance(event, yaml.NodeEvent):
                value = self._node(event, events, ())
                if not isinstance(value, dict):
                    raise self._refused(event, describe(value), "a mapping of fields")
        if documents == 0:
            raise Refused(Problem(self.file, None, "file", "an empty file", "a mapping of fields"))
        return Document(self.file, value, self.lines)

    def _node(self, event: Any, events: Iterator[yaml.Event], location: Location) -> Any:
        if len(location) > MAX_DEPTH:
            raise self._refused(event, f"nesting deeper than {MAX_DEPTH}", "a flatter file")
        self._count(event, 1)
        self.lines.setdefault(location, _line(event))
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if event.tag is not None:
            raise self._refused(event, f"the tag {event.tag}", "no tags")
        anchor = _Anchor()
        if event.anchor is not None:
            self.anchors[event.anchor] = anchor
        before = self.nodes
        if isinstance(event, yaml.MappingStartEvent):
            anchor.value = self._mapping(events, location)
        elif isinstance(event, yaml.SequenceStartEvent):
            anchor.value = self._sequence(events, location)
        else:
            anchor.value = self._scalar(event)
        anchor.nodes, anchor.complete = self.nodes - before + 1, True
        return anchor.value

    def _mapping(self, events: Iterator[yaml.Event], location: Location) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            if not isinstance(event, yaml.ScalarEvent) or event.tag is not None:
                raise self._refused(event, "a key that is not plain text", "a field name")
            key = event.value
            self._check_characters(event)
            if key in found:
                raise self._refused(event, f"the key {key!r} a second time", "every key once")
            self.lines[(*location, key)] = _line(event)
            found[key] = self._node(next(events), events, (*location, key))
        return found

    def _sequence(self, events: Iterator[yaml.Event], location: Location) -> list[Any]:
        items: list[Any] = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            items.append(self._node(event, events, (*location, len(items))))
        return items

    def _alias(self, event: Any) -> Any:
        anchor = self.anchors.get(event.anchor)
        if anchor is None:
            raise self._refused(event, f"the alias *{event.anchor}", "an anchor of that name before it")
        if not anchor.complete:
            raise self._refused(
                event, f"the alias *{event.anchor} inside itself", "aliases of finished values"
            )
        self._count(event, anchor.nodes)
        return anchor.value

    def _scalar(self, event: Any) -> Any:
        self._check_characters(event)
        text: str = event.value
        if event.style is not None:
            return text
        if _NULL.fullmatch(text):
            return None
        if _TRUE.fullmatch(text) or _FALSE.fullmatch(text):
            return bool(_TRUE.fullmatch(text))
        if _INTEGER.fullmatch(text):
            return int(text)
        return float(text) if _NUMBER.fullmatch(text) else text

    def _check_characters(self, event: yaml.ScalarEvent) -> None:
        if found := _UNPRINTABLE.search(event.value):
            raise self._refused(event, f"character U+{ord(found[0]):04X}", "printable text")

    def _count(self, event: Any, nodes: int) -> None:
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            raise self._refused(
                event, f"more than {MAX_NODES:,} values", "a smaller file; aliases count expanded"
            )

    def _refused(self, event: Any, got: str, expected: str) -> Refused:
        return Refused(Problem(self.file, _line(event), "file", got, expected))


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def describe(value: Any) -> str:
    """A value as a message shows it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    shown = repr(value)
    return shown if len(shown) <= 120 else f"{shown[:117]}..."
