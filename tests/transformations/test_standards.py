"""Quality standards: shipped files never change, follow their schema, and say what the paper says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import jsonschema
import pyarrow as pa
import pytest

from lineage_platform.errors import NotFound
from lineage_platform.model.tables import MEASURES
from lineage_platform.transformations.standards import (
    failing_counts,
    failing_rules,
    load_standard,
    standard_names,
)

FOLDER = files("lineage_platform.transformations.standards")

RELEASED = {
    "code-and-prose@1": "5fd6d374a02e21b36567fa00ddb21d1092de0b8342a265c999edeb8aa4d6c8cd",
    "gopher-zh@1": "3d36342b55df7bc26c4b8da06eb84991e63f6142c34c53c6769a17ebd970e7df",
    "gopher@1": "c133e03e38f171623ae2f29cdc15a5fc2b67b32c01600611782d783a3a1820bd",
    "web@1": "e3c23e07d53156c2b52fed8bcd98bfdcac4e620b96dc07873abe71f9ffa9a138",
}
"""SHA-256 of every released file. Never edit a line: a changed threshold is a new version of the standard."""

TABLE_A1 = {
    "duplicate_line_fraction": 0.30,
    "duplicate_paragraph_fraction": 0.30,
    "duplicate_line_character_fraction": 0.20,
    "duplicate_paragraph_character_fraction": 0.20,
    "top_2gram_character_fraction": 0.20,
    "top_3gram_character_fraction": 0.18,
    "top_4gram_character_fraction": 0.16,
    "duplicate_5gram_character_fraction": 0.15,
    "duplicate_6gram_character_fraction": 0.14,
    "duplicate_7gram_character_fraction": 0.13,
    "duplicate_8gram_character_fraction": 0.12,
    "duplicate_9gram_character_fraction": 0.11,
    "duplicate_10gram_character_fraction": 0.10,
}
APPENDIX_A11 = {
    "word_count": (50, 100_000),
    "mean_word_length": (3, 10),
    "symbol_to_word_ratio": (None, 0.1),
    "bullet_line_fraction": (None, 0.9),
    "ellipsis_line_fraction": (None, 0.3),
    "alphabetic_word_fraction": (0.8, None),
    "stop_word_count": (2, None),
}

GOOD = {
    **dict.fromkeys(MEASURES.names, 0.0),
    "word_count": 400,
    "mean_word_length": 5.0,
    "alphabetic_word_fraction": 0.98,
    "stop_word_count": 7,
    "character_count": 2000,
    "punctuation_fraction": 0.1,
    "line_count": 20,
}
GOOD_CHINESE = {**GOOD, "mean_word_length": 1.0, "stop_word_count": 0, "han_fraction": 0.85}


def annotations(*rows: Mapping[str, Any]) -> pa.RecordBatch:
    schema = MEASURES.append(pa.field("language", pa.dictionary(pa.int32(), pa.string())))
    return pa.RecordBatch.from_pylist([{"language": "en", **row} for row in rows], schema=schema)


def first_failing(standard: str, row: Mapping[str, Any]) -> str | None:
    return failing_rules(annotations(row), load_standard(standard)).to_pylist()[0]


@pytest.mark.parametrize("name", sorted(RELEASED))
def test_a_released_standard_never_changes(name: str) -> None:
    assert hashlib.sha256(FOLDER.joinpath(f"{name}.json").read_bytes()).hexdigest() == RELEASED[name]


def test_every_standard_is_released() -> None:
    assert set(standard_names()) == set(RELEASED)


@pytest.mark.parametrize("name", standard_names())
def test_files_follow_their_schema(name: str) -> None:
    schema = json.loads(FOLDER.joinpath("standard.schema.json").read_text())
    data = json.loads(FOLDER.joinpath(f"{name}.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(data, schema)
    standard = load_standard(name)
    assert standard.id == name
    assert {rule.measure for rule in standard.rules} <= set(MEASURES.names)
    assert len({rule.name for rule in standard.rules}) == len(standard.rules)


def test_gopher_has_the_thresholds_of_the_paper() -> None:
    bounds = {rule.name: (rule.least, rule.greatest) for rule in load_standard("gopher@1").rules}
    assert bounds == {**APPENDIX_A11, **{name: (None, most) for name, most in TABLE_A1.items()}}


def test_an_unknown_standard_names_the_nearest() -> None:
    with pytest.raises(NotFound, match="gopher@1") as caught:
        load_standard("gofer@1")
    assert "gopher@1" in caught.value.nearest


def test_good_text_passes() -> None:
    assert first_failing("gopher@1", GOOD) is None
    assert first_failing("web@1", GOOD) is None
    assert first_failing("code-and-prose@1", GOOD) is None
    assert first_failing("gopher-zh@1", GOOD_CHINESE) is None
    assert first_failing("web@1", {**GOOD_CHINESE, "language": "zh"}) is None


@pytest.mark.parametrize(("rule", "most"), TABLE_A1.items())
def test_a_bound_passes_and_the_next_value_fails(rule: str, most: float) -> None:
    assert first_failing("gopher@1", {**GOOD, rule: most}) is None
    assert first_failing("gopher@1", {**GOOD, rule: most + 1e-6}) == rule


@pytest.mark.parametrize(
    ("name", "row", "rule"),
    [
        ("gopher@1", {**GOOD, "word_count": 49, "stop_word_count": 0}, "word_count"),
        ("gopher@1", {**GOOD, "stop_word_count": 1}, "stop_word_count"),
        ("gopher@1", GOOD_CHINESE, "mean_word_length"),
        ("gopher-zh@1", GOOD, "han_fraction"),
        ("web@1", {**GOOD, "language": "zh"}, "unspaced_han_fraction"),
        ("web@1", {**GOOD, "language": "ja"}, None),
        ("web@1", {**GOOD, "stop_word_count": 0}, "stop_word_count"),
        ("web@1", {**GOOD, "stop_word_count": 0, "language": "de"}, None),
        (
            "web@1",
            {**GOOD, "language": "zh", "han_fraction": 0.8, "duplicate_5gram_character_fraction": 0.3},
            None,
        ),
        ("code-and-prose@1", {**GOOD, "mean_word_length": 300.0}, "mean_word_length"),
    ],
)
def test_first_failing_rule(name: str, row: Mapping[str, Any], rule: str | None) -> None:
    assert first_failing(name, row) == rule


def test_what_could_not_be_measured_fails() -> None:
    assert first_failing("gopher@1", {**GOOD, "mean_word_length": None}) == "mean_word_length"


def test_rows_are_judged_by_themselves() -> None:
    standard = load_standard("web@1")
    rows = [
        GOOD,
        {**GOOD, "word_count": 3, "alphabetic_word_fraction": 0.1},
        {**GOOD_CHINESE, "language": "zh"},
        {**GOOD_CHINESE, "language": "zh", "character_count": 5},
    ]
    batch = annotations(*rows)
    assert failing_rules(batch, standard).to_pylist() == [
        None,
        "word_count",
        None,
        "unspaced_character_count",
    ]
    assert failing_counts(batch, standard).tolist() == [0, 2, 0, 1]
    chunked = pa.Table.from_batches([batch.slice(0, 1), batch.slice(1)])
    assert failing_rules(chunked, standard).to_pylist() == failing_rules(batch, standard).to_pylist()
    assert len(failing_rules(batch.slice(0, 0), standard)) == 0
