"""Signals of documents: rows beside them, an answer in their terms, and nothing at all for sources without signals."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lineage_platform.model.definitions import RecordFields, SignalFields, Source
from lineage_platform.model.keys import terms_number
from lineage_platform.transformations import digest, documents
from lineage_platform.transformations.reading.mapping import RecordMapping
from tests.transformations.sources import make_source
from tests.transformations.test_documents import Shuffled, read, table

ROWS: list[dict[str, Any]] = [
    {"id": "a", "text": "open", "robots": "y", "fetched": "2026-11-22"},
    {"id": "b", "text": "reserved", "robots": "n", "licence": "MIT"},
    {"id": "c", "text": "garbled", "robots": "\u4e2d"},
    {"id": "d", "text": "silent"},
    {"id": "e", "robots": "n"},
    {"id": "f", "text": " ", "robots": "n"},
]
SIGNALS = SignalFields(robots_txt="robots", observed_at="fetched")
RECORD = RecordFields(id="id", licence="licence", signals=SIGNALS)


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    return path


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return make_source(write(tmp_path / "data" / "rows.jsonl", ROWS), "jsonl", RECORD)


def test_signals_are_rows_and_the_answer_is_in_the_terms(source: Source, tmp_path: Path) -> None:
    result = read(source, tmp_path / "scratch")
    rows = table(result, "documents")
    answers = [("y", None), ("n", "MIT"), ("unknown", None), (None, None)]
    assert [row["terms"] for row in rows] == [
        terms_number("notes", declared, answer) for answer, declared in answers
    ]
    assert rows[3]["terms"] == terms_number("notes", None)
    signals = table(result, "signals")
    assert [(row["raw"], row["effective"], row["observed_at"]) for row in signals] == [
        (b"y", "y", "2026-11-22"),
        (b"n", "n", None),
        ("\u4e2d".encode(), "unknown", None),
        (b"n", "n", None),
        (b"n", "n", None),
    ]
    decisions = table(result, "decisions")
    assert [row["document"] for row in signals[3:]] == [row["document"] for row in decisions]
    assert {row["terms"] for row in decisions} == {terms_number("notes", None, "n")}
    assert {terms.said.opt_out for terms in result.terms} == {"y", "n", "unknown", None}


def test_results_do_not_depend_on_order_or_parts(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = read(source, tmp_path / "scratch")
    monkeypatch.setattr("lineage_platform.transformations.document_parts.BATCH_ROWS", 1)
    monkeypatch.setattr("lineage_platform.transformations.document_parts.PART_ROWS", 2)
    parts = read(source, tmp_path / "again", engine=Shuffled())
    assert parts.content_digest == whole.content_digest
    assert len(parts.parts) > len(whole.parts)
    assert table(parts, "signals") == table(whole, "signals")


def test_signals_are_in_the_content_digest(source: Source, tmp_path: Path) -> None:
    first = read(source, tmp_path / "first")
    later = [{**row, "fetched": "2026-11-23"} for row in ROWS]
    second = read(
        make_source(write(tmp_path / "data" / "rows.jsonl", later), "jsonl", RECORD), tmp_path / "second"
    )
    assert [row["sha256"] for row in table(first, "documents")] == [
        row["sha256"] for row in table(second, "documents")
    ]
    assert first.content_digest != second.content_digest


def test_a_source_without_signals_is_what_it_was(source: Source, tmp_path: Path) -> None:
    plain = replace(source, record=replace(RECORD, signals=None))
    result = read(plain, tmp_path / "scratch")
    assert {part.role for part in result.parts} == {"documents", "decisions"}
    assert documents.parameters(plain)["record"] == {
        "text": "text",
        "id": "id",
        "licence": "licence",
        "language": None,
        "subject": None,
    }
    assert RecordFields.from_form(documents.parameters(plain)["record"]) == plain.record
    assert RecordFields.from_form(documents.parameters(source)["record"]) == source.record
    assert RecordFields.from_form(asdict(source.record)) == source.record
    assert [terms_number("notes", None), terms_number("notes", "MIT")] == [
        1225156283068644227,
        6644769439389094776,
    ]


def test_terms_numbers_tell_apart_whatever_is_said() -> None:
    said = [
        (declared, answer, parents)
        for declared in (None, "", "opt-out", "n")
        for answer in (None, "y", "n", "unknown")
        for parents in ((), ("1",), ("1", "2"), ("12",), ("unknown",))
    ]
    numbers = {terms_number("notes", *item) for item in said}  # type: ignore[arg-type]
    assert len(numbers) == len(said)


def test_bytes_of_signals_need_not_be_text(tmp_path: Path) -> None:
    rows = pa.table({"text": ["a", "b"], "robots": pa.array([b"n", b"\xff\xfe"]), "other": ["x", "y"]})
    pq.write_table(rows, tmp_path / "rows.parquet")
    source = make_source(tmp_path / "rows.parquet", "parquet", RecordFields(signals=SIGNALS))
    mapping = RecordMapping(source)
    assert (mapping.columns, mapping.opaque) == ({"text", "robots", "fetched"}, {"robots", "fetched"})
    result = read(source, tmp_path / "scratch")
    assert result.statistics.dropped == 0
    assert [row["raw"] for row in table(result, "signals")] == [b"n", b"\xff\xfe"]


def test_bytes_and_text_have_digests() -> None:
    identity = pa.array([b"i" * 16] * 2, pa.binary(16))
    batch = pa.record_batch({"identity": identity, "raw": pa.array([b"a", b"b"], pa.binary())})
    assert len({row.tobytes() for row in digest.whole_rows(batch)}) == 2
