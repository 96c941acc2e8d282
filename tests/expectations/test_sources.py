from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from expectations import sources
from lineage_platform.model.definitions import DeclaredTerms, RecordFields, Source
from lineage_platform.model.terms import Evidence, Particulars, Terms
from lineage_platform.model.versions import CheckResult, SnapshotFile
from tests.expectations.worlds import (
    failed,
)

pytestmark = pytest.mark.slow


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
    terms=(DeclaredTerms("MIT", "consent", "personal"),),
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
    return sources.check(source=source, files=files, terms=terms, withdrawable={"consent"})


def test_a_source_as_it_should_be() -> None:
    assert failed(check_source(STATED, replace(STATED, declared="mit"))) == set()


@pytest.mark.parametrize(
    ("values", "name", "severity"),
    [
        ({"licence_status": "unknown"}, "licence is resolved, or a gap", "error"),
        ({"licence_status": "ambiguous", "licence": "NOASSERTION"}, "licence is resolved, or a gap", "error"),
        ({"consent_iri": ""}, "consent basis is of the vocabulary", "error"),
        ({"evidence": None, "declared": None}, "terms have evidence", "warn"),
    ],
)
def test_a_source_with_one_thing_wrong(values: dict[str, Any], name: str, severity: str) -> None:
    found = check_source(STATED, replace(STATED, **{"declared": "mit", **values}))
    assert failed(found) == {name}
    assert [result.severity for result in found if not result.success] == [severity]


def test_a_gap_is_accounted_for() -> None:
    gap = replace(
        STATED, licence="NOASSERTION", licence_status="unknown", licence_note="no such licence", evidence=None
    )
    assert failed(check_source(gap)) == set()


@pytest.mark.parametrize(
    ("personal_data", "basis", "success"),
    [
        ("personal", "consent", False),
        ("sensitive", "consent", False),
        ("none", "consent", True),
        ("personal", "contract", True),
    ],
)
def test_consent_without_a_subject_field(personal_data: Any, basis: str, success: bool) -> None:
    source = replace(SOURCE, record=RecordFields())
    found = check_source(replace(STATED, personal_data=personal_data, consent_basis=basis), source=source)
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


def test_records_that_may_not_be_taken_in() -> None:
    closed = replace(SOURCE.terms[0], particulars=Particulars(admission="no"))
    yesterday = replace(closed, valid_to="2020-01-01")
    assert failed(check_source(STATED, source=replace(SOURCE, terms=(closed,)))) == {
        "records may be taken in"
    }
    reopened = replace(SOURCE, terms=(yesterday, replace(SOURCE.terms[0], valid_from="2020-01-01")))
    assert failed(check_source(STATED, source=reopened)) == set()


def test_a_source_without_any_terms() -> None:
    assert failed(check_source()) == {"terms of the snapshot"}
