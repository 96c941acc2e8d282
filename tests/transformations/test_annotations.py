"""Annotations of real documents parts: columns, counts, digest, and what must not change them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from lineage_platform.model.tables import annotations_schema
from lineage_platform.model.versions import Result
from lineage_platform.transformations.annotations import annotate
from lineage_platform.transformations.engine import Engine, quiet
from lineage_platform.transformations.measures.measure import measure
from lineage_platform.transformations.parts import read_table, write_table
from tests.transformations.worlds import (
    TRICKY,
    AwayEngine,
    documents_table,
    files_of,
    rows_of,
    text,
    write_documents,
)

SETTINGS = ((3, 2, 2), (5, 14, 8))
TEXTS = [*(text(seed) for seed in range(40)), *TRICKY]


def run(parts: list[Path], scratch: Path, engine: Engine | None = None) -> Result:
    return annotate(parts, SETTINGS, scratch=scratch, engine=engine or Engine(), progress=quiet)


def test_one_part_a_part_and_one_row_a_document(tmp_path: Path) -> None:
    parts = write_documents(tmp_path / "in", "a", 3, TEXTS, part_rows=20)
    result = run(parts, tmp_path / "out")
    assert [part.name for part in result.parts] == [f"annotations/{i:05d}.parquet" for i in range(3)]
    assert [part.rows for part in result.parts] == [20, 20, 10]
    documents = documents_table("a", 3, TEXTS)
    rows = rows_of(result, "annotations")
    assert rows.schema.equals(annotations_schema(SETTINGS))
    for name in ("document", "identity", "sha256", "terms"):
        assert rows.column(name).to_pylist() == documents.column(name).to_pylist()
    assert rows.column("bytes").to_pylist() == [len(item.encode()) for item in TEXTS]
    expected = measure(documents.column("text").combine_chunks(), SETTINGS)
    for name in expected.schema.names:
        assert rows.column(name).to_pylist() == expected.column(name).to_pylist()
    assert {path.name for path in (tmp_path / "out").rglob("*") if path.is_file()} == {
        f"{i:05d}.parquet" for i in range(3)
    }


def test_statistics_add_up(tmp_path: Path) -> None:
    result = run(write_documents(tmp_path / "in", "a", 3, TEXTS, part_rows=20), tmp_path / "out")
    statistics = result.statistics
    assert statistics.records_in == statistics.kept == statistics.documents == len(TEXTS)
    assert (statistics.edited, statistics.dropped) == (0, 0)
    assert statistics.bytes == sum(len(item.encode()) for item in TEXTS)
    assert sum(documents for documents, _ in statistics.by_terms.values()) == len(TEXTS)
    assert len(statistics.by_terms) == 2
    languages = statistics.details["languages"]
    assert sum(languages.values()) == len(TEXTS)
    assert list(languages)[:2] == ["en", "zh"]
    assert statistics.details["declared_languages"] == 0
    sizes = sorted(len(item.encode()) for item in TEXTS)
    assert statistics.details["bytes"]["minimum"] == sizes[0]
    assert statistics.details["bytes"]["p50"] == sizes[24]
    assert statistics.details["bytes"]["total"] == sum(sizes)


def test_digest_says_rows_and_not_parts_keys_or_engine(tmp_path: Path) -> None:
    first = run(write_documents(tmp_path / "1", "a", 3, TEXTS, part_rows=20), tmp_path / "out1")
    other = run(write_documents(tmp_path / "2", "a", 9, TEXTS, part_rows=7), tmp_path / "out2", AwayEngine(1))
    assert first.content_digest == other.content_digest
    again = run(
        write_documents(tmp_path / "3", "a", 3, TEXTS, part_rows=20), tmp_path / "out3", AwayEngine(2)
    )
    assert [part.sha256 for part in again.parts] == [part.sha256 for part in first.parts]
    changed = run(write_documents(tmp_path / "4", "a", 3, [*TEXTS[:-1], "字字"]), tmp_path / "out4")
    assert changed.content_digest != first.content_digest


def test_declared_language_wins(tmp_path: Path) -> None:
    table = documents_table("a", 1, ["English words stand here.", "And more of them here."])
    position = table.schema.get_field_index("language")
    table = table.set_column(position, table.schema.field(position), pa.array(["de-AT", "python"]))
    part = write_table(tmp_path, "documents.parquet", "documents", table.schema, table)
    result = run([Path(part.path)], tmp_path / "out")
    rows = rows_of(result, "annotations")
    assert rows.column("language").to_pylist() == ["de", "en"]
    assert rows.column("language_score").is_valid().to_pylist() == [False, True]
    assert result.statistics.details["declared_languages"] == 1


def test_nothing_in_nothing_out(tmp_path: Path) -> None:
    empty = run([], tmp_path / "out")
    assert (empty.parts, empty.statistics.records_in) == ((), 0)
    one = run([_empty(tmp_path)], tmp_path / "out")
    assert one.content_digest == empty.content_digest
    assert read_table(files_of(one, "annotations")[0]).schema.equals(annotations_schema(SETTINGS))


def _empty(folder: Path) -> Path:
    table = documents_table("a", 1, [])
    return Path(write_table(folder, "empty.parquet", "documents", table.schema, table).path)
