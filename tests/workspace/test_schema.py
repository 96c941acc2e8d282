"""The published schemas are current, and say the same as loading does about shape."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from lineage_platform.workspace.schema import SCHEMAS, published
from tests.workspace.make_schemas import current
from tests.workspace.worlds import CORPUS, SOURCE

ROOT = Path(__file__).parents[2]
FILES = {
    "source": "sources/*.yaml",
    "corpus": "corpora/*.yaml",
    "exception": "exceptions/*.yaml",
    "workspace": "lineage.yaml",
}
OPTIONAL = ("exception", "workspace")


def validator(kind: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(published(kind)))


@pytest.mark.parametrize("kind", list(SCHEMAS))
def test_current(kind: str) -> None:
    assert published(kind) == current()[kind], "run: python -m tests.workspace.make_schemas"
    Draft202012Validator.check_schema(json.loads(published(kind)))


@pytest.mark.parametrize("kind", list(SCHEMAS))
@pytest.mark.parametrize("workspace", ["examples/demo", "lineage_platform/cli/starter"])
def test_our_own_workspaces_are_valid_and_name_their_schema(kind: str, workspace: str) -> None:
    files = sorted((ROOT / workspace).glob(FILES[kind]))
    assert files or kind in OPTIONAL
    for path in files:
        text = path.read_text(encoding="utf-8")
        validator(kind).validate(yaml.safe_load(text))
        assert text.startswith("# yaml-language-server: $schema=../")
        reference = text.split("$schema=", 1)[1].split()[0]
        if workspace.startswith("examples"):
            assert (path.parent / reference).resolve().read_bytes() == published(kind)
        else:
            assert reference == f"../schemas/{kind}.schema.json"


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("source", {"colour": "red"}),
        ("source", {"format": "xml"}),
        ("source", {"terms": {"licence": "MIT", "consent_basis": "consnt", "personal_data": "none"}}),
        ("source", {"record": {"texts": "x"}}),
        ("corpus", {"sources": []}),
        ("corpus", {"sources": [{"id": "a", "weight": 0}]}),
        ("corpus", {"shards": {"format": "arrow"}}),
        ("corpus", {"shards": {"layout": "by-licence"}}),
        ("corpus", {"deduplication": {"minhash": True}}),
    ],
)
def test_wrong_shapes_are_found_in_the_editor(kind: str, change: dict[str, Any]) -> None:
    right = yaml.safe_load({"source": SOURCE, "corpus": CORPUS}[kind].format(id="x"))
    assert validator(kind).is_valid(right)
    assert not validator(kind).is_valid({**right, **change})


@pytest.mark.parametrize("kind", list(SCHEMAS))
def test_every_field_is_described(kind: str) -> None:
    schema = json.loads(published(kind))
    for form in [schema, *schema.get("$defs", {}).values()]:
        for name, field in form["properties"].items():
            assert field.get("description") or "$ref" in field, name
