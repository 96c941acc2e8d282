"""Signals as rows: the forms in which records keep them, what nobody understands, and readers that nothing stops."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_platform.model.definitions import SignalFields
from lineage_platform.model.signals import SignalRow
from lineage_platform.model.tables import SIGNALS
from lineage_platform.policy.signals.rows import signals_of

NAMES = list(SignalFields.__dataclass_fields__)


@pytest.mark.parametrize(
    ("fields", "scheme", "answer"),
    [
        ({"headers": {"TDM-Reservation": "1"}}, "tdmrep", "n"),
        ({"headers": [["tdm-reservation", "0"]]}, "tdmrep", "y"),
        ({"headers": [("TDM-RESERVATION", b"1")]}, "tdmrep", "n"),
        ({"headers": '{"tdm-reservation": 1}'}, "tdmrep", "n"),
        ({"headers": "HTTP/1.1 200 OK\r\nContent-Usage: train-ai=n\r\n"}, "aipref", "n"),
        ({"headers": b"Content-Usage: train-ai=y"}, "aipref", "y"),
        ({"content_usage": "train-ai=y"}, "aipref", "y"),
        ({"tdm_reservation": 1}, "tdmrep", "n"),
        ({"tdm_reservation": 0}, "tdmrep", "y"),
        ({"tdmrep": [{"location": "/", "tdm-reservation": 1}]}, "tdmrep", "n"),
        ({"robots_txt": "User-agent: GPTBot\nDisallow: /"}, "robots.txt", "n"),
        ({"robots_txt": "User-agent: GPTBot\nDisallow: /a", "url": b"https://e.org/a/b"}, "robots.txt", "n"),
        ({"robots_txt": b"User-agent: GPTBot\nDisallow: /a", "url": "https://e.org/b"}, "robots.txt", "unknown"),
        ({"robots_status": "404"}, "robots.txt", "unknown"),
        ({"aigc": {"Label": "1", "ContentProducer": "x"}}, "aigc-label", "unknown"),
        ({"aigc": '{"AIGC": {"Label": "1"}}'}, "aigc-label", "unknown"),
    ],
)  # fmt: skip
def test_forms(fields: dict[str, Any], scheme: str, answer: str) -> None:
    rows = signals_of({**fields, "observed_at": "2026-11-22T10:00:00Z"})
    assert {row.scheme for row in rows} == {scheme}
    assert {row.effective for row in rows} == {answer}
    assert {row.observed_at for row in rows} == {"2026-11-22T10:00:00Z"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("headers", "no header at all"),
        ("headers", 7),
        ("headers", [["one", "two", "three"]]),
        ("robots_txt", "<html>not found</html>"),
        ("robots_txt", b"\xff\xfe\x00"),
        ("content_usage", "%%%"),
        ("tdm_reservation", "maybe"),
        ("tdmrep", "{"),
        ("rsl", "<rsl"),
        ("c2pa", "no manifest"),
        ("ai_txt", "zz"),
        ("aigc", "no label"),
        ("aigc", ["Label"]),
    ],
)
def test_what_is_not_understood_is_kept_and_unknown(name: str, value: Any) -> None:
    rows = signals_of({name: value})
    assert [row.effective for row in rows] == ["unknown"]
    (row,) = rows
    raw = value if isinstance(value, bytes) else value.encode() if isinstance(value, str) else None
    assert raw is None or row.raw == raw
    assert row.raw_sha256 == hashlib.sha256(row.raw).digest()
    assert row.raw_length == len(row.raw)
    assert row.observed_at is None


@pytest.mark.parametrize(
    "fields", [{}, {"url": "https://e.org/"}, {"headers": {"Server": "x"}}, {"robots_txt": None, "html": ""}]
)
def test_what_says_nothing_is_no_signal(fields: dict[str, Any]) -> None:
    assert signals_of({**fields, "observed_at": 1700000000}) == ()


def test_one_refusal_is_the_answer_of_all() -> None:
    rows = signals_of({"tdm_reservation": 0, "robots_txt": "User-agent: CCBot\nDisallow: /"})
    assert {(row.scheme, json.loads(row.parsed)["train-ai"]) for row in rows} == {
        ("tdmrep", "y"),
        ("robots.txt", "n"),
    }
    assert {row.effective for row in rows} == {"n"}


def stored(rows: tuple[SignalRow, ...]) -> None:
    for number, field in enumerate(SIGNALS):
        if number > 1:
            pa.array([row[number - 2] for row in rows], field.type).validate(full=True)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=20), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5))
def test_whatever_a_record_holds_becomes_rows(fields: dict[str, Any]) -> None:
    rows = signals_of(fields)
    stored(rows)
    assert len({row.effective for row in rows}) <= 1
    assert rows == signals_of(fields)


def test_half_a_surrogate_pair_in_a_name_is_stored() -> None:
    manifest = '{"manifests": {"\\ud800": {"assertions": [{"label": "cawg.training-mining", "data": {}}]}}}'
    rows = signals_of({"c2pa": manifest, "observed_at": "\ud800"})
    assert len(rows) == 1
    stored(rows)
