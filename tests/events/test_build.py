from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_platform.events.arguments import EventDataset
from lineage_platform.events.build import dataset_event, run_event
from lineage_platform.events.facets import MAX_TERMS, PRODUCER
from lineage_platform.events.validation import validate
from lineage_platform.ledger.canonical import canonical
from lineage_platform.model.terms import Evidence, Scope, Terms
from lineage_platform.model.versions import Transformation
from tests.events.worlds import (
    DECLARED,
    EVENTS,
    NAMESPACE,
    OWN,
    PARENT,
    RUN,
    STEP,
    TIME,
    documents,
)


def event_of(dataset: EventDataset, **more: object) -> dict:
    return run_event(
        "COMPLETE", run_id=RUN, time=TIME, namespace=NAMESPACE, job=dataset.name, outputs=[dataset], **more
    )


def test_a_complete_run_says_who_what_and_when() -> None:
    event = EVENTS["complete"]
    assert event["eventType"] == "COMPLETE"
    assert event["eventTime"] == "2026-11-22T07:30:00.123456Z"
    assert event["producer"] == PRODUCER
    assert event["schemaURL"] == "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
    assert event["run"]["runId"] == RUN
    assert (event["job"]["namespace"], event["job"]["name"]) == (NAMESPACE, "documents/alpaca")
    parent = event["run"]["facets"]["parent"]
    assert parent["run"] == {"runId": PARENT.run_id}
    assert parent["job"] == {"namespace": "dagster", "name": "materialize"}
    job_type = event["job"]["facets"]["jobType"]
    assert [job_type[key] for key in ("processingType", "integration", "jobType")] == [
        "BATCH",
        "DAGSTER",
        "ASSET",
    ]
    assert event["run"]["facets"]["processing_engine"]["name"] == "daft"


def test_a_complete_run_says_what_it_made() -> None:
    (made,) = EVENTS["complete"]["outputs"]
    facets = made["facets"]
    assert facets["version"]["datasetVersion"] == "documents/alpaca@0123456789abcdef"
    assert facets["ownership"]["owners"] == [{"name": "data-governance@example.org", "type": "STEWARD"}]
    assert facets["schema"]["fields"][:2] == [
        {"name": "document", "type": "int64", "ordinal_position": 1},
        {"name": "identity", "type": "fixed_size_binary[16]", "ordinal_position": 2},
    ]
    assert facets["dataQualityAssertions"]["assertions"] == [
        {
            "assertion": "keys increase",
            "success": True,
            "column": "document",
            "severity": "error",
            "expected": "greater than the one before",
            "actual": "all 8 rows",
        },
        {
            "assertion": "licence is resolved",
            "success": False,
            "severity": "warn",
            "expected": "resolved",
            "actual": "1 of 2 rows are not",
        },
    ]
    statistics = made["outputFacets"]["outputStatistics"]
    assert [statistics[key] for key in ("rowCount", "size", "fileCount")] == [8, 1234, 3]
    manifest = made["outputFacets"]["lineagePlatform_manifest"]
    assert [manifest[key] for key in ("files", "bytes", "contentDigest")] == [3, 4096, "cd" * 32]


def test_what_was_read_has_its_version_and_size_and_checks() -> None:
    (snapshot,) = EVENTS["complete"]["inputs"]
    assert snapshot["facets"]["version"]["datasetVersion"] == "source/alpaca@0123456789abcdef"
    assert snapshot["inputFacets"]["inputStatistics"]["fileCount"] == 2
    assert "rowCount" not in snapshot["inputFacets"]["inputStatistics"]
    (read,) = EVENTS["downstream"]["inputs"]
    assert len(read["inputFacets"]["dataQualityAssertions"]["assertions"]) == 2
    assert "dataQualityAssertions" not in read["facets"]


def test_the_transformation_comes_back_exactly_nulls_included() -> None:
    facet = EVENTS["complete"]["run"]["facets"]["lineagePlatform_transformation"]
    assert Transformation(facet["name"], facet["codeVersion"], facet["parameters"]) == STEP
    assert facet["records"] == {
        "in": 10,
        "kept": 6,
        "edited": 2,
        "dropped": 2,
        "byReason": {"redacted": 2, "malformed-record": 2},
    }
    assert "records" not in EVENTS["start"]["run"]["facets"]["lineagePlatform_transformation"]


def test_parameters_become_plain_json() -> None:
    step = Transformation("pack", "1", {"sources": ({"id": "a"},)})
    event = event_of(documents(), transformation=step)
    assert event["run"]["facets"]["lineagePlatform_transformation"]["parameters"] == {
        "sources": [{"id": "a"}]
    }


def test_terms_come_back_exactly() -> None:
    for event in (EVENTS["complete"]["outputs"][0], EVENTS["terms"]["dataset"]):
        entries = json.loads(canonical(event))["facets"]["lineagePlatform_terms"]["terms"]
        assert {Terms.from_statement(entry["statement"]) for entry in entries} == {OWN, DECLARED}
        assert {entry["terms"] for entry in entries} == {str(OWN.number), str(DECLARED.number)}
    assert [entry["documents"] for entry in entries] == [None, None]


