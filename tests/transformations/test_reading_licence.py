from __future__ import annotations

import hashlib
import json

import pytest

from lineage_platform.transformations.reading import licence
from lineage_platform.transformations.reading.licence import declared_licence, shortened


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("CC-BY-4.0, ask ann@example.org", "CC-BY-4.0, ask <EMAIL>"),
        ("MIT 13800138000", "MIT <CN_MOBILE>"),
        ("MIT (c) 2024 ann@example.org or +86 138 0013 8000", "MIT (c) 2024 <EMAIL> or <CN_MOBILE>"),
    ],
)
def test_personal_data_are_redacted(text: str, redacted: str) -> None:
    assert shortened(text) == declared_licence(f" {text}\n") == f"{redacted} (text sha256:{digest(text)})"


def test_other_originals_stay_other() -> None:
    first, second = (declared_licence(f"MIT, {name}@example.org") for name in ("ann", "bob"))
    assert first != second


def test_every_form_of_a_declaration() -> None:
    value = {"name": "MIT", "contact": "ann@example.org"}
    redacted = '{"name": "MIT", "contact": "<EMAIL>"}'
    assert declared_licence(value) == f"{redacted} (text sha256:{digest(json.dumps(value))})"
    found = declared_licence(["MIT", "ask ann@example.org"])
    assert found == f"MIT; ask <EMAIL> (text sha256:{digest('ask ann@example.org')})"


@pytest.mark.parametrize("rest", ["", "\nann@example.org grants permission"])
def test_a_text_is_redacted_before_it_is_cut(rest: str) -> None:
    text = f"{'x ' * 55}ann.of.a.long.name@example.org {'y ' * 100}{rest}".strip()
    found = shortened(text)
    assert found is not None and found.startswith(f"{'x ' * 55}<EMAIL> y (text sha256:")
    assert digest(" ".join(text.split())) in found


def test_the_longest_stays_within_its_bound() -> None:
    text = "a@b.cc " * 35 + "12345"
    assert len(text) == 250
    found = shortened(text)
    assert found is not None and len(found) <= 250 and "@" not in found


@pytest.mark.parametrize(
    "text", ["MIT", "https://www.apache.org/licenses/LICENSE-2.0", "GPL-2.0-or-later OR MIT", "MIT \ud800"]
)
def test_all_else_stays_as_it_is(text: str) -> None:
    assert shortened(text) == text


def test_text_that_is_no_unicode_is_redacted_too() -> None:
    found = shortened("\ud800 ann@example.org")
    assert found is not None and found.startswith("? <EMAIL> (text sha256:")


def test_a_string_is_redacted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    shortened("once upon a licence")
    monkeypatch.setattr(licence, "redact", lambda _text: pytest.fail("redacted again"))
    assert shortened("once upon a licence") == "once upon a licence"
