"""Every suite passes on what is right, and each thing that is wrong fails under its own name and nothing else's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from expectations import annotations, decisions, documents, placements, shards, sources
from lineage_platform.model import tables
from lineage_platform.model.definitions import DeclaredTerms, RecordFields, Source
from lineage_platform.model.keys import document_key
from lineage_platform.model.terms import Evidence, Terms
from lineage_platform.model.versions import CheckResult, Snapshot, SnapshotFile, Statistics
from tests.expectations.worlds import (
    SNAPSHOT,
    TERMS,
    counted,
    document_frame,
    failed,
    frame,
    hashes,
    keys,
)

pytestmark = pytest.mark.slow


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


OUTCOMES = ["edited", "dropped", "dropped"]
REASONS = ["redacted", "quality", "quality"]
COUNTS = Statistics(10, 7, 1, 2, by_reason={"redacted": 1, "quality": 2})


def decision_frame(**values: Any) -> pd.DataFrame:
    given = {"document": keys(3), "outcome": OUTCOMES, "reason": REASONS}
    return frame(tables.DECISIONS, decisions.COLUMNS, 3, **{**given, **values})


def test_decisions_as_they_should_be() -> None:
    assert failed(decisions.check([decision_frame()], statistics=COUNTS)) == set()
    halves = [decision_frame().iloc[:1], decision_frame().iloc[1:]]
    assert failed(decisions.check(halves, statistics=COUNTS)) == set()
    assert failed(decisions.check([], statistics=counted(5))) == set()


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"document": [*keys(2), keys(2)[0]]}, {"one row a document"}),
        ({"outcome": ["edited", "dropped", "lost"]}, {"outcome", "dropped rows are counted"}),
        ({"reason": ["redacted", "quality", "mood"]}, {"reason", "reasons are counted"}),
        ({"reason": ["redacted", "quality", None]}, {"reason is there", "reasons are counted"}),
        ({"reason": ["quality", "redacted", "quality"]}, {"reason fits the outcome"}),
        (
            {"outcome": ["dropped"] * 3, "reason": ["quality"] * 3},
            {"edited rows are counted", "dropped rows are counted", "reasons are counted"},
        ),
    ],
)
def test_decisions_with_one_thing_wrong(values: dict[str, Any], names: set[str]) -> None:
    assert failed(decisions.check([decision_frame(**values)], statistics=COUNTS)) == names


def test_a_record_that_nothing_accounts_for() -> None:
    found = decisions.check([decision_frame()], statistics=replace(COUNTS, records_in=11))
    assert failed(found) == {"conservation"}


SHARDS = [
    {"shard": 0, "documents": 2, "tokens": 30, "stored_tokens": 32},
    {"shard": 1, "documents": 1, "tokens": 12, "stored_tokens": 13},
]


def shard_counts(*items: dict[str, int], end: int | None = 0, **more: Any) -> Statistics:
    values = {
        "documents": 3,
        "tokens": 42,
        "by_terms": {TERMS[0]: (2, 30), TERMS[1]: (1, 12)},
        "details": {"shards": list(items), "end_of_document": end},
    }
    return counted(3, **{**values, **more})


def test_shards_as_they_should_be() -> None:
    assert failed(shards.check(statistics=shard_counts(*SHARDS))) == set()
    plain = [{**item, "stored_tokens": item["tokens"]} for item in SHARDS]
    assert failed(shards.check(statistics=shard_counts(*plain, end=None))) == set()


def test_an_empty_shard_warns() -> None:
    empty = {"shard": 2, "documents": 0, "tokens": 0, "stored_tokens": 0}
    found = shards.check(statistics=shard_counts(*SHARDS, empty))
    assert failed(found) == {"no shard without documents", "no shard without tokens"}
    assert {result.severity for result in found if not result.success} == {"warn"}


@pytest.mark.parametrize(
    ("statistics", "names"),
    [
        (shard_counts(SHARDS[0], {**SHARDS[1], "shard": 2}), {"numbers"}),
        (shard_counts(SHARDS[0], {**SHARDS[1], "stored_tokens": 12}), {"stored tokens"}),
        (shard_counts(*SHARDS, end=None), {"stored tokens"}),
        (
            shard_counts(SHARDS[0], {**SHARDS[1], "documents": -1, "stored_tokens": 11}),
            {"documents of a shard", "documents sum up"},
        ),
        (shard_counts(*SHARDS, documents=4), {"documents sum up", "documents by terms sum up"}),
        (shard_counts(*SHARDS, tokens=41), {"tokens sum up", "tokens by terms sum up"}),
        (shard_counts(*SHARDS, by_terms={1: (3, 41)}), {"tokens by terms sum up"}),
    ],
)
def test_shards_with_one_thing_wrong(statistics: Statistics, names: set[str]) -> None:
    assert failed(shards.check(statistics=statistics)) == names


def placement_frame(**values: Any) -> pd.DataFrame:
    given = {
        "shard": [0, 0, 1],
        "row": [0, 1, 0],
        "terms": [TERMS[0], TERMS[0], TERMS[1]],
        "tokens": [10, 20, 12],
    }
    return frame(tables.PLACEMENTS_BY_SHARD, placements.COLUMNS, 3, **{**given, **values})


def check_placements(*frames: pd.DataFrame, **more: Any) -> list[CheckResult]:
    arguments = {"known_terms": set(TERMS), "statistics": shard_counts(*SHARDS)}
    return placements.check(frames, **{**arguments, **more})


def test_placements_as_they_should_be() -> None:
    whole = placement_frame()
    assert failed(check_placements(whole)) == set()
    assert failed(check_placements(whole.iloc[:1], whole.iloc[1:2], whole.iloc[:0], whole.iloc[2:])) == set()


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"row": [0, 2, 0]}, {"rows run from 0 without gaps"}),
        ({"row": [1, 0, 0]}, {"rows run from 0 without gaps"}),
        ({"row": [0, 0, 0]}, {"rows run from 0 without gaps", "one document a row"}),
        ({"row": [0, 1, 1]}, {"rows run from 0 without gaps"}),
        ({"terms": [TERMS[0], TERMS[0], 5]}, {"terms are known"}),
        ({"tokens": [10, 21, 12]}, {"tokens of the shards"}),
        ({"tokens": [31, -1, 12]}, {"tokens"}),
        (
            {"shard": [0, 0, 2]},
            {"documents of the shards", "tokens of the shards"},
        ),
    ],
)
def test_placements_with_one_thing_wrong(values: dict[str, Any], names: set[str]) -> None:
    assert failed(check_placements(placement_frame(**values))) == names


def test_a_shard_without_placements() -> None:
    missing = {"documents of the shards", "tokens of the shards"}
    assert failed(check_placements(placement_frame().iloc[:2])) == missing
    assert failed(check_placements()) == missing
    empty = shard_counts({"shard": 0, "documents": 0, "tokens": 0, "stored_tokens": 0})
    assert failed(check_placements(statistics=empty)) == set()


def test_a_shard_that_comes_twice() -> None:
    whole = placement_frame()
    found = check_placements(whole, whole.iloc[:2])
    assert "rows run from 0 without gaps" in failed(found)


SOURCE = Source(
    id="alpaca",
    title="Alpaca",
    publisher="Stanford",
    homepage=None,
    steward="data@example.org",
    location="/data/*.json",
    format="json",
    compression="auto",
    record=RecordFields(subject="email"),
    terms=DeclaredTerms("MIT", "consent", "personal"),
)
STATED = Terms(
    source="alpaca",
    declared=None,
    licence="MIT",
    licence_status="resolved",
    licence_note="",
    consent_basis="consent",
    consent_iri="https://w3id.org/dpv#Consent",
    personal_data="personal",
    evidence=Evidence("LICENSE"),
)
FILES = (SnapshotFile("a.json", 10, "00" * 32, 0),)


def check_source(
    *terms: Terms, source: Source = SOURCE, files: tuple[SnapshotFile, ...] = FILES
) -> list[CheckResult]:
    snapshot = Snapshot("alpaca", 1, "0" * 64, files, "2026-11-22T00:00:00Z")
    return sources.check(source=source, snapshot=snapshot, terms=terms)


def test_a_source_as_it_should_be() -> None:
    assert failed(check_source(STATED, replace(STATED, declared="mit"))) == set()


@pytest.mark.parametrize(
    ("values", "name", "severity"),
    [
        ({"licence_status": "unknown"}, "licence is resolved", "warn"),
        ({"licence_status": "ambiguous"}, "licence is resolved", "warn"),
        ({"consent_iri": ""}, "consent basis is of the vocabulary", "error"),
        ({"consent_basis": "unknown"}, "consent basis is known", "warn"),
        ({"personal_data": "unknown"}, "personal data is classified", "warn"),
        ({"evidence": None}, "terms have evidence", "warn"),
    ],
)
def test_a_source_with_one_thing_wrong(values: dict[str, Any], name: str, severity: str) -> None:
    found = check_source(STATED, replace(STATED, declared="mit", **values))
    assert failed(found) == {name}
    assert [result.severity for result in found if not result.success] == [severity]


@pytest.mark.parametrize(
    ("personal_data", "success"), [("personal", False), ("sensitive", False), ("none", True)]
)
def test_personal_data_without_a_subject_field(personal_data: Any, success: bool) -> None:
    source = replace(SOURCE, record=RecordFields())
    found = check_source(replace(STATED, personal_data=personal_data), source=source)
    assert failed(found) == (set() if success else {"data subjects can be found"})


@pytest.mark.parametrize(
    ("files", "names"),
    [
        ((), {"files of the snapshot", "bytes of the snapshot"}),
        ((SnapshotFile("a.json", 0, "00" * 32, 0),), {"bytes of the snapshot"}),
    ],
)
def test_a_source_that_holds_nothing(files: tuple[SnapshotFile, ...], names: set[str]) -> None:
    assert failed(check_source(STATED, files=files)) == names


def test_a_source_without_any_terms() -> None:
    assert failed(check_source()) == {"terms of the snapshot"}
