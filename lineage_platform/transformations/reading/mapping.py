"""From the fields of a raw record to what a document needs, as the source's `record` says.

`text` is the name of a field, or a template such as "{title}\\n{body}" (doubled braces stand for themselves). A field may
hold text, a number, a boolean, or a list of texts, which are its lines. A field of the template that is absent is a fault;
one that is null is empty, unless all are null. Where all are empty the text is empty, whatever stands between them.

Text is a str, or of a long one the bytes of its UTF-8: what goes on to a document unchanged need not become a str.

`id` is text or a whole number; without one a record is known by its ordinal. `language` is text. What else these two hold
counts as not said.
"""

from __future__ import annotations

import json
import string
from collections.abc import Mapping
from typing import Any

from lineage_platform.errors import InvalidInput
from lineage_platform.model.decisions import Reason
from lineage_platform.model.definitions import Source
from lineage_platform.model.subjects import SubjectKeys
from lineage_platform.transformations.reading.licence import declared_licence

_LONGEST_LANGUAGE = 35  # RFC 5646 section 4.4.1
_LONGEST_NAME = 200  # of what is no name


class Fault(Exception):
    """A record that is readable but is no document: `reason` and `detail` of its decision."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class RecordMapping:
    """The parts of a record by what they mean. Raises InvalidInput if the template of the text is wrong.

    `columns` are the fields that are needed, `opaque` those of them whose bytes need not be text.
    """

    def __init__(self, source: Source) -> None:
        record = source.record
        self._id = record.id
        self._licence = record.licence
        self._language = record.language
        self._subject = record.subject
        self._parts = parse_template(record.text)
        self._text_fields = tuple(dict.fromkeys(field for _, field in self._parts if field is not None))
        self._signals = record.signals.named() if record.signals else {}
        self._parents = record.parents.field if record.parents else None
        named = (
            self._id,
            self._licence,
            self._language,
            self._subject,
            self._parents,
            *self._text_fields,
        )
        decoded = frozenset(name for name in named if name is not None)
        self.columns = decoded | frozenset(self._signals.values())
        self.opaque = self.columns - decoded

    def record_id(self, fields: Mapping[str, Any]) -> str | None:
        """The source's own id of the record."""
        value = _value(fields, self._id)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return value or None if isinstance(value, str) else None

    def licence(self, fields: Mapping[str, Any]) -> str | None:
        """The licence that the record declares itself, shortened; None means the source's own terms."""
        return declared_licence(_value(fields, self._licence))

    def language(self, fields: Mapping[str, Any]) -> str | None:
        """The language that the record declares."""
        value = _value(fields, self._language)
        if not isinstance(value, str):
            return None
        value = value.strip()
        return value if 0 < len(value) <= _LONGEST_LANGUAGE else None

    def subject(self, fields: Mapping[str, Any], keys: SubjectKeys) -> bytes | None:
        """The hash, under the newest key, of the data subject that the record names."""
        value = _value(fields, self._subject)
        if value is None or isinstance(value, (list, dict)) or not str(value).strip():
            return None
        return keys.hash(str(value)).hash

    def signals(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """What the record holds of its signals, by meaning, as it is."""
        return {meaning: fields[name] for meaning, name in self._signals.items() if name in fields}

    def parents(self, fields: Mapping[str, Any]) -> list[str]:
        """The names of the records that it was made from, each once, in order; what is no name stands as its JSON."""
        value = _value(fields, self._parents)
        named = value if isinstance(value, list) else [value]
        return list(dict.fromkeys(_name_of(item) for item in named if item not in (None, "")))

    def text(self, fields: Mapping[str, Any]) -> bytes:
        """The text as UTF-8; raises Fault where there is none."""
        if len(self._parts) == 1 and not self._parts[0][0]:
            value = fields.get(self._text_fields[0])
            if isinstance(value, bytes):
                return value
        return self._written(fields).encode()

    def _written(self, fields: Mapping[str, Any]) -> str:
        values = {name: _text_of(name, fields) for name in self._text_fields}
        if all(value is None for value in values.values()):
            names = ", ".join(map(repr, self._text_fields))
            raise Fault(Reason.MISSING_FIELD, f"field {names} is null")
        if not any(values.values()):
            return ""
        return "".join(literal + (values[field] or "" if field else "") for literal, field in self._parts)


def _value(fields: Mapping[str, Any], name: str | None) -> Any:
    value = fields.get(name) if name is not None else None
    return value.decode() if isinstance(value, bytes) else value


def _name_of(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=True, sort_keys=True, default=str)[:_LONGEST_NAME]


def _text_of(name: str, fields: Mapping[str, Any]) -> str | None:
    if name not in fields:
        raise Fault(Reason.MISSING_FIELD, f"no field {name!r}")
    value = _value(fields, name)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (bool, int, float)):
        return str(value).lower() if isinstance(value, bool) else repr(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "\n".join(value)
    raise Fault(
        Reason.MISSING_FIELD,
        f"field {name!r} holds a {type(value).__name__}, expected text, number or list of texts",
    )


def parse_template(template: str) -> tuple[tuple[str, str | None], ...]:
    """Pairs of literal text and the field after it (None at the end). A text without braces is a field's name.

    Raises InvalidInput for a template without fields, or with more than names between its braces.
    """
    if "{" not in template and "}" not in template:
        return (("", template),)
    try:
        parts = [
            (literal, field, form, conversion)
            for literal, field, form, conversion in string.Formatter().parse(template)
        ]
    except ValueError as error:
        raise InvalidInput(f"record.text: got {template!r} ({error}), expected {_EXPECTED}") from error
    fields = [field for _, field, _, _ in parts if field is not None]
    if not fields or not all(fields) or any(form or conversion for _, _, form, conversion in parts):
        raise InvalidInput(f"record.text: got {template!r}, expected {_EXPECTED}")
    return tuple((literal, field) for literal, field, _, _ in parts)


_EXPECTED = 'a field name, or a template over fields such as "{title}\\n{body}"'
