"""RSL: pointers say that there are terms; the document says which."""

from __future__ import annotations

import pytest

from lineage_platform.policy.signals import effective, forms, robots, rsl

NOW = "2026-11-22T10:00:00Z"
URL = "https://e.org/news/a.html"


def train(*contents: str, url: str | None = URL) -> str:
    document = f'<rsl xmlns="{rsl.NAMESPACE}">{"".join(contents)}</rsl>'
    return effective(rsl.read(document.encode(), "rsl", url, NOW)).train


def content(*licences: str, url: str = "/", more: str = "") -> str:
    return f'<content url="{url}"{more}>{"".join(f"<license>{licence}</license>" for licence in licences)}</content>'


def permits(tokens: str, kind: str = "usage") -> str:
    return f'<permits type="{kind}">{tokens}</permits>'


def prohibits(tokens: str) -> str:
    return f'<prohibits type="usage">{tokens}</prohibits>'


def payment(kind: str) -> str:
    return f'<payment type="{kind}"><amount currency="USD">1</amount></payment>'


@pytest.mark.parametrize(
    ("licences", "expected"),
    [
        ([permits("ai-train")], "y"),
        ([permits("train-ai")], "y"),
        ([permits("search ai-all")], "y"),
        ([permits("all")], "y"),
        ([permits("AI-TRAIN, search")], "y"),
        ([permits("ai-train") + payment("free")], "y"),
        ([permits("search ai-input")], "unknown"),
        ([permits("ai-training-of-mine")], "unknown"),
        ([""], "unknown"),
        ([], "unknown"),
        ([prohibits("ai-train")], "n"),
        ([prohibits("ai-all")], "n"),
        ([prohibits("all")], "n"),
        ([prohibits("search")], "unknown"),
        ([permits("ai-train") + prohibits("ai-train")], "n"),
        ([permits("ai-train"), prohibits("ai-all")], "n"),
        # conditions: what must be bought is refused until it is; what must be weighed is unknown
        ([permits("ai-train") + payment("training")], "n"),
        ([permits("ai-train") + payment("subscription")], "n"),
        ([permits("ai-train") + "<payment/>"], "y"),
        ([permits("ai-train") + payment("attribution")], "unknown"),
        ([permits("ai-train") + payment("purchase"), permits("ai-train") + payment("free")], "y"),
        ([permits("ai-train") + permits("non-commercial", "user")], "unknown"),
        ([permits("ai-train") + permits("US", "geo") + payment("crawl")], "n"),
        ([payment("purchase")], "n"),
    ],
)
def test_terms(licences: list[str], expected: str) -> None:
    assert train(content(*licences)) == expected


def test_a_server_must_be_asked_even_if_it_is_free() -> None:
    asked = content(permits("ai-train"), more=' server="https://l.e.org"')
    assert train(asked) == "n"
    (signal,) = rsl.read(f"<rsl>{asked}</rsl>".encode(), "rsl", URL, NOW)
    assert signal.details["server"] == "https://l.e.org"


@pytest.mark.parametrize(
    ("pattern", "reaches"),
    [
        ("/", True),
        ("/news/", True),
        ("/news/*.html$", True),
        ("https://e.org/news/*", True),
        ("https://E.ORG/", True),
        ("https://e.org", True),
        ("https://[bad", False),
        ("https://other.org/", False),
        ("/sport/", False),
        ("", False),
    ],
)
def test_reach_of_a_content(pattern: str, reaches: bool) -> None:
    assert train(content(prohibits("all"), url=pattern)) == ("n" if reaches else "unknown")


def test_the_most_specific_content_decides() -> None:
    site, part = content(prohibits("ai-all")), content(permits("ai-all"), url="/news/*")
    assert train(site, part) == train(part, site) == "y"
    assert train(site, part, url="https://e.org/x") == "n"
    assert train(site, part, url=None) == "n"


@pytest.mark.parametrize(
    "document",
    [
        "",
        "<rsl",
        "<html/>",
        '<!DOCTYPE rsl [<!ENTITY a "b">]><rsl><content url="/"/></rsl>',
        "<rsl>" + " " * (1 << 20) + "</rsl>",
    ],
)
def test_what_is_no_licence_is_unknown(document: str) -> None:
    (signal,) = rsl.read(document.encode(), "rsl", URL, NOW)
    assert set(signal.parsed.values()) == {"unknown"}
    assert "problem" in signal.details


def test_a_document_type_is_refused_in_any_encoding() -> None:
    text = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE rsl [<!ENTITY a "b">]><rsl>&a;</rsl>'
    assert forms.xml(text.encode("utf-16")) is None


def test_pointers() -> None:
    file = robots.parse(b"License: https://e.org/l.xml\nUser-agent: *\nAllow: /")
    headers = {
        "Link": [
            '</h.xml>; rel="license"; type="application/rsl+xml", </style.css>; rel=stylesheet',
            '<https://creativecommons.org/licenses/by/4.0/>; rel="license"',
        ]
    }
    page = forms.page(
        b'<link rel="license" type="application/rsl+xml" href="/p.xml"><link rel=license href=https://cc.example/by/>'
    )
    found = rsl.pointers(file, headers, page, NOW)
    assert [(signal.location, signal.policy_uri) for signal in found] == [
        ("robots.txt line 1", "https://e.org/l.xml"),
        ("header Link", "/h.xml"),
        ("html link", "/p.xml"),
    ]
    assert effective(found).train == "unknown"
