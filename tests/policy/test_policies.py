"""The policies that ship, a workspace's own, and what is wrong with a file of policies."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from lineage_platform.errors import InvalidInput, NotFound
from lineage_platform.policy.facts import vocabulary
from lineage_platform.policy.policies import check, load, restore
from tests.policy.stated import CLEAN, JURISDICTIONS

DATA = resources.files("lineage_platform.policy") / "data" / "policies"
OWN = """
// ours
@id("own-vendor")
@title("The vendor's data stays in the house")
@title_zh("供应商数据不得外传")
@law("Contract 2026-17, section 4")
@severity("error")
@effect("refuse")
@clears("Ask the vendor.")
@source("contracts/2026-17.pdf")
forbid (principal, action, resource)
when {
  resource.kind == "licensed" &&
  principal.redistribution
};
"""


def folder(path: Path, text: str, name: str = "own.cedar") -> Path:
    (path / name).write_text(text, encoding="utf-8")
    return path


def problems(path: Path, text: str) -> list[str]:
    return [re.sub(r"^.*/own", "own", str(problem)) for problem in check([folder(path, text)])]


def test_shipped_policies_and_their_examples_are_right() -> None:
    assert check() == []


def test_every_profile_has_a_permit_and_every_policy_an_example() -> None:
    shipped = load().policies
    for jurisdiction in JURISDICTIONS:
        permits = [
            policy.id
            for policy in shipped.values()
            if policy.effect == "permit" and policy.jurisdictions == {jurisdiction}
        ]
        assert len(permits) == 1
    named: set[str] = set()
    for file in (DATA / "examples").iterdir():
        for example in json.loads(file.read_text(encoding="utf-8"))["examples"]:
            named |= {*example["policies"], *example["warnings"]}
    assert named == set(shipped)


def test_what_is_unsettled_is_never_allowed_and_what_was_not_read_says_so() -> None:
    for policy in load().policies.values():
        assert policy.source.startswith(("https://", "http://", "docs/"))
        if (
            policy.file in ("JP.cedar", "KR.cedar", "SG.cedar", "IL.cedar", "UK.cedar")
            or "tc260" in policy.id
        ):
            assert not policy.verified, policy.id
    assert load()["us-fair-use"].effect == "undetermined"


def test_the_schema_has_the_facts_of_the_vocabulary() -> None:
    types = {"answer": "String", "word": "String", "open": "String", "flag": "Bool", "words": "Set<String>"}
    schema = (DATA / "schema.cedarschema").read_text(encoding="utf-8")
    use, terms = (dict(re.findall(r"(\w+): ([\w<>]+),", block)) for block in schema.split("entity ")[1:])
    words = vocabulary()
    assert terms == {name: types[entry["type"]] for name, entry in words["facts"].items()}
    assert use == {"names": "Set<String>", "commercial": "String", "training": "Bool", "redistribution": "Bool", "research": "Bool"} | {
        name: types[entry["type"]] for name, entry in words["operator"].items()
    }  # fmt: skip
    actions = re.search(r"action (.*) appliesTo", schema)
    assert actions and actions[1].replace('"', "").split(", ") == list(JURISDICTIONS)


def test_every_fact_is_read_by_some_policy() -> None:
    read = {name for policy in load().policies.values() for name in policy.reads}
    assert set(vocabulary()["facts"]) - read == set()


def test_a_workspace_adds_policies(tmp_path: Path) -> None:
    own = load([folder(tmp_path, OWN)])
    assert own["own-vendor"].line == 3
    assert own["own-vendor"].title_zh == "供应商数据不得外传"
    assert len(own.policies) == len(load().policies) + 1
    assert own.overrides == ()
    assert own.digest != load().digest
    assert own.digest == load([tmp_path]).digest


def test_a_workspace_overrides_by_id_and_that_is_listed(tmp_path: Path) -> None:
    own = load([folder(tmp_path, OWN.replace("own-vendor", "licence-unknown"))])
    (override,) = own.overrides
    assert (override.by.file, override.by.line) == (f"{tmp_path}/own.cedar", 3)
    assert (override.replaced.file, override.replaced.id) == ("licences.cedar", "licence-unknown")
    assert own["licence-unknown"].law == "Contract 2026-17, section 4"
    assert len(own.policies) == len(load().policies)


def test_the_digest_does_not_depend_on_the_names_of_files(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, two = folder(tmp_path / "a", OWN), folder(tmp_path / "b", OWN, "other.cedar")
    assert load([one]).digest == load([two]).digest


@pytest.mark.parametrize(
    ("wrong", "right", "expected"),
    [
        ("&&", "&& &&", "own.cedar:13: policy: got unexpected token `&&`"),
        ("};", "}", "own.cedar:3: policy: got unexpected end of input"),
        ("==", "=", "own.cedar:3: policy: got '=' is not a valid operator in Cedar"),
        ('@law("Contract 2026-17, section 4")\n', "", "own.cedar:3: own-vendor: @law: got nothing, expected a word or"),
        ('@id("own-vendor")\n', "", "own.cedar:3: policy: @id: got nothing"),
        ('@severity("error")', '@severity("fatal")', "own-vendor: @severity: got 'fatal', expected one of error, warning"),
        ('@effect("refuse")', '@effect("allow")', "@effect: got 'allow', expected one of unknown, undetermined, refuse"),
        ("@clears", "@clear", "own-vendor: @clear: got an annotation of this name, expected one of id, title"),
        ("resource.kind", "resource.sort", "own.cedar:3: own-vendor: conditions: got for policy `policy0`, attribute `sort`"),
        ('"licensed"', '"licenced"', "own-vendor: conditions: got 'licenced', expected one of open-dataset, licensed"),
        ('"licensed"', "3", "own-vendor: conditions: got the types"),
        ("action, resource", 'action == Action::"FR", resource', "own-vendor: conditions: got for policy `policy0`, unrecognized"),
        ("action, resource", 'action, resource == Terms::"1"', "own-vendor: resource: got a scope, expected none"),
        ("principal.redistribution", 'resource == Terms::"1"', "own-vendor: conditions: got `resource` itself"),
        ("principal.redistribution", 'action == Action::"EU"', "own-vendor: conditions: got `action`"),
        ("forbid (principal", "forbid (principal == ?principal", "own.cedar:3: policy: got a template with slots"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_policy_is_said_with_its_line(
    tmp_path: Path, wrong: str, right: str, expected: str
) -> None:
    found = problems(tmp_path, OWN.replace(wrong, right))
    assert any(expected in problem for problem in found), found
    with pytest.raises(InvalidInput, match="problems in policies"):
        load([tmp_path])


def test_one_broken_policy_does_not_hide_another(tmp_path: Path) -> None:
    text = (
        OWN.replace("&&", "&& &&")
        + OWN.replace('"licensed"', '"licenced"')
        + OWN.replace("own-vendor", "good")
    )
    found = problems(tmp_path, text)
    assert [problem.split(": ")[0] for problem in found] == ["own.cedar:13", "own.cedar:18"]


def test_ids_are_unique_in_a_folder(tmp_path: Path) -> None:
    (found,) = check([folder(tmp_path, OWN + OWN)])
    assert (found.line, found.field) == (18, "@id")
    assert found.got == f"'own-vendor', which {tmp_path}/own.cedar:3 has"


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "own.cedar").write_bytes(b"\xff\xfe")
    (found,) = check([tmp_path])
    assert "bytes that are not UTF-8" in str(found)


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"policies: got .*nowhere, expected a folder"):
        load([tmp_path / "nowhere"])


def test_an_empty_file_and_an_empty_folder_add_nothing(tmp_path: Path) -> None:
    assert check([tmp_path]) == []
    assert load([folder(tmp_path, "// nothing yet\n")]).digest == load().digest


def test_a_stored_set_comes_back(tmp_path: Path) -> None:
    own = load([folder(tmp_path, OWN)])
    again = restore(json.loads(json.dumps(own.stored())))
    assert again.digest == own.digest
    with pytest.raises(InvalidInput, match="1 problems in stored policies"):
        restore({"x": {"file": "x.cedar", "text": OWN.replace("resource.kind", "resource.sort")}})


def test_an_unknown_policy_has_neighbours() -> None:
    with pytest.raises(NotFound, match=r"nearest: .*eu-dsm-4-unknown"):
        load()["eu-dsm-4-unknwn"]


EXAMPLE: dict[str, Any] = {
    "statement": {"kind": "licensed"},
    "use": "redistribution",
    "jurisdiction": "EU",
    "day": "2026-11-22",
    "expected": "refused",
    "policies": ["own-vendor"],
}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, None),
        ({"expected": "allowed"}, "examples[0]: expected: got refused, expected allowed"),
        ({"policies": []}, "examples[0]: policies: got own-vendor, expected none"),
        ({"use": "reserch"}, "examples[0]: got no use named 'reserch'"),
        ({"day": "today"}, "examples[0]: got Invalid isoformat string"),
        ({"statement": {"kind": "bought"}}, "kind: got 'bought'"),
        ({"comment": "x"}, "examples[0]: got 'comment', expected the keys name, statement"),
    ],
)
def test_examples_of_a_workspace_are_run(
    tmp_path: Path, change: dict[str, Any], expected: str | None
) -> None:
    (tmp_path / "examples").mkdir()
    content = {"statement": CLEAN, "examples": [EXAMPLE | change]}
    (tmp_path / "examples" / "own.json").write_text(json.dumps(content))
    found = [str(problem) for problem in check([folder(tmp_path, OWN)])]
    if expected is None:
        assert found == []
    else:
        assert len(found) == 1 and expected in found[0], found


@pytest.mark.parametrize("text", ["{", "[]", "{}", "3", '{"statement": {}, "examples": {}}', '{"statement": {}, "examples": [3]}'])  # fmt: skip
def test_a_file_of_examples_that_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "own.json").write_text(text)
    (found,) = check([folder(tmp_path, OWN)])
    assert found.file == str(tmp_path / "examples" / "own.json")


DOCS = (Path(__file__).parents[2] / "docs" / "policies.md").read_text(encoding="utf-8")


def test_the_page_lists_the_words_that_there_are() -> None:
    words = vocabulary()
    for entries in (words["facts"], words["operator"]):
        for name, entry in entries.items():
            assert re.search(rf"^\| `{name}` \| .* \| {re.escape(entry['en'])} \|$", DOCS, re.MULTILINE), name
    for name in (*words["uses"], *words["jurisdictions"]):
        assert f"| `{name}` |" in DOCS
    assert load()["cn-pipl-29"].text in DOCS


def test_the_policy_and_the_examples_of_the_page_are_right(tmp_path: Path) -> None:
    (policy,) = (block for block in re.findall(r"```cedar\n(.*?)```", DOCS, re.DOTALL) if "vendor" in block)
    (examples,) = re.findall(r"```json\n(.*?)```", DOCS, re.DOTALL)
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "own.json").write_text(examples)
    (problem,) = check([folder(tmp_path, policy)])
    assert "vendor-2026-17" in problem.got, "and those that the page leaves out"
