"""The implicit label of GB 45438-2025, Annex E: text made by a machine says so in its metadata; read it, and write it.

Seven strings under a key that contains "AIGC": JSON, front matter of Markdown, `meta` of a page, or XMP. Labels in the wild
are often malformed; reading finds them all the same and lists the problems, writing refuses to make one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import yaml

from lineage_platform.errors import InvalidInput
from lineage_platform.policy.signals import forms
from lineage_platform.policy.signals.model import Answer, Category, Scheme, Signal

SCHEME: Final = Scheme("aigc-label", "GB 45438-2025 Annex E, from open implementations that quote it")
MAX_BLOCK: Final = 1 << 13
"""Bytes of front matter, or of a label, that are read."""
MAX_NESTED: Final = 200
"""Openings of collections in YAML that is read: the reader takes the square of their depth."""

_Members = dict[str, tuple[str, bool]]  # value as written, and whether it was a string
Degree = Literal["is", "may-be", "suspected", "unknown"]
FIELDS: Final = (
    "Label",
    "ContentProducer",
    "ProduceID",
    "ReservedCode1",
    "ContentPropagator",
    "PropagateID",
    "ReservedCode2",
)
_OPTIONAL: Final = frozenset({"ReservedCode1", "ReservedCode2"})
_DEGREES: Final[dict[str, Degree]] = {"1": "is", "2": "may-be", "3": "suspected"}
_NAMES: Final = {**{name.casefold(): name for name in FIELDS}, "contentproducter": "ContentProducer"}
_CHARACTERS: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]*")
_HINT: Final = re.compile(r"aigc|contentproduc", re.IGNORECASE)
_FRONT: Final = re.compile(r"\A---[ \t]*\r?\n(.*?)^(?:---|\.\.\.)[ \t]*\r?$", re.DOTALL | re.MULTILINE)
_LOOSE_BLOCK: Final = re.compile(r"aigc[^:：={]{0,8}[:：=]\s*(\{[^{}]*\}?)", re.IGNORECASE)
_LOOSE_FIELD: Final = re.compile(r"(\w+)['\"]?[ \t]*[:=][ \t]*(?:\"([^\"\n]*)\"|'([^'\n]*)'|([^\s,'\"{}]*))")
_BODY_BLOCK: Final = re.compile(
    r"^[ \t]*AIGC:[ \t]*\r?\n((?:[ \t]+\w+:[^\n]{0,2000}(?:\n|\Z)){2,20})", re.MULTILINE
)
_XML_BLOCK: Final = re.compile(r"AIGC[^<>=]{0,8}(?:>([^<]*)<|=\s*\"([^\"]*)\"|=\s*'([^']*)')", re.IGNORECASE)
_QUOTES: Final = str.maketrans("“”„‟‘’‚＂：，", '""""\'\'\'":,')


@dataclass(frozen=True)
class Label:
    """A label as read: the degree it states, its fields under their standard names, and what is wrong with it."""

    degree: Degree
    fields: Mapping[str, str]
    problems: tuple[str, ...]


def read(
    text: bytes, observed_at: str, *, page: forms.Page | None = None, metadata: bytes | None = None
) -> list[Signal]:
    """Every label of a document: in its text (front matter or JSON), its `meta` tags and its XMP packet.

    One that stands in the body (tools put it at the end, or in a fenced block) may be someone's example: unknown.
    """
    signals = []
    for location, block in _blocks(text, page, metadata):
        label = parse(block)
        if label is None:
            continue
        quoted = location == "body"
        details: dict[str, str] = {"synthetic": label.degree}
        for name, key in (("producer", "ContentProducer"), ("produce id", "ProduceID")):
            if label.fields.get(key):
                details[name] = label.fields[key][:200]
        if problems := [*(["in the body, where it may be quoted"] if quoted else []), *label.problems]:
            details["problems"] = "; ".join(problems)
        parsed: dict[Category, Answer] = {
            "synthetic": "y" if label.degree == "is" and not quoted else "unknown"
        }
        signals.append(SCHEME.signal(location, forms.as_bytes(block), observed_at, parsed, details=details))
    return signals


