"""Several statements about the same records: what holds on each day, who said it, and what contradicts."""

from __future__ import annotations

import itertools
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_platform.model.terms import in_force
from lineage_platform.workspace.terms_form import TermsForm
from lineage_platform.workspace.terms_pieces import pieces_of
from tests.workspace.worlds import World

ONE = "sources/one.yaml"
TERMS = """\
terms:
  licence: CC-BY-4.0
  consent_basis: not-personal-data
  personal_data: none
"""
DAYS = [f"2026-{month:02d}-01" for month in range(1, 13)]
BASES = ["measured", "attested", "concluded", "declared", "inferred"]


def form(**said: Any) -> TermsForm:
    return TermsForm.model_validate(said)


def test_the_stronger_statement_counts_and_the_other_is_kept() -> None:
    declared = form(licence="CC-BY-3.0", consent_basis="unknown", personal_data="unknown", author="publisher")
    concluded = form(licence="CC-BY-4.0", basis="concluded", author="legal", stated_at="2026-03-01")
    (piece,), wrong = pieces_of([declared, concluded])
    assert wrong == []
    assert (piece.form.licence, piece.form.personal_data) == ("CC-BY-4.0", "unknown")
    assert (piece.form.basis, piece.form.author, piece.form.stated_at) == ("declared", None, "2026-03-01")
    assert [(item.basis, item.author, item.said) for item in piece.assertions] == [
        ("concluded", "legal", {"licence": "CC-BY-4.0"}),
        (
            "declared",
            "publisher",
            {"licence": "CC-BY-3.0", "consent_basis": "unknown", "personal_data": "unknown"},
        ),
    ]


def test_statements_of_other_days_are_pieces_of_their_own() -> None:
    first = form(licence="CC-BY-4.0", valid_to="2026-06-01")
    later = form(licence="MIT", valid_from="2026-06-01", valid_to="2026-09-01")
    pieces, wrong = pieces_of([later, first])
    assert wrong == []
    assert [(item.form.licence, item.form.valid_from, item.form.valid_to) for item in pieces] == [
        ("CC-BY-4.0", None, "2026-06-01"),
        ("MIT", "2026-06-01", "2026-09-01"),
    ]
    assert all(item.assertions == () for item in pieces)


def test_equally_strong_statements_contradict_unless_their_author_corrects_himself() -> None:
    one, other = form(licence="MIT"), form(licence="CC-BY-4.0")
    _, (wrong,) = pieces_of([one, other])
    assert (wrong.position, wrong.field) == (1, "licence")
    assert "statement 1 says 'MIT'" in wrong.got
    corrected = [
        form(licence="MIT", author="legal", stated_at="2026-01-01"),
        form(licence="CC-BY-4.0", author="legal", stated_at="2026-02-01"),
    ]
    (piece,), wrong_ones = pieces_of(corrected)
    assert (piece.form.licence, wrong_ones) == ("CC-BY-4.0", [])


def test_what_statements_make_together_must_be_possible() -> None:
    _, (wrong,) = pieces_of([form(personal_data="none"), form(minors="yes", basis="attested")])
    assert wrong.field is None
    assert "put together from 2 statements" in wrong.got


def test_an_embargo_may_outlast_the_piece_it_is_in() -> None:
    held = form(licence="MIT", embargo_until="2026-08-01", embargo_then="open")
    pieces, wrong = pieces_of([held, form(minors="no", valid_from="2026-03-01")])
    assert wrong == []
    assert [item.form.embargo_until for item in pieces] == ["2026-08-01", "2026-08-01"]


@st.composite
def statements(draw: st.DrawFn) -> TermsForm:
    first = draw(st.none() | st.sampled_from(DAYS[:-1]))
    end = draw(st.none() | st.sampled_from([day for day in DAYS if day > (first or "")][:]))
    said = {
        "licence": draw(st.none() | st.sampled_from(["MIT", "CC-BY-4.0"])),
        "personal_data": draw(st.none() | st.sampled_from(["none", "personal"])),
        "valid_from": first,
        "valid_to": end,
    }
    return form(**{k: v for k, v in said.items() if v is not None}, basis=draw(st.sampled_from(BASES)))


