"""A record of a crawl, whole; and readers that no bytes can stop."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineage_platform.policy.signals import Signal, agents, aigc, effective, forms, read_record, robots
from lineage_platform.policy.signals.model import MAX_RAW, RULE_VERSION, Category

NOW = "2026-11-22T10:00:00Z"
URL = "https://e.org/a.html"

WHOLE: dict[str, Any] = {
    "url": URL,
    "robots_txt": "License: /l.xml\nUser-agent: *\nAllow: /\nContent-Usage: train-ai=y\nContent-Signal: ai-train=yes\n",
    "headers": {
        "Content-Usage": "train-ai=y",
        "Content-Signal": "ai-train=yes",
        "TDM-Reservation": "0",
        "X-Robots-Tag": "noimageai",
        "Link": '</l.xml>; rel="license"; type="application/rsl+xml"',
    },
    "html": '<meta name="tdm-reservation" content="0"><link rel="license" type="application/rsl+xml" href="/l.xml">'
    '<script type="application/rsl+xml"><rsl><content url="/"/></rsl></script>',
    "metadata": '<p><T:AIGC xmlns:T=\'http://www.tc260.org.cn/ns/AIGC/1.0/\'>{"Label":"1"}</T:AIGC></p>',
    "text": '---\nAIGC:\n  Label: "1"\n---\ntext',
    "tdmrep": [{"location": "/", "tdm-reservation": 0}],
    "rsl": '<rsl><content url="/"><license><permits type="usage">ai-train</permits></license></content></rsl>',
    "c2pa": {
        "label": "cawg.training-mining",
        "data": {"entries": {"cawg.ai_generative_training": {"use": "allowed"}}},
    },
    "ai_txt": "User-Agent: *\nAllow: *.html",
}
SCHEMES = {
    "robots.txt", "aipref", "content-signal", "tdmrep", "noai", "rsl", "cawg.training-mining", "aigc-label", "ai.txt",
}  # fmt: skip


def test_every_scheme_of_one_record() -> None:
    found = read_record(WHOLE, None, NOW)
    assert {signal.scheme for signal in found} == SCHEMES
    assert effective(found).train == "y"
    assert all(Signal.from_json(json.loads(json.dumps(signal.to_json()))) == signal for signal in found)
    assert all(signal.observed_at == NOW for signal in found)


REFUSALS: dict[str, Any] = {
    "robots_txt": "User-agent: CCBot\nDisallow: /",
    "headers": [("content-usage", "train-ai=n")],
    "html": '<meta name="robots" content="noai">',
    "tdmrep": '[{"location": "/*.html", "tdm-reservation": 1}]',
    "rsl": b'<rsl><content url="/"><license><prohibits type="usage">all</prohibits></license></content></rsl>',
    "c2pa": {
        "label": "c2pa.training-mining",
        "data": {"entries": {"c2pa.ai_training": {"use": "notAllowed"}}},
    },
    "ai_txt": "User-Agent: *\nDisallow: /",
}


@pytest.mark.parametrize("name", sorted(REFUSALS))
def test_one_refusal_is_enough(name: str) -> None:
    assert (
        effective(read_record({**WHOLE, "headers": {}, "html": "", name: REFUSALS[name]}, None, NOW)).train
        == "n"
    )


def test_a_record_that_says_nothing() -> None:
    assert (
        read_record({"url": URL, "title": "x", "html": "<p>no", "headers": None, "rsl": None}, None, NOW)
        == []
    )
    assert effective(read_record({"robots_status": 404}, URL, NOW)).train == "unknown"


def test_usage_lines_of_an_error_page_do_not_count() -> None:
    found = read_record(
        {"robots_txt": "User-agent: *\nContent-Usage: train-ai=y", "robots_status": 404}, URL, NOW
    )
    assert effective(found).train == "unknown"


def test_the_page_of_documentation_is_true() -> None:
    page = (Path(__file__).parents[3] / "docs" / "signals.md").read_text()
    bounds = (
        MAX_RAW,
        robots.MAX_BYTES,
        robots.MAX_RULES,
        forms.MAX_DOCUMENT,
        forms.MAX_HTML,
        forms.MAX_HEADER,
        aigc.MAX_BLOCK,
    )
    assert all(f"{bound:,}" in page for bound in bounds)
    assert all(f"`{category}`" in page for category in get_args(Category))
    assert all(f"`{function}`" in page for function in {agent.function for agent in agents.known().values()})
    assert f"{len(agents.known())} names" in page
    assert RULE_VERSION in page


JUNK = st.none() | st.integers() | st.floats() | st.text(max_size=80) | st.binary(max_size=80)
DEEP = st.recursive(
    JUNK, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)
FILES = [
    "url",
    "robots_txt",
    "robots_status",
    "headers",
    "html",
    "text",
    "metadata",
    "tdmrep",
    "rsl",
    "c2pa",
    "ai_txt",
]


def check(found: list[Signal]) -> None:
    assert effective(found).train in ("y", "n", "unknown")
    for signal in found:
        assert Signal.from_json(signal.to_json()) == signal


@given(st.dictionaries(st.sampled_from(FILES), DEEP), st.none() | st.text(max_size=30))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_no_value_stops_a_reader(fields: dict[str, Any], url: str | None) -> None:
    check(read_record(fields, url, NOW))


def text_of(name: str) -> bytes:
    value = WHOLE[name]
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


@given(st.data())
@settings(deadline=None, max_examples=300)
def test_damage_to_a_real_file_stops_no_reader(data: st.DataObject) -> None:
    name = data.draw(
        st.sampled_from([name for name in FILES if name in WHOLE and name not in ("url", "headers")])
    )
    raw = text_of(name)
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, min(len(raw), start + 12)))
    damaged = raw[:start] + data.draw(st.binary(max_size=6)) + raw[end:]
    check(read_record({name: damaged}, URL, NOW))


@given(st.text(st.characters(), max_size=60), st.text(max_size=60))
def test_no_header_stops_a_reader(name: str, value: str) -> None:
    fields = [
        "content-usage",
        "content-signal",
        "tdm-reservation",
        "tdm-policy",
        "x-robots-tag",
        "link",
        name,
    ]
    check(read_record({"headers": [(field, value) for field in fields]}, URL, NOW))


MIB = 1 << 20
HOSTILE = {
    "deep json": {"tdmrep": b"[" * MIB, "c2pa": b'{"a":' * (MIB // 5), "text": b'{"AIGC":' * (MIB // 8)},
    "deep yaml": {"text": b"---\nAIGC: " + b"[" * MIB},
    "deep lists": {"text": b"---\nAIGC:\n" + b"- " * MIB},
    "deep keys": {"text": b"---\nAIGC:\n" + b"? " * MIB},
    "anchors": {
        "text": b"---\nAIGC:\n" + b"".join(b" a%d: &x%d *x%d\n" % (n, n, n - 1) for n in range(1000))
    },
    "deep xml": {"rsl": b"<a>" * (MIB // 3), "metadata": b"<a>" * (MIB // 3) + b"</a>" * 9},
    "entities": {
        "rsl": b'<!DOCTYPE a [<!ENTITY b "' + b"c" * 1000 + b'">]><rsl>' + b"&b;" * 1000 + b"</rsl>"
    },
    "open tags": {"html": b"noai" + b"<meta " * (MIB // 6)},
    "open comments": {"html": b"noai" + b"<!--" * (MIB // 4)},
    "open sections": {"html": b"noai" + b"<![" * (MIB // 3)},
    "open quotes": {"html": b"noai" + b"<a b='" * (MIB // 6)},
    "attributes": {"html": b"<a" + b" b" * (MIB // 16) + b"><meta name=robots content=noai>"},
    "references": {"html": b"noai" + b"&" * MIB},
    "tags": {"html": b"<meta name=robots content=noai>" * (MIB // 32)},
    "hints": {"html": b"license" * (MIB // 7)},
    "bodies": {"text": b"AIGC:\n" + b" a:\n" * (MIB // 4)},
    "body labels": {"text": b"AIGC:\n a:\n" * (MIB // 10)},
    "stars": {"robots_txt": b"user-agent:*\ndisallow:/" + b"*a" * 1000 + b"$"},
    "agents": {"robots_txt": b"user-agent:GPTBot\n" * (MIB // 18) + b"disallow:/"},
    "many agents": {
        "robots_txt": b"".join(b"user-agent:a%d\n" % n for n in range(30000)) + b"disallow:/a\n" * (MIB // 24)
    },
    "agents of everything": {
        "robots_txt": b"".join(b"user-agent:%s\ndisallow:/\n" % name.encode() for name in agents.known())
        + b"".join(b"user-agent:%s\n" % name.encode() for name in agents.known())
        + b"".join(b"disallow:/%d*x\n" % n for n in range(1900))
    },
    "rules": {"robots_txt": b"user-agent:*\n" + b"disallow:/a\n" * (MIB // 12)},
    "groups": {"robots_txt": b"user-agent:*\ndisallow:/a\n" * (MIB // 25)},
    "usages": {"robots_txt": b"user-agent:*\n" + b"content-usage:/ train-ai=n\n" * 5000},
    "long value": {"headers": {"content-usage": "a=" + "1" * MIB, "link": "<" * MIB}},
    "long braces": {"text": "{AIGC " + "AIGC:" * 100000},
    "long xmp": {"metadata": "AIGC=" * 100000},
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_input_is_answered_in_bounded_time(name: str) -> None:
    start = time.process_time()
    check(read_record(HOSTILE[name], URL, NOW))
    assert time.process_time() - start < 20
