"""The form of a signal, and what all signals of a document say together."""

from __future__ import annotations

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_platform.errors import InvalidInput
from lineage_platform.policy.signals import Signal, effective
from lineage_platform.policy.signals.model import (
    MAX_RAW,
    RULE_VERSION,
    Answer,
    Category,
    Scheme,
    combine,
    refusals,
)

SCHEME = Scheme("test", "1")
NOW = "2026-11-22T10:00:00Z"
ANSWERS = st.sampled_from(get_args(Answer))
PARSED = st.dictionaries(st.sampled_from(get_args(Category)), ANSWERS)


def signal(answer: Answer, where: str = "here") -> Signal:
    return SCHEME.signal(where, b"x", NOW, {"train-ai": answer})


def signals() -> st.SearchStrategy[list[Signal]]:
    one = st.builds(
        lambda where, parsed: SCHEME.signal(where, b"x", NOW, parsed), st.text(max_size=3), PARSED
    )
    return st.lists(one, max_size=6)


@pytest.mark.parametrize(
    ("answers", "train"),
    [
        ([], "unknown"),
        (["unknown"], "unknown"),
        (["unknown", "y"], "y"),
        (["y", "n", "y"], "n"),
        (["n", "unknown"], "n"),
    ],
)
def test_a_refusal_beats_a_permission_beats_silence(answers: list[Answer], train: Answer) -> None:
    got = effective(signal(answer, f"place {number}") for number, answer in enumerate(answers))
    assert (got.train, got.signalled, got.rule_version) == (train, train, RULE_VERSION)
    assert got.by == tuple(f"test: place {n}" for n, a in enumerate(answers) if a == train != "unknown")


def test_other_categories_do_not_decide() -> None:
    assert (
        effective([SCHEME.signal("x", b"", NOW, {"search": "n", "crawl": "y", "synthetic": "y"})]).train
        == "unknown"
    )


def test_a_licence_overrides_and_is_named() -> None:
    got = effective([signal("n")], licence="contract:2026-17")
    assert (got.train, got.by, got.signalled) == ("y", ("contract:2026-17",), "n")


@given(st.data())
def test_order_and_repetition_do_not_matter(data: st.DataObject) -> None:
    found = data.draw(signals())
    shuffled = data.draw(st.permutations(found + found))
    assert effective(found) == effective(shuffled)


@given(signals(), signals())
def test_more_signals_never_turn_a_refusal_into_anything_else(some: list[Signal], more: list[Signal]) -> None:
    if effective(some).train == "n":
        assert effective(some + more).train == "n"
    if effective(some + more).train == "unknown":
        assert effective(some).train == "unknown"


@given(PARSED)
def test_refusals_allow_nothing(parsed: dict[Category, Answer]) -> None:
    assert "y" not in refusals(parsed).values()
    assert {use for use, answer in refusals(parsed).items() if answer == "n"} == {
        use for use, answer in parsed.items() if answer == "n"
    }


@given(
    st.binary(max_size=40),
    st.text(max_size=10),
    PARSED,
    st.none() | st.text(),
    st.dictionaries(st.text(), st.text()),
)
def test_json_both_ways(
    raw: bytes, where: str, parsed: dict[Category, Answer], uri: str | None, details: dict[str, str]
) -> None:
    made = SCHEME.signal(where, raw, NOW, parsed, uri, details)
    assert Signal.from_json(json.loads(json.dumps(made.to_json()))) == made


def test_long_bytes_are_cut_and_their_digest_is_whole() -> None:
    long = SCHEME.signal("x", b"a" * (MAX_RAW + 1), NOW, {})
    assert (len(long.raw), long.raw_length) == (MAX_RAW, MAX_RAW + 1)
    assert long.raw_sha256 != SCHEME.signal("x", long.raw, NOW, {}).raw_sha256


@pytest.mark.parametrize(
    "change",
    [
        {"parsed": {"train-ai": "maybe"}},
        {"parsed": {"training": "y"}},
        {"parsed": ["train-ai"]},
        {"parsed": {"train-ai": []}},
        {"raw_base64": "***"},
        {"raw": 1},
        {"extra": 1},
    ],
)
def test_a_form_that_is_none_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(InvalidInput, match="signal: got"):
        Signal.from_json({**signal("y").to_json(), **change})


@given(st.lists(ANSWERS))
def test_combine_is_the_same_rule(answers: list[Answer]) -> None:
    assert combine(answers) == effective(signal(answer) for answer in answers).train