def parse(block: str) -> Label | None:
    """The label in a piece of JSON, of YAML, or of what was meant to be one; None if there is none."""
    plain = block.translate(_QUOTES)
    attempts: tuple[tuple[Callable[[str], _Members], str, str], ...] = (
        (_json_members, block, ""),
        (_yaml_members, block, "not valid JSON" if block.lstrip().startswith("{") else ""),
        (_yaml_members, plain, "wrong quotes or punctuation"),
        (_loose_members, plain, "neither JSON nor YAML"),
    )
    for reader, text, problem in attempts:
        fields, problems = _named(reader(text))
        if "ContentProducer" in fields or "Label" in fields:
            found = (*([problem] if problem else ()), *problems, *violations(fields))
            return Label(_degree(fields.get("Label", "")), fields, found)
    return None


def _named(members: _Members) -> tuple[dict[str, str], list[str]]:
    """The fields of the label among the members, under their standard names, and how they deviate."""
    fields: dict[str, str] = {}
    problems: list[str] = []
    for key, (value, is_string) in members.items():
        name = _NAMES.get(key.strip().replace("_", "").casefold())
        if name is None:
            continue
        if key != name:
            problems.append(f"{key[:40]!r} instead of {name}")
        if not is_string:
            problems.append(f"{name} is not a string")
        fields.setdefault(name, value)
    return fields, problems


def _degree(label: str) -> Degree:
    """The value of `Label`; the word AIGC in its place names the label and no lesser degree."""
    return "is" if label.strip().casefold() == "aigc" else _DEGREES.get(label.strip(), "unknown")


def violations(fields: Mapping[str, str]) -> list[str]:
    """What the rules of Annex E find wrong: fields that are missing, a degree that is none, characters that are not allowed
    (0x21, 0x23-0x5B, 0x5D-0x7E: no space, quote or backslash, ASCII only)."""
    found = [f"{name} is missing" for name in FIELDS if not fields.get(name) and name not in _OPTIONAL]
    if fields.get("Label") and fields["Label"] not in _DEGREES:
        found.append(f"Label is {fields['Label'][:20]!r}, expected 1, 2 or 3")
    found += [
        f"{name} has characters that are not allowed" for name in FIELDS if not _allowed(fields.get(name, ""))
    ]
    return found


def _allowed(value: str) -> bool:
    return _CHARACTERS.fullmatch(value) is not None


def _json_members(block: str) -> _Members:
    value = forms.json_value(forms.as_bytes(block))
    for _ in range(3):  # the key that contains AIGC, and a label that is JSON within a string
        if isinstance(value, str):
            value = forms.json_value(forms.as_bytes(value))
        elif isinstance(value, dict) and (inner := _labelled(value)) is not None:
            value = inner
    if not isinstance(value, dict):
        return {}
    return {
        key: (item if isinstance(item, str) else forms.as_text(forms.as_bytes(item)), isinstance(item, str))
        for key, item in value.items()
    }


def _labelled(value: dict[str, Any]) -> Any:
    return next(
        (item for key, item in value.items() if "aigc" in key.casefold() and isinstance(item, dict | str)),
        None,
    )


def _yaml_members(block: str) -> _Members:
    """Members of a YAML mapping as they are written: `00` stays "00", and is no string."""
    if len(re.findall(r"[\[{]|[-?] ", block)) > MAX_NESTED:
        return {}
    try:
        node = yaml.compose(block[:MAX_BLOCK], Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}
    if not isinstance(node, yaml.MappingNode):
        return {}
    members = {key.value: item for key, item in node.value if isinstance(key, yaml.ScalarNode)}
    for key, item in members.items():
        if "aigc" in key.casefold() and isinstance(item, yaml.MappingNode):
            members = {name.value: entry for name, entry in item.value if isinstance(name, yaml.ScalarNode)}
            break
        if (
            "aigc" in key.casefold()
            and isinstance(item, yaml.ScalarNode)
            and item.value.lstrip().startswith("{")
        ):
            return _json_members(item.value)
    return {
        key: (item.value, item.tag == "tag:yaml.org,2002:str")
        for key, item in members.items()
        if isinstance(item, yaml.ScalarNode)
    }


