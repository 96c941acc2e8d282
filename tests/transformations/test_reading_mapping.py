"""From fields to text, id, licence, language and subject."""

import hmac
from typing import Any

import pytest

from lineage_platform.errors import InvalidInput
from lineage_platform.model.definitions import RecordFields
from lineage_platform.model.subjects import SubjectKeys
from lineage_platform.transformations.reading.licence import declared_licence, shortened
from lineage_platform.transformations.reading.mapping import Fault, RecordMapping, parse_template
from tests.transformations.sources import make_source


def mapping(**fields: str) -> RecordMapping:
    return RecordMapping(make_source("/x", "jsonl", RecordFields(**fields)))


@pytest.mark.parametrize(
    ("template", "fields", "text"),
    [
        ("text", {"text": "a"}, "a"),
        ("text", {"text": ""}, ""),
        ("text", {"text": ["line", "", "line"]}, "line\n\nline"),
        ("text", {"text": []}, ""),
        ("text", {"text": 12}, "12"),
        ("text", {"text": 1.5}, "1.5"),
        ("text", {"text": True}, "true"),
        ("{text}", {"text": "a"}, "a"),
        ("{a}\n{b}", {"a": "x", "b": "y"}, "x\ny"),
        ("{a}\n{b}", {"a": "x", "b": None}, "x\n"),
        ("Q: {a}\nA: {b}!", {"a": "", "b": None}, ""),
        ("{{{a}}} {a.b[0]}", {"a": "x", "a.b[0]": "y"}, "{x} y"),
        ("{a} {a}", {"a": "{b}"}, "{b} {b}"),
    ],
)
def test_text(template: str, fields: dict[str, Any], text: str) -> None:
    assert mapping(text=template).text(fields).decode() == text


@pytest.mark.parametrize(
    ("template", "fields", "detail"),
    [
        ("text", {}, "no field 'text'"),
        ("text", {"text": None}, "field 'text' is null"),
        ("text", {"text": {"x": 1}}, "field 'text' holds a dict, expected text, number or list of texts"),
        ("text", {"text": ["a", 1]}, "field 'text' holds a list, expected"),
        ("{a} {b}", {"a": "x"}, "no field 'b'"),
        ("{a} {b}", {"a": None, "b": None}, "field 'a', 'b' is null"),
    ],
)
def test_no_text(template: str, fields: dict[str, Any], detail: str) -> None:
    with pytest.raises(Fault) as fault:
        mapping(text=template).text(fields)
    assert str(fault.value.reason) == "missing-field"
    assert fault.value.detail.startswith(detail)


@pytest.mark.parametrize("template", ["{", "}", "{}", "{a!r}", "{a:>9}", "{{a}}", "{a} {"])
def test_templates_that_are_refused(template: str) -> None:
    with pytest.raises(InvalidInput, match=r"record\.text: got .*expected a field name, or a template"):
        parse_template(template)


def test_columns_are_all_that_is_named() -> None:
    found = mapping(text="{a} {b}", id="i", licence="l", language="n", subject="s")
    assert found.columns == {"a", "b", "i", "l", "n", "s"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [("x-1", "x-1"), (12, "12"), (10**30, str(10**30)), ("", None), (None, None), (True, None), (1.5, None), ([1], None)],
)  # fmt: skip
def test_record_id(value: object, expected: str | None) -> None:
    assert mapping(id="i").record_id({"i": value}) == expected
    assert mapping().record_id({"id": value}) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("MIT", "MIT"),
        ("  MIT \n", "MIT"),
        (["MIT", "Apache-2.0"], "MIT; Apache-2.0"),
        (["", None], '["", null]'),
        ({"name": "MIT"}, '{"name": "MIT"}'),
        (3, "3"),
        ("", None),
        (" \n", None),
        ([], None),
        ({}, None),
        ([""], None),
        (None, None),
    ],
)
def test_licence(value: object, expected: str | None) -> None:
    assert mapping(licence="l").licence({"l": value}) == expected
    assert declared_licence(value) == expected


def test_a_licence_text_is_its_first_line_and_its_hash() -> None:
    text = "MIT License\n\nPermission is hereby granted"
    assert shortened(text) == shortened(f"\n {text.replace(' ', '  ')} \n".replace("\n\n", "\r\n\t"))
    assert shortened(text) == "MIT License (text sha256:d84cf3e329c2)"
    assert shortened("x" * 250) == "x" * 250
    assert shortened("x" * 251) == f"{'x' * 120} (text sha256:90d738c31c5e)"


@pytest.mark.parametrize(
    ("value", "expected"),
    [("zh", "zh"), (" en-GB ", "en-GB"), ("", None), ("x" * 36, None), (None, None), (["en"], None)],
)
def test_language(value: object, expected: str | None) -> None:
    assert mapping(language="l").language({"l": value}) == expected


def test_a_subject_is_a_keyed_hash_of_a_folded_name() -> None:
    key = SubjectKeys((b"k" * 32,))
    found = mapping(subject="s").subject({"s": "Jo.Doe@Example.org"}, key)
    assert found == hmac.digest(b"k" * 32, b"jo.doe@example.org", "sha256")
    assert found == key.hash("  jo.doe@example.ORG\n").hash
    assert found is not None
    assert len(found) == 32
    assert found != SubjectKeys((b"l" * 32,)).hash("jo.doe@example.org").hash
    assert key.hash("Jos\u00e9") == key.hash("JOSE\u0301")
    assert mapping(subject="s").subject({"s": 12}, key) == key.hash("12").hash
    for nobody in ({}, {"s": None}, {"s": ""}, {"s": " "}, {"s": ["a"]}):
        assert mapping(subject="s").subject(nobody, key) is None
