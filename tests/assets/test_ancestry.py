"""Signals and parents from YAML to answers: what is read, named, traced, counted, verified, and made again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lineage_platform import open_workspace
from lineage_platform.audit.traced import DocumentTrace
from lineage_platform.audit.verification import recorded as claims_of
from lineage_platform.audit.verification.parents import verify_parents
from lineage_platform.audit.verification.report import Report
from lineage_platform.audit.verification.signals import verify_signals
from lineage_platform.model.keys import terms_number
from lineage_platform.model.versions import File
from lineage_platform.transformations.parts import read_table, write_table
from lineage_platform.wiring.reading import OpenWorkspace
from lineage_platform.wiring.withdrawing import Wanted, withdraw
from tests.assets.ancestry_worlds import DISALLOWED, make_ancestry
from tests.assets.running import lineage

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = make_ancestry(tmp_path_factory.mktemp("ancestry"))
    done = lineage(root, "materialize")
    assert done.returncode == 0, done.stdout + done.stderr
    yield root
    lineage(root, "down")


@pytest.fixture
def asked(root: Path) -> Iterator[OpenWorkspace]:
    with open_workspace(root) as opened:
        yield opened


def traces(asked: OpenWorkspace) -> dict[str, DocumentTrace]:
    """All documents of the one shard, by record id."""
    (shard,) = asked.shards("mixed").shards
    found = [asked.trace_document("0", "mixed", row=row) for row in range(shard.documents)]
    return {str(item.record_id): item for item in found}


def test_a_trace_shows_the_signals_and_which_decided(asked: OpenWorkspace) -> None:
    found = traces(asked)
    pages = {name: found[name] for name in ("open", "closed", "garbled", "silent")}
    for name, trace in pages.items():
        terms = dict(trace.terms or {})
        signals = trace.signals
        answer = {"open": "y", "closed": "n", "garbled": "unknown", "silent": None}[name]
        assert terms.get("signalled") == answer
        assert terms.get("opt_out") == answer
        assert terms.get("basis") is None  # what the steward declared is not measured for that
        if signals is None:
            assert answer is None
            continue
        assert signals.effective == answer
        assert signals.rule_version == "signals-1"
    closed, opened = pages["closed"].signals, pages["open"].signals
    assert closed is not None and closed.by == ("robots.txt: robots.txt",)
    assert closed.found[0]["raw"] == DISALLOWED
    assert opened is not None and opened.found[0]["observed_at"] == "2026-11-20T10:00:00Z"
    garbled = pages["garbled"].to_dict()["signals"]
    assert (garbled["effective"], garbled["by"]) == ("unknown", [])
    assert garbled["found"][0]["raw"] == "nothing that is a header"


def test_a_trace_shows_the_parents(asked: OpenWorkspace) -> None:
    found = traces(asked)
    book, page = str(terms_number("books", None)), str(terms_number("pages", None, "n"))
    stated = {terms.parents for terms in asked.recorder.terms_of_source("made")}
    assert stated == {(), (book,), tuple(sorted((book, page))), ("unknown",)}
    for name, named, licence in (
        ("m0", ["books/b0", "books/b1"], "CC-BY-SA-4.0 AND CC0-1.0"),
        ("m1", ["books/b0", "pages/closed"], "CC-BY-4.0 AND CC-BY-SA-4.0 AND CC0-1.0"),
        ("m2", ["books/gone"], "NOASSERTION"),
        ("m3", [], "CC-BY-4.0 AND CC-BY-SA-4.0 AND CC0-1.0"),  # any book or page
    ):
        trace = found[name]
        assert [parent.named for parent in trace.parents] == named
        assert (trace.terms or {})["licence"] == licence
        assert [step.dataset for step in trace.decisions] == [
            "documents/made",
            "annotations/made",
            "mixed/deduplicated",
            "mixed/selection",
            "mixed/shards",
        ]
    first, second = found["m1"].parents
    assert (first.source, second.source) == ("books", "pages")
    assert second.document == found["closed"].document
    assert (second.terms or {})["opt_out"] == "n"
    assert first.child == second.child == found["m1"].document
    assert first.kind == "synthesised-from"
    assert (found["m1"].terms or {})["opt_out"] == "n"
    lost = found["m2"].parents[0]
    assert (lost.document, lost.source, lost.terms) == (None, None, None)
    assert ("parent-not-found", found["m2"].document) in [(gap.kind, gap.id) for gap in found["m2"].gaps]
    jobs = {(entry.event or {})["job"] for entry in found["m1"].evidence.entries}
    assert {"documents/books", "source/books", "documents/pages", "source/pages", "documents/made"} <= jobs
    for name in ("open", "closed", "silent"):
        assert found[name].parents == ()
        assert all("made" not in step.dataset for step in found[name].decisions)


def test_what_was_made_from_what_is_withdrawn_goes_too(asked: OpenWorkspace) -> None:
    found = traces(asked)
    key = {name: trace.document for name, trace in found.items()}
    said: dict[str, Any] = {"reason": "a letter", "author": "me", "dry_run": True}
    made = withdraw(asked, Wanted(documents=[key["closed"]]), **said)
    assert {cover["document"] for cover in made.covers} == {key["closed"], key["m1"]}
    assert (made.children, made.documents) == (1, 2)
    kept = withdraw(asked, Wanted(documents=[key["closed"]]), **said, keep_children=True)
    assert ([cover["document"] for cover in kept.covers], kept.documents) == ([key["closed"]], 1)
    assert [gap.kind for gap in kept.gaps] == ["children-kept"]
    books = withdraw(asked, Wanted(source="books"), **said)
    assert (books.children, books.documents) == (2, 2), "no book is in the corpus, what was made from some is"
    assert [(gap.kind, gap.id) for gap in books.gaps] == [("derived-source", "made")]
    licence = withdraw(asked, Wanted(licence="CC0-1.0"), **said)
    assert licence.documents >= 2


def test_an_impact_lists_what_was_made_from_a_document(asked: OpenWorkspace) -> None:
    found = traces(asked)
    book = found["m0"].parents[0].document
    answer = asked.impact(document=book)
    assert answer.corpora == ()  # no book is in the corpus
    assert [(item.document, item.parent, item.kind) for item in answer.children] == [
        (found[name].document, book, "synthesised-from") for name in ("m0", "m1")
    ]
    for child in answer.children:
        assert (child.corpus, [shard.shard for shard in child.shards]) == ("mixed", ["shard-00000"])
    assert [item.document for item in asked.impact(document=found["closed"].document).children] == [
        found["m1"].document
    ]
    assert asked.impact(document=found["m3"].document).children == ()


def test_nothing_dropped_of_parents_that_are_not_in_the_corpus(asked: OpenWorkspace) -> None:
    assert asked.decisions("mixed").to_dict()["decisions"] == []
    assert {source.source for source in asked.trace("0", "mixed").sources} == {"made", "pages"}


def swapped(table: pa.Table, column: str) -> pa.Table:
    """The table with another value in the first row of a column."""
    at = table.schema.get_field_index(column)
    field, values = table.schema.field(at), table.column(column).to_pylist()
    was = values[0]
    values[0] = {
        str: lambda: "n" if was != "n" else "y",
        int: lambda: was + 1,
        bytes: lambda: bytes([was[0] ^ 1]) + was[1:],
    }[type(was)]()
    return table.set_column(at, field, pa.array(values, field.type))


class Altered:
    """Files, one of them replaced."""

    def __init__(self, asked: OpenWorkspace, file: File, path: Path) -> None:
        self._asked, self._file, self._path = asked, file, path

    def path(self, file: File) -> Any:
        return self._path if file == self._file else self._asked.store.path(file)


@pytest.mark.parametrize(
    ("source", "role", "column"),
    [
        ("pages", "signals", "raw"),
        ("pages", "signals", "raw_sha256"),
        ("pages", "signals", "effective"),
        ("pages", "signals", "document"),
        ("pages", "documents", "terms"),
        ("made", "parents", "named"),
        ("made", "parents", "parent"),
        ("made", "parents", "parent_terms"),
        ("made", "parents", "parent_identity"),
        ("made", "parents", "document"),
        ("made", "documents", "terms"),
    ],
)
def test_verify_makes_them_again(
    asked: OpenWorkspace, tmp_path: Path, source: str, role: str, column: str
) -> None:
    with asked.catalog.snapshot():
        recorded = claims_of.read(asked.catalog)
    version = asked.recorder.usable(f"documents/{source}")
    verify = verify_signals if source == "pages" else verify_parents
    report = Report(lambda *_: None)
    verify(recorded, version.id, asked.store, report)
    assert report.problems == 0
    (file,) = version.files_of(role)
    table = swapped(read_table(asked.store.path(file)), column)
    part = write_table(tmp_path, "altered.parquet", role, table.schema, table)
    with report.reading("version", version.id):
        verify(recorded, version.id, Altered(asked, file, Path(part.path)), report)
    assert report.problems > 0


def test_all_is_verified_and_made_again_only_where_it_changed(root: Path) -> None:
    done = lineage(root, "verify", "--json")
    answer = json.loads(done.stdout)
    assert answer["problems"] == []
    assert (answer["checked"]["signals"], answer["checked"]["parents"]) == (3, 5)
    done = lineage(root, "materialize")
    assert done.returncode == 0
    assert "nothing was stale" in done.stdout
    with open_workspace(root) as opened:
        before = opened.recorder.usable("documents/made")
    books = root / "data" / "books.jsonl"
    books.write_text(books.read_text() + '{"id": "gone", "text": "it was there after all"}\n')
    assert lineage(root, "materialize").returncode == 0
    with open_workspace(root) as opened:
        after = opened.recorder.usable("documents/made")
        assert traces(opened)["m2"].parents[0].source == "books"
    assert after.id != before.id
    assert lineage(root, "verify").returncode == 0


def test_terms_replaced_of_a_parent_alone_are_a_gap_of_what_was_made_from_it(root: Path) -> None:
    with open_workspace(root) as opened:
        before = traces(opened)["m0"]
    book = before.parents[0].document
    assert book is not None
    terms = (
        "terms: {licence: NOASSERTION, consent_basis: not-personal-data, personal_data: none, opt_out: 'n'}"
    )
    (root / "restated.yaml").write_text(terms)
    why = ("--terms", str(root / "restated.yaml"), "--reason", "taken down", "--author", "jo@example.org")
    done = lineage(root, "restate", "--document", book, *why)
    assert done.returncode == 0, done.stderr
    with open_workspace(root) as opened:
        after = traces(opened)
    assert (after["m0"].parents[0].terms or {})["licence"] == "NOASSERTION"
    assert after["m0"].terms == before.terms
    for name in ("m0", "m1", "m2", "m3"):
        gaps = {gap.kind for gap in after[name].gaps}
        assert ("parent-restated" in gaps) == (name in ("m0", "m1"))
