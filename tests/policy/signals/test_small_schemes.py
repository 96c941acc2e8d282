"""Content-Signal, noai and ai.txt."""

from __future__ import annotations

import pytest

from lineage_platform.policy.signals import ai_txt, content_signals, effective, forms, noai, read_record

NOW = "2026-11-22T10:00:00Z"


@pytest.mark.parametrize(
    ("value", "train", "search", "ai_input"),
    [
        (b"search=yes, ai-train=no", "n", "y", "unknown"),
        (b"SEARCH=YES,AI-TRAIN=NO,ai-input = no", "n", "y", "n"),
        (b"ai-train=yes", "y", "unknown", "unknown"),
        (b"ai-train=maybe", "unknown", "unknown", "unknown"),
        (b"ai-train", "unknown", "unknown", "unknown"),
        (b"ai-train=yes, ai-train=no", "n", "unknown", "unknown"),
        (b"", "unknown", "unknown", "unknown"),
    ],
)
def test_content_signals(value: bytes, train: str, search: str, ai_input: str) -> None:
    assert content_signals.preferences(value) == {"train-ai": train, "search": search, "ai-input": ai_input}


@pytest.mark.parametrize(
    ("text", "train"),
    [
        ("User-agent: *\nContent-Signal: search=yes,ai-train=no\nAllow: /", "n"),
        ("User-agent: *\nContent-Signal: ai-train=yes\nAllow: /", "y"),
        ("User-agent: *\nContent-Signal: /a ai-train=no\nContent-Signal: ai-train=yes", "n"),
        ("User-agent: *\nContent-Signal: /b ai-train=no\nContent-Signal: ai-train=yes", "y"),
        ("Content-Signal: ai-train=yes\nUser-agent: *\nAllow: /", "unknown"),
        ("Content-Signal: ai-train=no\nUser-agent: *\nAllow: /", "n"),
        ("User-agent: *\n# Content-Signal: ai-train=no", "unknown"),
    ],
)
def test_content_signal_lines(text: str, train: str) -> None:
    assert effective(read_record({"robots_txt": text}, "https://e.org/a", NOW)).train == train


def test_of_a_content_signal_header_only_refusals_count() -> None:
    assert effective(content_signals.from_headers({"content-signal": "ai-train=yes"}, NOW)).train == "unknown"
    assert effective(content_signals.from_headers({"content-signal": "ai-train=no"}, NOW)).train == "n"


@pytest.mark.parametrize(
    ("headers", "html", "parsed"),
    [
        ({"X-Robots-Tag": "noai"}, "", {"train-ai": "n"}),
        ({"x-robots-tag": "noindex, NoAI, noimageai"}, "", {"train-ai": "n", "train-images": "n"}),
        ({"x-robots-tag": "GPTBot: noai"}, "", {"train-ai": "n"}),
        ({}, '<meta name="robots" content="noai, nofollow">', {"train-ai": "n"}),
        ({}, '<META NAME="ROBOTS" CONTENT="NOIMAGEAI">', {"train-images": "n"}),
        ({}, '<meta name="GPTBot" content="noai">', {"train-ai": "n"}),
        ({"x-robots-tag": "noindex"}, '<meta name="description" content="noai">', None),
        ({}, '<!-- <meta name="robots" content="noai"> -->', None),
    ],
)
def test_noai(headers: dict[str, str], html: str, parsed: dict[str, str] | None) -> None:
    found = noai.read(headers, forms.page(html.encode()), NOW)
    assert [signal.parsed for signal in found] == ([parsed] if parsed else [])


AI_TXT = "User-Agent: *\nDisallow: *.html\nDisallow: *.txt\nAllow: *.jpg\n"


@pytest.mark.parametrize(
    ("text", "url", "train"),
    [
        (AI_TXT, "https://e.org/a.html", "n"),
        (AI_TXT, "https://e.org/a", "n"),
        (AI_TXT, "https://e.org/", "n"),
        (AI_TXT, "https://e.org/a.jpg", "y"),
        (AI_TXT, "https://e.org/a.zip", "unknown"),
        ("User-Agent: *\nDisallow: /", "https://e.org/a", "n"),
        ("User-Agent: *\nAllow: /", "https://e.org/a", "y"),
        ("Training: Deny", "https://e.org/a", "unknown"),
        (AI_TXT, None, "unknown"),
    ],
)
def test_ai_txt(text: str, url: str | None, train: str) -> None:
    assert effective(ai_txt.read(text.encode(), url, NOW)).train == train
