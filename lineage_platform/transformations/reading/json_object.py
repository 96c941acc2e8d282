"""One JSON object (RFC 8259) as a raw record; what the standard leaves open is a fault where it would hide something.

Faults, all `malformed-record`: a value that is not an object, a name twice in an object (which licence would it be?), NaN and
infinities, an integer of more digits than Python converts, nesting deeper than MAX_NESTING. Bytes that are not UTF-8,
or an escaped surrogate without its other half, are `undecodable-bytes`.
"""

from __future__ import annotations

import json
import re
from json.scanner import make_scanner
from typing import Any, cast

import numpy as np

from lineage_platform.model.decisions import Reason
from lineage_platform.transformations.buffers import Bytes, kernel
from lineage_platform.transformations.reading.json_text import LONG, SPARE, long_text
from lineage_platform.transformations.reading.records import Raw, Record, Unreadable, undecodable

MAX_NESTING = 256

_TOO_DEEP = f"nested deeper than {MAX_NESTING}"
_ESCAPED_SURROGATE = re.compile(rb"\\u[dD]")
_QUOTE, _BACKSLASH, _OPEN, _CLOSE = ord('"'), ord("\\"), (ord("["), ord("{")), (ord("]"), ord("}"))


def parse_object(ordinal: int, offset: int, data: bytes) -> Record:
    """The record in `data`, which holds nothing else but white space around it.

    A long text among its fields is given as the bytes of its UTF-8, all other text as str.
    """
    if len(data) >= LONG:
        out = np.empty(len(data) + SPARE, np.uint8)
        name, name_end, first, end, size = long_text(np.frombuffer(data, np.uint8), out)
        if name >= 0:
            fields = _simple(data[:first] + data[end:])
            field = data[name:name_end].decode("utf-8", "replace")
            if fields is not None and fields.get(field) == "":
                fields[field] = out[:size].tobytes()
                return Raw(ordinal, offset, fields)
    return _parsed(ordinal, offset, data)


def _simple(data: bytes) -> dict[str, Any] | None:
    """The fields of an object of plain values without escapes and without a fault; None of any other."""
    if b"\\" in data:
        return None
    try:
        text = data.decode()
        fields, end = _SCAN(text, 0)
    except (ValueError, StopIteration, RecursionError, _Refused):
        return None
    if end != len(text) or type(fields) is not dict:
        return None
    for value in fields.values():
        if type(value) is dict or type(value) is list:
            return None
    return cast("dict[str, Any]", fields)


def _parsed(ordinal: int, offset: int, data: bytes) -> Record:
    try:
        fields = _DECODER.decode(data.decode())
        if b"\\" in data and _ESCAPED_SURROGATE.search(data):
            json.dumps(fields, ensure_ascii=False).encode()
    except UnicodeDecodeError as error:
        return undecodable(ordinal, offset, error.start)
    except UnicodeEncodeError:
        return Unreadable(
            ordinal, offset, Reason.UNDECODABLE_BYTES, "an escaped surrogate without its other half"
        )
    except json.JSONDecodeError as error:
        return _malformed(ordinal, offset, f"{error.msg} at character {error.pos}")
    except _Refused as error:
        return _malformed(ordinal, offset, str(error))
    except RecursionError:
        return _malformed(ordinal, offset, _TOO_DEEP)
    except ValueError:
        return _malformed(ordinal, offset, "an integer of too many digits")
    if not isinstance(fields, dict):
        return _malformed(ordinal, offset, f"got a JSON {_NAMES[type(fields)]}, expected an object")
    if any(isinstance(value, (dict, list)) for value in fields.values()) and (
        _nesting(np.frombuffer(data, np.uint8)) > MAX_NESTING
    ):
        return _malformed(ordinal, offset, _TOO_DEEP)
    return Raw(ordinal, offset, fields)


def _malformed(ordinal: int, offset: int, detail: str) -> Unreadable:
    return Unreadable(ordinal, offset, Reason.MALFORMED_RECORD, detail)


class _Refused(Exception):
    """A valid JSON text, or nearly, that we do not take."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise _Refused("the same name twice in an object")
    return fields


def _no_constant(name: str) -> None:
    raise _Refused(f"{name} is not a JSON number")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)
_SCAN = make_scanner(cast("Any", _DECODER))
_NAMES = {list: "array", str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}


@kernel
def _nesting(data: Bytes) -> int:
    depth = 0
    deepest = 0
    quoted = False
    position = 0
    while position < len(data):
        byte = data[position]
        if quoted:
            if byte == _BACKSLASH:
                position += 1
            elif byte == _QUOTE:
                quoted = False
        elif byte == _QUOTE:
            quoted = True
        elif byte in _OPEN:
            depth += 1
            deepest = max(deepest, depth)
        elif byte in _CLOSE:
            depth -= 1
        position += 1
    return deepest
