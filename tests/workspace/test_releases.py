"""Releases, the operator and exceptions are read as written; what is wrong is said with file, line and field."""

from __future__ import annotations

from datetime import date

import pytest

from lineage_platform.model.releases import PolicyException, ReleaseSpec
from lineage_platform.policy.facts import vocabulary
from lineage_platform.workspace.release_form import OperatorForm
from tests.workspace.worlds import World

MIX = "corpora/mix.yaml"
WAIVER = "exceptions/waiver.yaml"
EXCEPTION = """\
id: waiver
policy: strict-personal-data
sources: [one]
corpora: [mix]
uses: research
jurisdictions: [EU, strict]
approver: Li Wei, general counsel
reason: the addendum of March
approved_at: 2026-03-01
expires: 2026-09-01
"""


def test_what_is_written_is_what_is_defined(world: World) -> None:
    world.edit(
        MIX,
        "id: mix\n",
        "id: mix\nrelease:\n  uses: [research]\n  jurisdictions: [EU, CN]\n  recipients: [A]\n  regions: [EU]\n",
    )
    world.write("lineage.yaml", "operator: {size: small, recipients: [A, B]}\n")
    world.write(WAIVER, EXCEPTION)
    workspace = world.load()
    assert workspace.corpus("mix").release == ReleaseSpec(("research",), ("EU", "CN"), ("A",), ("EU",))
    assert (workspace.name, workspace.operator) == (
        "workspace",
        {"size": "small", "recipients": ["A", "B"]},
    )
    (found,) = workspace.exceptions
    assert (found.policy, found.uses, found.jurisdictions) == (
        "strict-personal-data",
        ("research",),
        ("EU", "strict"),
    )
    assert PolicyException.from_stored(found.stored()) == found


def test_defaults(world: World) -> None:
    world.edit(MIX, "id: mix\n", "id: mix\nrelease: {uses: research}\n")
    assert world.load().corpus("mix").release == ReleaseSpec(("research",), ("strict",))
    assert (world.load().operator, world.load().exceptions) == ({}, ())


def test_an_exception_covers_what_it_names_while_it_holds(world: World) -> None:
    world.write(WAIVER, EXCEPTION)
    (found,) = world.load().exceptions
    day = date(2026, 3, 1)
    assert found.covers("mix", "one", "research", "EU", day)
    assert not found.covers("mix", "one", "research", "EU", date(2026, 2, 28))
    assert not found.covers("mix", "one", "research", "EU", date(2026, 9, 1))
    assert not found.covers("other", "one", "research", "EU", day)
    assert not found.covers("mix", "two", "research", "EU", day)
    assert not found.covers("mix", "one", "redistribution", "EU", day)
    assert not found.covers("mix", "one", "research", "CN", day)


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "got", "expected"),
    [
        ("data", "date", 2, "policy", "strict-personal-date", "nearest: strict-personal-data"),
        ("[one]", "[oen]", 3, "sources[0]", "'oen'", "nearest: one"),
        ("[mix]", "[max]", 4, "corpora[0]", "'max'", "nearest: mix"),
        ("uses: research", "uses: reserch", 5, "uses[0]", "'reserch'", "nearest: research"),
        ("EU, strict", "EU, EW", 6, "jurisdictions[1]", "'EW'", "EU"),
        ("2026-09-01", "2026-03-01", 1, "file", "expires 2026-03-01", "after `approved_at`"),
        ("2026-09-01", "soon", 10, "expires", "'soon'", "YYYY-MM-DD"),
        ("sources: [one]\ncorpora: [mix]\n", "", 1, "file", "an exception for everything", "`sources`"),
        ("approver: Li Wei, general counsel\n", "", 1, "approver", "nothing", "The person who decided"),
        ("id: waiver", "id: other", 1, "id", "'other'", "'waiver', the name of the file"),
        ("reason:", "raeson:", 8, "raeson", "an unknown key", "nearest: reason"),
    ],
)
def test_a_wrong_exception(
    world: World, old: str, new: str, line: int, field: str, got: str, expected: str
) -> None:
    world.write(WAIVER, EXCEPTION.replace(old, new, 1))
    found = next(item for item in world.problems() if item.field.startswith(field.partition("[")[0]))
    assert (found.file, found.line) == (WAIVER, line)
    assert got in found.got
    assert expected in found.expected


@pytest.mark.parametrize(
    ("release", "field", "got", "expected"),
    [
        ("{uses: [train]}", "release.uses", "'train'", "research"),
        ("{uses: [research], jurisdictions: [FR]}", "release.jurisdictions", "'FR'", "strict"),
        ("{uses: []}", "release.uses", "", "at least one item"),
        ("{jurisdictions: [EU]}", "release.uses", "nothing", "For what"),
        ("{uses: research, admit: some}", "release.admit", "'some'", "allowed"),
    ],
)
def test_a_wrong_release(world: World, release: str, field: str, got: str, expected: str) -> None:
    world.edit(MIX, "id: mix\n", f"id: mix\nrelease: {release}\n")
    found = world.problem()
    assert (found.file, found.line) == (MIX, 2)
    assert found.field.startswith(field)
    assert got in found.got
    assert expected in found.expected


def test_a_wrong_operator(world: World) -> None:
    world.write("lineage.yaml", "name: x\noperator:\n  size: tiny\n")
    found = world.problem()
    assert (found.file, found.line, found.field) == ("lineage.yaml", 3, "operator.size")


def test_the_operator_declares_in_the_words_of_policies() -> None:
    words = vocabulary()["operator"]
    assert set(OperatorForm.model_fields) == set(words)
    silent = OperatorForm().model_dump()
    assert {name: type(value) is list for name, value in silent.items()} == {
        name: entry["type"] == "words" for name, entry in words.items()
    }