def _loose_members(block: str) -> _Members:
    """`key: value` or `key=value`, wherever it stands."""
    return {
        match[1]: (match[2] or match[3] or match[4] or "", True) for match in _LOOSE_FIELD.finditer(block)
    }


def _blocks(text: bytes, page: forms.Page | None, metadata: bytes | None) -> Iterator[tuple[str, str]]:
    """Where a label may be, and the text there."""
    body = forms.as_text(text[: forms.MAX_DOCUMENT]).lstrip("\n\r ")
    if body.startswith("---"):
        front = _FRONT.match(body[:MAX_BLOCK])
        block = front[1] if front else body[3:MAX_BLOCK]
        if _HINT.search(block):
            yield "front matter", block
        body = body[front.end() :] if front else ""
    elif body.startswith("{") and _HINT.search(body):
        value = forms.json_value(forms.as_bytes(body))
        if isinstance(value, dict):
            for holder in (value, *(item for item in value.values() if isinstance(item, dict))):
                if (label := _labelled(holder)) is not None:
                    yield "json", forms.as_text(forms.as_bytes(label))
                    break
        elif match := _LOOSE_BLOCK.search(body):
            yield "json", match[1][:MAX_BLOCK]
    if match := _BODY_BLOCK.search(body):
        yield "body", match[1][:MAX_BLOCK]
    for tag in page.tags if page is not None else ():
        if tag.name == "meta" and "aigc" in tag.attributes.get("name", "").casefold():
            yield "html meta", tag.attributes.get("content", "")[:MAX_BLOCK]
    if metadata is not None:
        yield from (("xmp", block[:MAX_BLOCK]) for block in _xmp(metadata))


def _xmp(metadata: bytes) -> list[str]:
    """Elements and attributes named AIGC (namespace http://www.tc260.org.cn/ns/AIGC/1.0/); also of a broken packet."""
    root = forms.xml(metadata)
    if root is None:
        matches = _XML_BLOCK.finditer(forms.as_text(metadata[: forms.MAX_DOCUMENT]))
        return [match[1] or match[2] or match[3] or "" for match in matches]
    found = [element.text or "" for element in root.iter() if "aigc" in forms.local(element).casefold()]
    for element in root.iter():
        found += [
            value for name, value in element.attrib.items() if "aigc" in name.rpartition("}")[2].casefold()
        ]
    return found


def first_label(
    producer: str, produce_id: str, *, degree: Degree = "is", reserved1: str = "", reserved2: str = ""
) -> dict[str, str]:
    """The label of content that we generated, at its first writing: the propagator is the producer. InvalidInput where
    Annex E does not allow it."""
    fields = {
        "Label": next((code for code, name in _DEGREES.items() if name == degree), ""),
        "ContentProducer": producer,
        "ProduceID": produce_id,
        "ReservedCode1": reserved1,
        "ContentPropagator": producer,
        "PropagateID": produce_id,
        "ReservedCode2": reserved2,
    }
    if problems := violations(fields):
        raise InvalidInput(
            f"AIGC label: got {fields}, expected what GB 45438-2025 Annex E allows: {'; '.join(problems)}"
        )
    return fields


def labelled_json(document: Mapping[str, Any], label: Mapping[str, str]) -> dict[str, Any]:
    """A JSON object with its label as first member; InvalidInput if it has one: a later label is a propagator's."""
    if _labelled(dict(document)) is not None:
        raise InvalidInput("AIGC label: got a document that has one, expected one without; keep its producer")
    return {"AIGC": dict(label), **document}


def labelled_text(text: str, label: Mapping[str, str]) -> str:
    """A text with its label as front matter, before what front matter it has; InvalidInput if it has a label."""
    front = _FRONT.match(text[:MAX_BLOCK])
    if front and _HINT.search(front[1]):
        raise InvalidInput("AIGC label: got a text that has one, expected one without; keep its producer")
    lines = "".join(f"  {name}: {json.dumps(value)}\n" for name, value in label.items())
    if front:
        return f"---\nAIGC:\n{lines}{text[front.start(1) :]}"
    return f"---\nAIGC:\n{lines}---\n{text}"
