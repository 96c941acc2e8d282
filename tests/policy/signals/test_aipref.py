"""AIPREF Content-Usage: only the tokens y and n count; the most restrictive statement holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_platform.policy.signals import aipref, effective, read_record

NOW = "2026-11-22T10:00:00Z"


@pytest.mark.parametrize(
    ("value", "train", "search"),
    [
        (b"train-ai=n", "n", "unknown"),
        (b"train-ai=y, search=n", "y", "n"),
        (b"  search=y ,\ttrain-ai=n  ", "n", "y"),
        (b"", "unknown", "unknown"),
        # values that are no token y or n
        (b'train-ai="n"', "unknown", "unknown"),
        (b"train-ai", "unknown", "unknown"),
        (b"train-ai=?0", "unknown", "unknown"),
        (b"train-ai=0", "unknown", "unknown"),
        (b"train-ai=no", "unknown", "unknown"),
        (b"train-ai=N", "unknown", "unknown"),
        (b"train-ai=(n)", "unknown", "unknown"),
        # the last of a key holds; parameters and unknown keys mean nothing
        (b"train-ai=n, train-ai=y", "y", "unknown"),
        (b"train-ai=y, train-ai", "unknown", "unknown"),
        (b"train-ai;x=n, train-ai=y", "y", "unknown"),
        (b"train-ai=n;until=1", "n", "unknown"),
        (b"train-genai=n, search=y", "unknown", "y"),
        # no dictionary: nothing of it counts
        (b"train-ai=n, Search=y", "unknown", "unknown"),
        (b"train-ai=n,", "unknown", "unknown"),
        (b"train-ai=n; search", "n", "unknown"),
        (b"train-ai=n search=y", "unknown", "unknown"),
        (b"train-ai=n \xc3\xa9", "unknown", "unknown"),
    ],
)
def test_preferences(value: bytes, train: str, search: str) -> None:
    assert aipref.preferences(value)[0] == {"train-ai": train, "search": search}


def test_header_lines_are_one_dictionary() -> None:
    (signal,) = aipref.from_headers(
        [("Content-Usage", "train-ai=n"), ("content-usage", b"train-ai=y, search=y")], NOW
    )
    assert signal.parsed == {"train-ai": "y", "search": "y"}
    assert aipref.from_headers({"Content-Type": "text/html"}, NOW) == []
    (broken,) = aipref.from_headers({"content-usage": "train-ai=n,,"}, NOW)
    assert broken.parsed["train-ai"] == "unknown"
    assert "RFC 9651" in broken.details["problem"]


ROBOTS = """
User-agent: *
Allow: /
Disallow: /closed/
Content-Usage: train-ai=n
Content-Usage: /open/ train-ai=y
Content-Usage: /open/*.pdf\ttrain-ai=n, search=n # a remark
Content-Usage: /both/ train-ai=y
Content-Usage: /both/ train-ai=n

User-agent: friend
Content-Usage: train-ai=y
"""


@pytest.mark.parametrize(
    ("agent", "path", "train"),
    [
        ("ours", "/a", "n"),
        ("ours", "/open/a", "y"),
        ("ours", "/open/a.pdf", "n"),
        ("ours", "/both/a", "n"),
        ("friend", "/open/a.pdf", "y"),
    ],
)
def test_the_longest_path_decides(agent: str, path: str, train: str) -> None:
    found = read_record({"robots_txt": ROBOTS}, f"https://e.org{path}", NOW, agent)
    own = [signal for signal in found if signal.scheme == "aipref"]
    assert effective(own).train == train


def test_a_path_that_may_not_be_crawled_has_no_preferences() -> None:
    text = "User-agent: *\nDisallow: /closed\nContent-Usage: train-ai=y"
    found = read_record({"robots_txt": text}, "https://e.org/closed", NOW)
    assert [signal.scheme for signal in found] == ["robots.txt"]
    assert effective(found).train == "n"


def test_what_is_said_to_others_counts_only_as_a_refusal() -> None:
    def train(text: str) -> str:
        found = read_record({"robots_txt": text}, "https://e.org/a", NOW)
        return effective(found).train

    assert train("User-agent: GPTBot\nContent-Usage: train-ai=n") == "n"
    assert train("User-agent: GPTBot\nContent-Usage: train-ai=y") == "unknown"
    assert train("Content-Usage: train-ai=n\nUser-agent: *\nAllow: /") == "n"
    assert train("Content-Usage: train-ai=y\nUser-agent: *\nAllow: /") == "unknown"
    assert train("User-agent: Googlebot\nContent-Usage: train-ai=n") == "unknown"


def test_without_a_url_rules_of_a_path_say_nothing() -> None:
    text = "User-agent: *\nContent-Usage: /x train-ai=n\nContent-Usage: train-ai=y"
    assert effective(read_record({"robots_txt": text}, None, NOW)).train == "y"


KEYS = st.sampled_from(["train-ai", "search", "other", "*x"])
VALUES = st.sampled_from(["y", "n", "?1", "1", '"n"', "(n y)", "yes"])


@given(st.lists(st.tuples(KEYS, VALUES), max_size=6))
def test_the_last_of_a_key_holds(members: list[tuple[str, str]]) -> None:
    parsed, problem = aipref.preferences(", ".join(f"{key}={value}" for key, value in members).encode())
    last = dict(members).get("train-ai")
    assert problem is None
    assert parsed["train-ai"] == (last if last in ("y", "n") else "unknown")
