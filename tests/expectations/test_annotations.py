from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from expectations import annotations
from lineage_platform.model import tables
from tests.expectations.worlds import (
    counted,
    failed,
    frame,
    keys,
)

pytestmark = pytest.mark.slow


ANNOTATIONS = tables.annotations_schema(())


def annotation_frame(rows: int = 4, **values: Any) -> pd.DataFrame:
    return frame(ANNOTATIONS, annotations.COLUMNS, rows, **{"document": keys(rows), **values})


def test_annotations_as_they_should_be() -> None:
    good = annotation_frame(4, language=["zh", "en", "yue", "und"], language_score=[None, 1.0, 0.5, 0.0])
    assert failed(annotations.check([good], statistics=counted(4))) == set()


def test_annotations_without_any_measure() -> None:
    """A text without a word has null measures."""
    empty = annotation_frame(2, mean_word_length=[None, None], alphabetic_word_fraction=[None, None])
    assert failed(annotations.check([empty], statistics=counted(2))) == set()


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"document": [*keys(3), keys(3)[2]]}, "one row a document"),
        ({"language": ["zh", "en", "Chinese", "und"]}, "language"),
        ({"language": ["zh", "en", "zh\n", "und"]}, "language"),
        ({"language": ["zh", "en", None, "und"]}, "language is there"),
        ({"han_fraction": [0.0, 0.5, 1.0, 1.5]}, "range of han_fraction"),
        (
            {"duplicate_5gram_character_fraction": [0, 0, -0.5, 0]},
            "range of duplicate_5gram_character_fraction",
        ),
        ({"language_score": [0.5, None, 2.0, 1.0]}, "range of language_score"),
        ({"word_count": [1, 2, None, -1]}, "range of word_count"),
        ({"bytes": [1, 2, 3, -1]}, "range of bytes"),
    ],
)
def test_annotations_with_one_thing_wrong(values: dict[str, Any], name: str) -> None:
    assert failed(annotations.check([annotation_frame(4, **values)], statistics=counted(4))) == {name}


def test_annotations_of_documents_that_are_missing() -> None:
    found = annotations.check([annotation_frame(4)], statistics=counted(5))
    assert failed(found) == {"rows are the documents"}
