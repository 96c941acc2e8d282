"""The suite passes on what is right, and each thing that is wrong fails under its own name and nothing else's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest

from expectations import documents
from lineage_platform.model import tables
from lineage_platform.model.keys import document_key
from lineage_platform.model.versions import CheckResult, Statistics
from tests.expectations.worlds import (
    SNAPSHOT,
    TERMS,
    counted,
    failed,
    frame,
    hashes,
    keys,
)

pytestmark = pytest.mark.slow


def document_frame(rows: int = 6, **values: Sequence[Any]) -> pd.DataFrame:
    given = {"document": keys(rows), "sha256": hashes(rows), "terms": [TERMS[row % 2] for row in range(rows)]}
    return frame(tables.DOCUMENTS, documents.COLUMNS, rows, **{**given, **values})


def check_documents(*frames: pd.DataFrame, **more: Any) -> list[CheckResult]:
    rows = sum(map(len, frames))
    arguments = {
        "snapshot": SNAPSHOT,
        "known_terms": set(TERMS),
        "statistics": counted(rows),
        "malformed_threshold": 0.1,
    }
    return documents.check(frames, **{**arguments, **more})


def test_documents_as_they_should_be() -> None:
    found = check_documents(
        document_frame(6), document_frame(4, document=keys(4, start=9)), document_frame(0)
    )
    assert failed(found) == set()
    assert {result.column for result in found} >= {"document", "sha256", "terms", "email"}


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"document": [*keys(5), keys(1)[0]]}, "keys increase"),
        ({"document": [*keys(5), document_key(SNAPSHOT + 1, 0)]}, "keys belong to the snapshot"),
        ({"sha256": [*hashes(5), None]}, "content hash"),
        ({"terms": [*TERMS, *TERMS, 77, 2**62 + 2]}, "terms are known"),
        ({"email": [0, 0, 0, 0, 0, 2**32 - 1]}, "placeholders for email"),
    ],
)
def test_documents_with_one_thing_wrong(values: dict[str, Any], name: str) -> None:
    assert failed(check_documents(document_frame(6, **values))) == {name}


def test_documents_out_of_order_across_files() -> None:
    assert failed(check_documents(document_frame(3), document_frame(3))) == {"keys increase"}


def test_unknown_terms_are_named_exactly() -> None:
    (found,) = [r for r in check_documents(document_frame(2, terms=[77, 2**62 + 2])) if not r.success]
    assert found.actual == f"1 of 2 rows are not, first {2**62 + 2}"


def test_documents_that_nobody_counted() -> None:
    found = check_documents(document_frame(6), statistics=counted(7))
    assert failed(found) == {"rows are the documents kept or edited"}


@pytest.mark.parametrize(("unreadable", "success"), [(1, True), (2, False)])
def test_unreadable_records_above_the_threshold(unreadable: int, success: bool) -> None:
    """One of ten is the tenth that is allowed; other reasons to drop a record do not count."""
    reasons = {"malformed-record": unreadable, "empty-text": 4 - unreadable}
    statistics = Statistics(10, 6, 0, 4, by_reason=reasons)
    found = check_documents(document_frame(6), statistics=statistics)
    assert failed(found) == (set() if success else {"unreadable records"})


def test_documents_of_an_empty_snapshot() -> None:
    assert failed(check_documents()) == set()