@given(st.lists(statements(), min_size=2, max_size=5), st.sampled_from(DAYS), st.integers(0, 40))
def test_each_day_has_what_the_strongest_say_of_it(given: list[TermsForm], month: str, more: int) -> None:
    day = (date.fromisoformat(month) + timedelta(days=more)).isoformat()
    pieces, wrong = pieces_of(given)
    holding = [item for item in given if (item.valid_from or "") <= day < (item.valid_to or "9999")]
    covering = [
        item for item in pieces if (item.form.valid_from or "") <= day < (item.form.valid_to or "9999")
    ]
    for before, after in itertools.pairwise(pieces):
        assert (before.form.valid_to or "9999") <= (after.form.valid_from or "")
    if wrong:
        return
    assert len(covering) == (1 if holding else 0)
    for name in ("licence", "personal_data"):
        said = [item for item in holding if name in item.model_fields_set]
        if said:
            strongest = min(said, key=lambda item: BASES.index(item.basis))
            assert getattr(covering[0].form, name) == getattr(strongest, name)
            assert in_force([item.form for item in pieces], date.fromisoformat(day)) is covering[0].form


def test_a_list_in_a_file(world: World) -> None:
    world.edit(
        ONE,
        TERMS,
        """\
terms:
  - licence: CC-BY-4.0
    consent_basis: not-personal-data
    personal_data: none
  - licence: MIT
    basis: concluded
    author: legal@example.org
    valid_from: 2026-06-01
""",
    )
    source = world.load().source("one")
    assert [(item.licence, item.valid_from) for item in source.terms] == [
        ("CC-BY-4.0", None),
        ("MIT", "2026-06-01"),
    ]
    assert source.terms[1].consent_basis == "not-personal-data"
    assert [item.basis for item in source.terms[1].particulars.assertions] == ["concluded", "declared"]


def test_the_example_of_the_documentation(world: World) -> None:
    page = (Path(__file__).parents[2] / "docs" / "terms.md").read_text(encoding="utf-8")
    [written] = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    world.write("contracts/2026-17.md", "A contract.\n")
    world.edit(ONE, TERMS, written)
    first, second = world.load().source("one").terms
    assert (first.licence, first.valid_to) == ("CC-BY-4.0", "2027-01-01")
    assert (second.licence, second.valid_from) == ("LicenseRef-example-2027", "2027-01-01")
    assert first.evidence is not None and first.evidence.sha256
    assert [item.said.get("licence") for item in first.particulars.assertions] == ["CC-BY-4.0", "CC-BY-3.0"]


def test_a_basis_by_its_iri(world: World) -> None:
    world.edit(ONE, "consent_basis: not-personal-data", "consent_basis: https://w3id.org/dpv#Consent")
    world.edit(ONE, "personal_data: none", "personal_data: personal")
    assert world.load().source("one").terms_on().consent_basis == "consent"


@pytest.mark.parametrize(
    ("written", "line", "field", "got", "expected"),
    [
        ("terms:\n  - licence: MIT\n  - licence: CC-BY-4.0\n    consent_basis: unknown\n    personal_data: unknown\n",
         12, "terms[1].licence", "statement 1 says 'MIT'", "one value on a day"),
        ("terms:\n  - licence: MIT\n    consent_basis: unknown\n", 11, "terms[0].personal_data", "nothing", "most personal"),
        ("terms:\n  - licence: MIT\n    consent_basis: https://w3id.org/dpv#Wish\n    personal_data: none\n", 12,
         "terms[0].consent_basis", "#Wish", "one of: "),
        ("terms: []\n", 10, "terms", "a list", "at least one"),
        ("terms:\n  licence: MIT\n", 10, "terms.consent_basis", "nothing", "Basis on which"),
    ],
)  # fmt: skip
def test_what_is_wrong_has_its_place(
    world: World, written: str, line: int, field: str, got: str, expected: str
) -> None:
    world.edit(ONE, TERMS, written)
    found = [item for item in world.problems() if item.field == field]
    assert [(item.file, item.line) for item in found] == [(ONE, line)]
    assert got in found[0].got and expected in found[0].expected
