"""Roll-ups: laws over any statements, and what one says."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lineage_platform.policy.facts import licence_of
from lineage_platform.policy.meet import NOTHING, derived, meet, parts_of
from lineage_platform.policy.rollup import rollup
from tests.policy.stated import CLEAN, PEOPLE, STATEMENTS

MET = st.lists(STATEMENTS, min_size=1, max_size=3).map(meet)
ROWS = st.lists(st.tuples(MET, st.integers(2, 1000), st.integers(0, 100_000)), min_size=1, max_size=5)
Rows = list[tuple[dict[str, Any], int, int]]


@given(ROWS, st.randoms())
def test_neither_order_nor_splitting_matters(rows: Rows, order: Any) -> None:
    whole = rollup(rows)
    split = [(one, *half) for one, documents, tokens in rows for half in ((1, 0), (documents - 1, tokens))]
    order.shuffle(split)
    assert rollup(split) == whole
    assert rollup([*rows, (CLEAN | {"licence": "MIT"}, 0, 0)]) == whole
    assert json.loads(json.dumps(whole)) == whole


@given(ROWS, ROWS)
def test_sums_of_two_halves_are_those_of_the_whole(one: Rows, other: Rows) -> None:
    a, b, both = rollup(one), rollup(other), rollup([*one, *other])
    for key in ("licences", "duties", "restrictions", "personal_data", "minors", "generations", "unknowns"):
        for word, count in both[key].items():
            assert count["documents"] == sum(
                half[key].get(word, {"documents": 0})["documents"] for half in (a, b)
            )
            assert count["tokens"] == sum(half[key].get(word, {"tokens": 0})["tokens"] for half in (a, b))
    assert both["documents"] == a["documents"] + b["documents"]
    for name in ("rightsholders", "jurisdictions", "generators"):
        assert both[name] == sorted({*a[name], *b[name]})


@given(ROWS)
def test_nothing_is_softer_than_the_strictest_document(rows: Rows) -> None:
    found = rollup(rows)
    for statement, _, _ in rows:
        for part in parts_of(statement):
            licence = licence_of(part)
            assert found["strictest"]["commercial"] == "no" or licence.commercial != "no"
            assert found["strictest"]["training"] == "forbidden" or licence.training != "forbidden"
            assert part["licence"] in found["licences"]
            for key, name in (("regions", "regions"), ("recipients", "grantees"), ("uses", "uses")):
                stated = part["scope"][name]
                assert not stated or set(found[key]) <= {*stated, NOTHING}
            assert not part["valid_to"] or found["valid_to"] <= part["valid_to"]
            assert not part.get("embargo_until") or found["last_embargo"] >= part["embargo_until"]
            if part["licence_status"] != "resolved":
                assert found["unknowns"]["licence"]["documents"] >= 1


def test_what_it_says() -> None:
    people = (
        CLEAN | PEOPLE | {"source": "forum", "licence": "CC-BY-NC-4.0", "scope": {"regions": ["EU", "CN"]}}
    )
    people |= {"minors": "yes", "rightsholders": ["The authors"], "valid_to": "2027-06-01"}
    made = derived(
        CLEAN | {"source": "qa", "licence": "MIT", "kind": "synthetic", "generators": ["llama-2-7b"]},
        [people],
    )
    found = rollup(
        [
            (CLEAN | {"embargo_until": "2027-01-01", "embargo_then": "open"}, 10, 100),
            (people, 5, 50),
            (made, 2, 20),
        ]
    )
    assert (found["documents"], found["tokens"]) == (17, 170)
    assert found["licences"] == {
        "CC0-1.0": {"documents": 10, "tokens": 100},
        "CC-BY-NC-4.0": {"documents": 7, "tokens": 70},
        "MIT": {"documents": 2, "tokens": 20},
    }
    assert found["strictest"]["commercial"] == "no"
    assert found["restrictions"]["non-commercial"]["documents"] == 7
    assert found["duties"]["attribution"]["documents"] == 7
    assert found["regions"] == ["CN", "EU"]
    assert found["recipients"] == []
    assert (found["valid_to"], found["first_embargo"], found["last_embargo"]) == (
        "2027-06-01",
        "2027-01-01",
        "2027-01-01",
    )
    assert found["personal_data"] == {
        "none": {"documents": 10, "tokens": 100},
        "personal": {"documents": 7, "tokens": 70},
    }
    assert found["minors"] == {"yes": {"documents": 7, "tokens": 70}}
    assert found["synthetic"] == {"documents": 2, "tokens": 20}
    assert (found["depth"], found["generations"]["1"]["documents"]) == (1, 2)
    assert found["jurisdictions"] == ["CN", "EU"]
    assert found["rightsholders"] == ["The authors"]
    assert found["generators"] == ["llama-2-7b"]
    assert found["unknowns"]["rightsholders"]["documents"] == 12


def test_nothing_summed() -> None:
    found = rollup([])
    assert (found["documents"], found["licences"], found["strictest"]["commercial"]) == (0, {}, "unknown")


def test_no_documents_are_allowed_anywhere_that_have_no_region_in_common() -> None:
    some = [(CLEAN | {"scope": {"regions": [place]}}, 1, 1) for place in ("CN", "EU")]
    assert rollup(some)["regions"] == [NOTHING]
