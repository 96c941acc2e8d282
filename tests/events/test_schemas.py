"""Our schemas, and with LINEAGE_OPENLINEAGE_SPEC set the published ones too, judge what we emit, and judge alike."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import lineage_platform.events
from lineage_platform.errors import InvalidInput
from lineage_platform.events.facets import BASE_URL
from lineage_platform.events.validation import Schemas, bundled, validate
from tests.events.worlds import EVENTS, SCHEMA_SETS

FOLDER = Path(lineage_platform.events.__file__).parent / "schemas"
FILES = sorted(FOLDER.rglob("*.json"))

each_set = pytest.mark.parametrize("schemas", SCHEMA_SETS.values(), ids=SCHEMA_SETS.keys())
each_event = pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS.keys())


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Path of every member and item below a JSON value."""
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, item in members:
        yield (*path, key)
        yield from places(item, (*path, key))


WRONG = (None, True, 0, -1, 1.5, "", "x", [], {}, [1], [{}], {"a": 1}, "2026-13-01T00:00:00Z", "no uri", "\n")


def mutate(event: dict[str, Any], path: tuple[str | int, ...], value: object, drop: bool) -> dict[str, Any]:
    changed = copy.deepcopy(event)
    holder: Any = changed
    for key in path[:-1]:
        holder = holder[key]
    if drop:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return changed


@each_set
@each_event
def test_every_event_is_valid(schemas: Schemas, event: dict[str, Any]) -> None:
    schemas.validate(event)


@each_set
@settings(deadline=None)
@given(data=st.data())
def test_a_changed_event_is_judged_alike(schemas: Schemas, data: st.DataObject) -> None:
    event = EVENTS[data.draw(st.sampled_from(sorted(EVENTS)))]
    path = data.draw(st.sampled_from(list(places(event))))
    changed = mutate(event, path, data.draw(st.sampled_from(WRONG)), data.draw(st.booleans()))
    ours = sorted({problem.field for problem in bundled().problems(changed)})
    theirs = sorted({problem.field for problem in schemas.problems(changed)})
    assert bool(ours) == bool(theirs), (path, ours, theirs)


@each_set
@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("eventTime",), "2026-13-01T00:00:00Z"),
        (("eventTime",), "2026-11-22 07:30"),
        (("eventTime",), None),
        (("producer",), "no uri"),
        (("schemaURL",), "https://openlineage.io/spec/1-0-0/OpenLineage.json#/$defs/RunEvent"),
        (("eventType",), "DONE"),
        (("run", "runId"), "one"),
        (("run", "facets", "parent", "run", "runId"), "one"),
        (("run", "facets", "parent", "job", "name"), 1),
        (("run", "facets", "processing_engine", "version"), None),
        (("run", "facets", "processing_engine", "_producer"), "no uri"),
        (("run", "facets", "processing_engine", "_schemaURL"), "https://example.org/Facet.json#/$defs/Facet"),
        (("run", "facets", "lineagePlatform_transformation", "records", "kept"), -1),
        (("run", "facets", "lineagePlatform_transformation", "records", "kept"), "6"),
        (("run", "facets", "lineagePlatform_transformation", "name"), ""),
        (("job", "facets", "jobType", "integration"), 1),
        (("job", "namespace"), None),
        (("inputs", 0, "inputFacets", "inputStatistics", "size"), 1.5),
        (("outputs", 0, "name"), 1),
        (("outputs", 0, "facets", "version", "datasetVersion"), 1),
        (("outputs", 0, "facets", "schema", "fields", 0, "name"), None),
        (("outputs", 0, "facets", "columnLineage", "fields", "text", "inputFields", 0, "field"), 1),
        (("outputs", 0, "facets", "dataQualityAssertions", "assertions", 0, "success"), "yes"),
        (("outputs", 0, "facets", "tags", "tags", 0, "value"), True),
        (("outputs", 0, "facets", "lineagePlatform_terms", "terms", 0, "terms"), 7800270138564052515),
        (
            ("outputs", 0, "facets", "lineagePlatform_terms", "terms", 0, "statement", "licence_status"),
            "maybe",
        ),
        (("outputs", 0, "facets", "lineagePlatform_terms", "terms", 0, "statement", "consent_iri"), "dpv"),
        (("outputs", 0, "facets", "lineagePlatform_terms", "terms", 0, "statement", "valid_from"), "soon"),
        (("outputs", 0, "facets", "lineagePlatform_terms", "terms", 0, "statement", "more"), 1),
        (("outputs", 0, "outputFacets", "lineagePlatform_manifest", "sha256"), "0F" * 32),
    ],
    ids=lambda value: "/".join(map(str, value)) if isinstance(value, tuple) else None,
)
def test_what_is_wrong_is_found_where_it_is(
    schemas: Schemas, path: tuple[str | int, ...], value: object
) -> None:
    found = [problem.field for problem in schemas.problems(mutate(EVENTS["complete"], path, value, False))]
    places_above = {"/".join(map(str, path[: length + 1])) for length in range(len(path))}
    assert places_above.intersection(found)


@each_set
def test_a_facet_under_the_name_of_another_is_found(schemas: Schemas) -> None:
    event = copy.deepcopy(EVENTS["complete"])
    facets = event["outputs"][0]["facets"]
    facets["schema"], facets["tags"] = facets["tags"], facets["schema"]
    assert {problem.field for problem in schemas.problems(event)} == {
        "outputs/0/facets/schema/_schemaURL",
        "outputs/0/facets/tags/_schemaURL",
    }


def test_the_error_says_place_got_and_expected() -> None:
    event = mutate(EVENTS["complete"], ("run", "runId"), "one", False)
    with pytest.raises(InvalidInput, match="event: run/runId: got 'one', expected format 'uuid'"):
        validate(event)


def test_long_values_and_long_lists_of_problems_are_cut() -> None:
    event = copy.deepcopy(EVENTS["complete"])
    event["outputs"] = [{"name": "x" * 1000}] * 100
    with pytest.raises(InvalidInput, match=r"100 problems \(the first 20\)") as caught:
        validate(event)
    assert len(str(caught.value)) < 20 * 400


@pytest.mark.parametrize("event", [{}, {"schemaURL": 1}, {"schemaURL": []}], ids=repr)
def test_what_is_no_event(event: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="schemaURL"):
        validate(event)


def test_formats_are_checked_for_real() -> None:
    checkers = Draft202012Validator.FORMAT_CHECKER.checkers
    used = {
        node["format"] for file in FILES for node in nodes(json.loads(file.read_text())) if "format" in node
    }
    assert used == {"date", "date-time", "uri", "uuid"}
    assert used <= checkers.keys()


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(item)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(FOLDER)))
def test_a_schema_file_is_a_schema_under_its_own_address(file: Path) -> None:
    document = json.loads(file.read_text())
    Draft202012Validator.check_schema(document)
    if file.parent.parent.name == "lineage-platform":
        assert document["$id"] == f"{BASE_URL}/spec/facets/{file.stem}/{file.parent.name}.json"
        assert list(document["properties"].values()) == [{"$ref": f"#/$defs/{file.parent.name}"}]
        assert next(iter(document["properties"])).startswith("lineagePlatform_")
    else:
        assert document["$id"].startswith("https://openlineage.io/spec/")
        assert document["$id"].rpartition("/")[2] == file.name


def test_the_transcription_holds_facts_only() -> None:
    for file in FOLDER.joinpath("openlineage").rglob("*.json"):
        schemas = [
            node for node in nodes(json.loads(file.read_text())) if isinstance(node.get("description"), str)
        ]
        assert schemas == []
