"""Parents of documents: found by the ids of their sources, put down as named, and part of the terms of what was made."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lineage_platform.files import Place
from lineage_platform.model.definitions import ParentFields, RecordFields, Source
from lineage_platform.model.keys import record_identity, terms_number
from lineage_platform.model.subjects import SubjectKeys
from lineage_platform.model.versions import Result
from lineage_platform.transformations import documents
from lineage_platform.transformations.engine import Engine, quiet
from lineage_platform.transformations.parents import Parents, index_parents
from tests.transformations.sources import make_source
from tests.transformations.test_documents import KEY, Shuffled, signals_of, snapshot_of, table, terms_of

BOOKS = [{"id": "b1", "text": "one"}, {"id": 2, "text": "two", "licence": "MIT"}, {"text": "nameless"}]
NEWS = [{"id": "b1", "text": "other"}, {"id": "twice", "text": "x"}, {"id": "empty", "text": " "}]
MADE: list[dict[str, Any]] = [
    {"id": "m0", "text": "a", "seeds": ["books/b1", "books/2", "books/b1"]},
    {"id": "m1", "text": "b", "seeds": "news/b1"},
    {"id": "m2", "text": "c", "seeds": ["books/none", "news/empty", "elsewhere/b1", "b1"]},
    {"id": "m3", "text": "d", "seeds": ["news/twice", {"id": 1}]},
    {"id": "m4", "text": "e", "seeds": []},
    {"id": "m5", "text": "f"},
    {"id": "m6", "seeds": ["news/b1"]},
]


def make(folder: Path, name: str, rows: list[dict[str, Any]], record: RecordFields) -> Source:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    return replace(make_source(folder / f"{name}.jsonl", "jsonl", record), id=name)


def read(
    source: Source,
    scratch: Path,
    number: int,
    parents: dict[str, list[Place]] | None = None,
    engine: Engine | None = None,
) -> Result:
    return documents.read_documents(
        source,
        snapshot_of(source, number),
        terms_of=lambda said: terms_of(source, said),
        signals_of=signals_of,
        parents=parents,
        subject_keys=SubjectKeys((KEY,)),
        scratch=scratch,
        engine=engine or Engine(),
        progress=quiet,
    )


def paths(result: Result) -> list[Place]:
    return [Path(part.path) for part in result.parts if part.role == "documents"]


@pytest.fixture
def parents(tmp_path: Path) -> dict[str, list[Place]]:
    """Documents of `books`, and of `news` in two parts of which both have the id `twice`."""
    plain = RecordFields(id="id", licence="licence")
    books = read(make(tmp_path / "a", "books", BOOKS, plain), tmp_path / "books", 1)
    news = read(make(tmp_path / "b", "news", NEWS, plain), tmp_path / "news", 2)
    more = read(make(tmp_path / "c", "news", NEWS[1:2], plain), tmp_path / "more", 3)
    return {"books": paths(books), "news": paths(news) + paths(more)}


RECORD = RecordFields(id="id", parents=ParentFields("seeds", "synthesised-from"))


@pytest.fixture
def made(tmp_path: Path) -> Source:
    return replace(make(tmp_path / "d", "made", MADE, RECORD), derived_from=("books", "news"))


def test_parents_are_rows_and_their_terms_are_in_the_terms(
    made: Source, parents: dict[str, list[Place]], tmp_path: Path
) -> None:
    result = read(made, tmp_path / "made", 4, parents)
    own, mit, news = (
        str(terms_number(source, declared))
        for source, declared in (("books", None), ("books", "MIT"), ("news", None))
    )
    expected = [tuple(sorted((own, mit))), (news,), ("unknown",), tuple(sorted((news, "unknown"))), (), ()]
    rows = table(result, "documents")
    assert [row["terms"] for row in rows] == [terms_number("made", None, None, named) for named in expected]
    assert [row["terms"] for row in table(result, "decisions")] == [terms_number("made", None, None, (news,))]
    assert {terms.parents for terms in result.terms} == set(expected)
    keys = {"books": 1 << 36, "news": 2 << 36, "more": 3 << 36}
    first = rows[0]["document"]
    assert [(row["document"] - first, row["named"], row["parent"]) for row in table(result, "parents")] == [
        (0, "books/b1", keys["books"]),
        (0, "books/2", keys["books"] + 1),
        (1, "news/b1", keys["news"]),
        (2, "books/none", None),
        (2, "news/empty", None),
        (2, "elsewhere/b1", None),
        (2, "b1", None),
        (3, "news/twice", keys["news"] + 1),
        (3, "news/twice", keys["more"]),
        (3, '{"id": 1}', None),
        (6, "news/b1", keys["news"]),
    ]
    for row in table(result, "parents"):
        assert row["kind"] == "synthesised-from"
        assert (row["parent"] is None) == (row["parent_identity"] is None) == (row["parent_terms"] is None)
    assert table(result, "parents")[0]["parent_identity"] == record_identity("books", "books.jsonl", "b1")


def test_results_do_not_depend_on_order_parts_or_keys(
    made: Source, parents: dict[str, list[Place]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = read(made, tmp_path / "made", 4, parents)
    backwards = {name: parents[name][::-1] for name in reversed(parents)}
    monkeypatch.setattr("lineage_platform.transformations.document_parts.BATCH_ROWS", 1)
    monkeypatch.setattr("lineage_platform.transformations.document_parts.PART_ROWS", 2)
    parted = read(made, tmp_path / "again", 4, backwards, Shuffled())
    assert table(parted, "parents") == table(whole, "parents")
    assert parted.content_digest == whole.content_digest
    books = make(tmp_path / "a", "books", BOOKS, RecordFields(id="id", licence="licence"))
    renumbered = {**parents, "books": paths(read(books, tmp_path / "renumbered", 9))}
    other = read(made, tmp_path / "other", 4, renumbered)
    assert table(other, "parents") != table(whole, "parents")
    assert other.content_digest == whole.content_digest
    fewer = read(made, tmp_path / "fewer", 4, {**parents, "books": []})
    assert fewer.content_digest != whole.content_digest


def test_ids_stand_alone_where_there_is_one_source(
    made: Source, parents: dict[str, list[Place]], tmp_path: Path
) -> None:
    one = replace(made, derived_from=("books",))
    result = read(one, tmp_path / "made", 4, {"books": parents["books"]})
    found = {row["named"] for row in table(result, "parents") if row["parent"] is not None}
    assert found == {"b1"}
    assert documents.parameters(one)["parents"] == ["books"]
    assert RecordFields.from_form(documents.parameters(one)["record"]) == RECORD


def test_many_names(tmp_path: Path) -> None:
    rows = [{"id": hashlib.sha256(b"%d" % n).hexdigest()[:8], "text": f"text {n}"} for n in range(3000)]
    read_rows = read(make(tmp_path / "a", "books", rows, RecordFields(id="id")), tmp_path / "books", 1)
    index = index_parents({"books": paths(read_rows)}, scratch=tmp_path / "index", engine=Engine())
    found = Parents(index)
    for row in table(read_rows, "documents"):
        (parent,) = found.named(row["record_id"])
        assert parent == (row["document"], row["identity"], row["terms"])
    assert found.named("none") == found.named("") == found.named("books/none") == []
    empty = Parents(index_parents({"books": []}, scratch=tmp_path / "empty", engine=Engine()))
    assert empty.named("b1") == []