def test_what_can_be_searched_by_are_tags() -> None:
    tags = EVENTS["complete"]["outputs"][0]["facets"]["tags"]["tags"]
    assert {(tag["key"], tag["value"]) for tag in tags} == {
        ("licence", "CC-BY-NC-4.0"),
        ("licence", "NOASSERTION"),
        ("consent-basis", "not-personal-data"),
        ("consent-basis", "gdpr:6-1-a"),
        ("personal-data", "none"),
        ("personal-data", "personal"),
    }


def test_a_failed_run_says_why() -> None:
    facet = EVENTS["failed"]["run"]["facets"]["errorMessage"]
    assert (facet["message"], facet["programmingLanguage"]) == ("disk full", "PYTHON")
    assert "errorMessage" not in EVENTS["aborted"]["run"]["facets"]


def test_an_error_that_names_an_undecodable_path_can_still_be_recorded() -> None:
    event = run_event(
        "FAIL", run_id=RUN, time=TIME, namespace=NAMESPACE, job="a", error="cannot read b\udcff.txt"
    )
    assert b"cannot read b?.txt" in canonical(event)


def test_every_terms_statement_is_counted_but_at_most_a_thousand_are_listed() -> None:
    terms = [
        (
            (
                Terms(
                    "a",
                    f"licence {i}",
                    "NOASSERTION",
                    "unknown",
                    "",
                    "unknown",
                    "https://w3id.org/dpv#U",
                    "none",
                ),
            ),
            i,
            2 * i,
        )
        for i in range(MAX_TERMS + 7)
    ]
    event = event_of(EventDataset("documents/a", terms=terms))
    validate(event)
    facet = event["outputs"][0]["facets"]["lineagePlatform_terms"]
    assert (facet["count"], facet["omitted"], len(facet["terms"])) == (MAX_TERMS + 7, 7, MAX_TERMS)
    assert [entry["documents"] for entry in facet["terms"]] == list(range(MAX_TERMS + 6, 6, -1))
    whole = [
        {"terms": str(item.number), "documents": documents, "tokens": tokens, "statement": item.statement()}
        for (item,), documents, tokens in reversed(terms)
    ]
    assert facet["digest"] == hashlib.sha256(canonical({"l": whole})[len(b'{"l":') : -1]).hexdigest()
    backwards = event_of(EventDataset("documents/a", terms=terms[::-1]))
    assert canonical(backwards) == canonical(event)
    assert len(canonical(event)) < 600_000


def test_times_are_utc_whatever_their_zone() -> None:
    east = TIME.astimezone(timezone(timedelta(hours=8)))
    event = dataset_event(time=east, namespace=NAMESPACE, dataset=EventDataset("source/alpaca"))
    assert event["eventTime"] == "2026-11-22T07:30:00.123456Z"
    assert event["schemaURL"].endswith("#/$defs/DatasetEvent")


def test_a_time_without_zone_is_refused() -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001
    with pytest.raises(ValueError, match="without a zone"):
        run_event("START", run_id=RUN, time=naive, namespace=NAMESPACE, job="a")


def test_a_run_id_must_be_a_uuid() -> None:
    with pytest.raises(ValueError, match="UUID"):
        run_event("START", run_id="one", time=TIME, namespace=NAMESPACE, job="a")


def test_arguments_do_not_load_the_client() -> None:
    code = (
        "import sys, lineage_platform.events.arguments, lineage_platform.events.columns;"
        "assert not [m for m in sys.modules if m.startswith(('openlineage', 'jsonschema'))]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


text = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
texts = st.lists(text, max_size=3).map(tuple)
terms = st.builds(
    Terms,
    source=text,
    declared=st.none() | text,
    licence=text,
    licence_status=st.sampled_from(["resolved", "ambiguous", "unknown"]),
    licence_note=text,
    consent_basis=text,
    consent_iri=st.just("https://w3id.org/dpv#Consent"),
    personal_data=st.sampled_from(["none", "pseudonymised", "personal", "sensitive", "unknown"]),
    scope=st.builds(Scope, texts, texts, texts, texts),
    evidence=st.none() | st.builds(Evidence, text, st.none() | st.just("0a" * 32)),
    valid_from=st.none() | st.dates().map(str),
    valid_to=st.none() | st.dates().map(str),
    signalled=st.sampled_from([None, "y", "n", "unknown"]),
    parents=st.lists(st.sampled_from(["0", "17", str(2**63 - 1), "unknown"]), max_size=2).map(tuple),
)
counts = st.none() | st.integers(0, 2**53 - 1)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(st.tuples(terms), counts, counts), max_size=4), st.datetimes(timezones=st.just(UTC))
)
def test_whatever_terms_say_the_event_is_valid_and_says_it(stated: list, time: datetime) -> None:
    event = dataset_event(time=time, namespace=NAMESPACE, dataset=EventDataset("source/a", terms=stated))
    validate(event)
    facet = json.loads(canonical(event))["dataset"]["facets"].get("lineagePlatform_terms", {"terms": []})
    found = [Terms.from_statement(entry["statement"]) for entry in facet["terms"]]
    assert sorted(map(repr, found)) == sorted(repr(item) for (item,), _, _ in stated)
