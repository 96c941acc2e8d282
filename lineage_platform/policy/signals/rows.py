"""The signals of a record as rows: what `record.signals` of a source names, read, answered and kept.

    rows = signals_of({"url": "https://example.org/a", "headers": {"tdm-reservation": "1"}, "observed_at": "2026-11-22"})
    rows[0].effective  # "n", the same in all rows of a record

Records keep these things in many forms: headers as a mapping, as pairs, as JSON text or as they came over the wire; single
headers in fields of their own; a label of GB 45438 without the key that names it. What is there and is not understood is a
signal too: it is kept, and answers nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from lineage_platform.model.signals import SignalRow
from lineage_platform.policy.signals import aigc, c2pa, forms
from lineage_platform.policy.signals.model import Scheme, Signal, effective
from lineage_platform.policy.signals.record import read_record

HEADERS: Final = Scheme("http-headers", "RFC 9110")
_SINGLE: Final = {"content_usage": "Content-Usage", "tdm_reservation": "tdm-reservation"}
_LONGEST_TIME: Final = 64


def signals_of(fields: Mapping[str, Any]) -> tuple[SignalRow, ...]:
    """The rows of one record; `fields` are named as in `model.definitions.SignalFields`. Total, as all readers are."""
    given = {name: value for name, value in fields.items() if value not in (None, "", b"")}
    observed_at = _time(given.pop("observed_at", None))
    url = forms.as_text(forms.as_bytes(given.pop("url"))) if "url" in given else None
    unread: list[Signal] = []
    headers = _headers(given.pop("headers", None), observed_at, unread)
    headers += [(name, given.pop(field)) for field, name in _SINGLE.items() if field in given]
    label = given.pop("aigc", None)
    if "c2pa" in given and not isinstance(forms.json_value(forms.as_bytes(given["c2pa"])), dict | list):
        unread.append(_not_understood(c2pa.SCHEME, "field c2pa", given["c2pa"], observed_at))
    found = read_record({**given, "headers": headers}, url, observed_at)
    if label is not None:
        found += _labels(label, observed_at)
    return _rows([*found, *unread])


def _rows(signals: Iterable[Signal]) -> tuple[SignalRow, ...]:
    listed = list(signals)
    answer = effective(listed)
    return tuple(
        SignalRow(
            signal.scheme,
            signal.version,
            _storable(signal.location),
            signal.raw,
            signal.raw_length,
            bytes.fromhex(signal.raw_sha256),
            signal.observed_at or None,
            _json(signal.parsed),
            None if signal.policy_uri is None else _storable(signal.policy_uri),
            _json(signal.details),
            answer.train,
            answer.rule_version,
        )
        for signal in listed
    )


def _time(value: object) -> str:
    """The time as the record says it; nothing is made of it, so nothing is refused."""
    return "" if value is None else forms.as_text(forms.as_bytes(value)).strip('"')[:_LONGEST_TIME]


def _headers(value: object, observed_at: str, unread: list[Signal]) -> list[tuple[Any, Any]]:
    """Pairs of name and value."""
    said = forms.json_value(forms.as_bytes(value)) if isinstance(value, str | bytes) else value
    if isinstance(said, Mapping):
        return list(said.items())
    if isinstance(said, list | tuple) and all(
        isinstance(pair, list | tuple) and len(pair) == 2 for pair in said
    ):
        return [(name, item) for name, item in said]
    if isinstance(value, str | bytes):
        lines = forms.as_text(forms.as_bytes(value)).splitlines()
        pairs = [(name, item) for name, colon, item in (line.partition(":") for line in lines) if colon]
        if pairs:
            return pairs
    if value is not None:
        unread.append(_not_understood(HEADERS, "field headers", value, observed_at))
    return []


def _labels(value: object, observed_at: str) -> list[Signal]:
    """The labels in a field that holds nothing else, with or without the key that names them."""
    raw = forms.as_bytes(value)
    found = aigc.read(raw, observed_at)
    if not found and isinstance(members := forms.json_value(raw), dict):
        found = aigc.read(forms.as_bytes({"AIGC": members}), observed_at)
    return found or [_not_understood(aigc.SCHEME, "field aigc", value, observed_at)]


def _not_understood(scheme: Scheme, location: str, value: object, observed_at: str) -> Signal:
    details = {"problem": "not understood"}
    return scheme.signal(
        location, forms.as_bytes(value), observed_at, {"train-ai": "unknown"}, details=details
    )


def _storable(text: str) -> str:
    """Text as UTF-8 has it: JSON inside of a record may spell half a surrogate pair."""
    return text.encode("utf-8", "replace").decode()


def _json(value: Mapping[Any, str]) -> str:
    return json.dumps(dict(value), ensure_ascii=True, sort_keys=True, separators=(",", ":"))
