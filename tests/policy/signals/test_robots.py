"""robots.txt: groups and rules as RFC 9309 has them, and the agents that address AI."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from protego import Protego

from lineage_platform.policy.signals import Signal, agents, effective, robots

NOW = "2026-11-22T10:00:00Z"
URL = "https://example.org/news/a.html"


def one(text: str, url: str | None = URL, status: int | None = None, agent: str = robots.OWN_AGENT) -> Signal:
    (signal,) = robots.read(text.encode(), url, NOW, agent=agent, status=status)
    return signal


def crawl(text: str, url: str = URL, agent: str = "ours") -> str:
    return one(text, url, agent=agent).parsed["crawl"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "y"),
        ("User-agent: *\nDisallow:", "y"),
        ("User-agent: *\nDisallow: /", "n"),
        ("user-agent:*\r\ndisallow:/news", "n"),
        ("User-agent: *\rDisallow: /news", "n"),
        ("\ufeffUser-agent: *\nDisallow: /", "n"),
        ("User-agent: *\nDisallow: /other", "y"),
        ("User-agent: *\nDisallow: /news\nAllow: /news/a", "y"),
        ("User-agent: *\nAllow: /news\nDisallow: /news", "y"),
        ("User-agent: *\nDisallow: /*.html$", "n"),
        ("User-agent: *\nDisallow: /*.htm$", "y"),
        ("User-agent: *\nDisallow: / # all of it", "n"),
        ("User-agent: *\n# Disallow: /", "y"),
        ("User-agent: *\nDisalow: /", "n"),
        ("User-agent *\nDisallow /", "n"),
        ("Disallow: /", "y"),
        # groups: the exact token, merged over the file; consecutive agents share; other records do not interfere
        ("User-agent: OURS\nDisallow: /", "n"),
        ("User-agent: ours/2.1\nDisallow: /", "n"),
        ("User-agent: our\nDisallow: /", "y"),
        ("User-agent: ours-extended\nDisallow: /", "y"),
        ("User-agent: ours\nAllow: /\n\nUser-agent: *\nDisallow: /", "y"),
        (
            "User-agent: ours\nDisallow: /x\n\nUser-agent: *\nAllow: /\n\nUser-agent: ours\nDisallow: /news",
            "n",
        ),
        ("User-agent: ours\nUser-agent: theirs\nDisallow: /", "n"),
        ("User-agent: ours\nSitemap: https://e.org/s.xml\nUser-agent: theirs\nDisallow: /", "n"),
        ("User-agent: ours\nCrawl-delay: 5\nUser-agent: theirs\nDisallow: /", "n"),
        ("User-agent: theirs\nDisallow: /\nUser-agent: ours\nAllow: /", "y"),
        # nothing of it is understood
        ("<!doctype html><title>Not found</title>", "unknown"),
    ],
)
def test_access_of_our_agent(text: str, expected: str) -> None:
    assert crawl(text) == expected


@pytest.mark.parametrize(
    ("pattern", "url", "expected"),
    [
        ("/é", "https://e.org/%C3%A9", "n"),
        ("/%C3%A9", "https://e.org/é", "n"),
        ("/a?b", "https://e.org/a?b=1", "n"),
        ("/a b", "https://e.org/a%20b", "n"),
        ("//x", "https://e.org//x", "n"),
        ("/x", "https://e.org", "y"),
    ],
)
def test_paths_compare_in_their_encoded_form(pattern: str, url: str, expected: str) -> None:
    assert crawl(f"User-agent: *\nDisallow: {pattern}", url) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, "n"),
        (204, "n"),
        (404, "y"),
        (403, "y"),
        (500, "unknown"),
        (503, "unknown"),
        (301, "unknown"),
        (0, "unknown"),
    ],
)
def test_status_of_the_answer(status: int, expected: str) -> None:
    got = one("User-agent: *\nDisallow: /", status=status)
    assert got.parsed["crawl"] == expected
    assert got.parsed["train-ai"] == ("n" if expected == "n" else "unknown")
    assert got.details["status"] == str(status)


@pytest.mark.parametrize(
    ("text", "uses"),
    [
        ("User-agent: GPTBot\nDisallow: /", {"train-ai"}),
        ("User-agent: gptbot\nUser-agent: ChatGPT-User\nDisallow: /news/", {"train-ai", "ai-input"}),
        ("User-agent: CCBot\nDisallow: /", {"train-ai"}),
        ("User-agent: OAI-SearchBot\nDisallow: /", {"search"}),
        ("User-agent: Claude-User\nDisallow: /", {"ai-input"}),
        ("User-agent: *\nDisallow: /", {"train-ai", "search", "ai-input"}),
        ("User-agent: *\nDisallow: /\nUser-agent: GPTBot\nAllow: /", {"train-ai", "search", "ai-input"}),
        ("User-agent: lineage-platform\nDisallow: /", {"train-ai", "search", "ai-input"}),
        ("User-agent: GPTBot\nDisallow: /old/", set()),
        ("User-agent: Googlebot\nDisallow: /", set()),
        ("User-agent: GPTBot\nAllow: /", set()),
    ],
)
def test_refused_agents_refuse_what_they_fetch_for(text: str, uses: set[str]) -> None:
    parsed = one(text).parsed
    assert {use for use, answer in parsed.items() if answer == "n" and use != "crawl"} == uses
    assert "y" not in {answer for use, answer in parsed.items() if use != "crawl"}


def test_the_answer_names_agent_and_rule() -> None:
    got = one("User-agent: *\nAllow: /news\nUser-agent: GPTBot\nDisallow: /n\nDisallow: /news/")
    assert got.details["group"] == "*"
    assert got.details["rule"] == "line 2: allow: /news"
    assert got.details["refused agents"] == "GPTBot (line 5: disallow: /news/)"
    assert effective([got]).by == ("robots.txt: robots.txt",)


def test_without_a_url_only_a_refusal_of_the_site_counts() -> None:
    assert one("User-agent: *\nDisallow: /x", None).parsed["crawl"] == "unknown"
    assert one("User-agent: *\nDisallow: /", None).parsed["crawl"] == "n"
    assert one("User-agent: *\nDisallow: /", "https://[bad").parsed["crawl"] == "n"


def test_behind_the_bound_nothing_is_read_and_nothing_is_allowed() -> None:
    padding = "# padding\n" * (robots.MAX_BYTES // 10)
    late = one(f"User-agent: *\nAllow: /\n{padding}Disallow: /news/a.html")
    assert late.parsed["crawl"] == "unknown"
    assert "problem" in late.details
    assert one(f"User-agent: *\nDisallow: /\n{padding}Allow: /news/a.html").parsed["crawl"] == "n"


def test_too_many_rules_are_unknown() -> None:
    rules = "".join(f"Disallow: /{number}\n" for number in range(robots.MAX_RULES + 1))
    assert crawl(f"User-agent: *\n{rules}Disallow: /") == "unknown"


PATTERN = st.text("/ab*$?%.é", max_size=6).map(lambda tail: f"/{tail}")
RULES = st.lists(st.tuples(st.sampled_from(["Allow", "Disallow"]), PATTERN), max_size=8)


@given(RULES, st.text("/ab?%.é", max_size=8))
def test_a_group_decides_as_protego_does_on_the_whole_file(rules: list[tuple[str, str]], path: str) -> None:
    text = "User-agent: *\n" + "".join(f"{kind}: {pattern}\n" for kind, pattern in rules)
    url = f"https://e.org/{path}"
    assert crawl(text, url) == ("y" if Protego.parse(text).can_fetch(url, "ours") else "n")


@given(RULES, st.text("/ab?.", max_size=8))
def test_the_rule_that_is_named_is_of_the_kind_that_won(rules: list[tuple[str, str]], path: str) -> None:
    text = "User-agent: *\n" + "".join(f"{kind}: {pattern}\n" for kind, pattern in rules)
    got = one(text, f"https://e.org/{path}")
    expected = "allow" if got.parsed["crawl"] == "y" else "disallow"
    assert f": {expected}: " in got.details["rule"] or (expected == "allow" and got.details["rule"] == "none")


def test_the_agents_are_reviewed() -> None:
    known = agents.known()
    assert len(known) >= 100
    assert {agent.refuses for agent in known.values()} == {"train-ai", "search", "ai-input"}
    assert known["gptbot"].operator == "OpenAI"
    assert all(token == agents.token(agent.name) != "*" for token, agent in known.items())
