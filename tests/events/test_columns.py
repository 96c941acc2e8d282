from __future__ import annotations

import pyarrow as pa
import pytest

from lineage_platform.events.columns import column_lineage
from lineage_platform.model import tables
from lineage_platform.model.definitions import ParentFields, RecordFields, SignalFields
from tests.events.worlds import RECORD

ANNOTATIONS = tables.annotations_schema(((5, 14, 8),))

CASES = {
    "documents/alpaca": (["source/alpaca"], tables.DOCUMENTS),
    "annotations/alpaca": (["documents/alpaca"], ANNOTATIONS),
    "demo/deduplicated": (["annotations/a", "annotations/b", "source/a", "source/b"], tables.DECISIONS),
    "demo/selection": (["annotations/a", "annotations/b", "demo/deduplicated"], tables.SELECTION),
    "demo/shards": (["demo/selection", "demo/tokenizer", "documents/a", "documents/b"], tables.SHARD),
}
KNOWN = {
    "documents": tables.DOCUMENTS,
    "annotations": ANNOTATIONS,
    "deduplicated": tables.DECISIONS,
    "selection": tables.SELECTION,
}


@pytest.mark.parametrize(("dataset", "case"), CASES.items(), ids=CASES.keys())
def test_it_names_columns_that_are_there(dataset: str, case: tuple[list[str], pa.Schema]) -> None:
    inputs, schema = case
    lineage = column_lineage(dataset, inputs, schema, RECORD)
    assert lineage is not None
    assert lineage.fields
    assert set(lineage.fields) <= set(schema.names)
    for item in [*lineage.dataset, *(item for items in lineage.fields.values() for item in items)]:
        assert item.dataset in inputs
        kind = next((part for part in item.dataset.split("/") if part in KNOWN), None)
        if kind is None:
            assert item.field in {"title", "body", "id", "license", "lang", "email"}
        else:
            assert item.field in KNOWN[kind].names


def test_every_column_with_content_has_a_lineage() -> None:
    for dataset, missing in {
        "documents/alpaca": {"document", "file", "record"},
        "annotations/alpaca": set(),
        "demo/deduplicated": {"file", "record", "offset"},
        "demo/selection": set(),
        "demo/shards": set(),
    }.items():
        inputs, schema = CASES[dataset]
        lineage = column_lineage(dataset, inputs, schema, RECORD)
        assert lineage is not None
        assert set(schema.names) - set(lineage.fields) == missing


def test_redacted_text_and_hashed_subjects_are_masked() -> None:
    lineage = column_lineage("documents/alpaca", ["source/alpaca"], tables.DOCUMENTS, RECORD)
    assert lineage is not None
    assert [(item.field, item.masking) for item in lineage.fields["text"]] == [
        ("body", True),
        ("title", True),
    ]
    assert [(item.field, item.masking) for item in lineage.fields["subject"]] == [("email", True)]
    assert [(item.field, item.masking) for item in lineage.fields["record_id"]] == [("id", False)]


def test_fields_that_a_source_does_not_have_are_left_out() -> None:
    lineage = column_lineage("documents/a", ["source/a"], tables.DOCUMENTS, RecordFields(text="body"))
    assert lineage is not None
    assert {"record_id", "terms", "language", "subject", "identity"}.isdisjoint(lineage.fields)
    assert [item.field for item in lineage.fields["text"]] == ["body"]


def test_terms_are_made_of_signals_and_of_the_terms_of_parents() -> None:
    record = RecordFields(
        signals=SignalFields(headers="h", url="u"), parents=ParentFields("p", "translated-from")
    )
    inputs = ["source/a", "documents/b"]
    lineage = column_lineage("documents/a", inputs, tables.DOCUMENTS, record)
    assert lineage is not None
    assert {(item.dataset, item.field) for item in lineage.fields["terms"]} == {
        *(("source/a", field) for field in ("h", "u", "p")),
        *(("documents/b", field) for field in ("terms", "record_id")),
    }
    assert {item.dataset for item in lineage.fields["text"]} == {"source/a"}


@pytest.mark.parametrize("dataset", ["demo/tokenizer", "source/a", "other"])
def test_what_is_no_table_has_none(dataset: str) -> None:
    assert column_lineage(dataset, ["demo/selection"], tables.SHARD) is None


def test_what_has_no_columns_has_none() -> None:
    assert column_lineage("documents/a", ["source/a"], None) is None
