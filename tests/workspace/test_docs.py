"""What docs/workspace.md and docs/licences.md say is so."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from lineage_platform.model.terms import NOASSERTION
from lineage_platform.policy.licences import resolve
from lineage_platform.policy.rights import licence_level
from lineage_platform.policy.vocabulary import vocabulary
from lineage_platform.workspace.corpus_form import CorpusForm, WorkspaceForm
from lineage_platform.workspace.release_form import ExceptionForm, OperatorForm, ReleaseForm
from lineage_platform.workspace.schema import SCHEMAS, published
from lineage_platform.workspace.source_form import RecordForm, SourceForm
from lineage_platform.workspace.terms_form import ScopeForm, TermsForm

DOCS = Path(__file__).parents[2] / "docs"
WORKSPACE = (DOCS / "workspace.md").read_text(encoding="utf-8")
LICENCES = (DOCS / "licences.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^\| `(.+?)` \| (`.+?`|ambiguous|unknown) \|", LICENCES, re.MULTILINE)


def test_examples_of_files_are_valid() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", WORKSPACE, re.DOTALL)
    assert len(blocks) == len(SCHEMAS)
    for kind, block in zip(SCHEMAS, blocks, strict=True):
        value = yaml.safe_load(block)
        for name in ("valid_from", "valid_to"):
            if name in value.get("terms", {}):
                value["terms"][name] = str(value["terms"][name])
        Draft202012Validator(json.loads(published(kind))).validate(value)


FORMS = [
    SourceForm,
    TermsForm,
    RecordForm,
    ScopeForm,
    CorpusForm,
    ReleaseForm,
    ExceptionForm,
    OperatorForm,
    WorkspaceForm,
]


@pytest.mark.parametrize("form", FORMS)
def test_every_field_is_in_the_reference(form: type) -> None:
    for name in form.model_fields:  # type: ignore[attr-defined]
        assert re.search(rf"`([\w.]+\.)?{name}`|`{name}\b", WORKSPACE), name


def test_there_are_examples() -> None:
    assert len(EXAMPLES) > 25


@pytest.mark.parametrize(("declared", "outcome"), EXAMPLES)
def test_examples_of_licences(declared: str, outcome: str) -> None:
    found = resolve(declared)
    if outcome in {"ambiguous", "unknown"}:
        assert (found.status, found.licence) == (outcome, NOASSERTION)
    else:
        assert found.licence == outcome.strip("`")


def test_levels() -> None:
    rows = re.findall(r"^\| (\d) [\w ,-]+ \| (.+) \|$", LICENCES, re.MULTILINE)
    assert len(rows) == 7
    for level, licences in rows:
        for licence in re.findall(r"`([^`]+)`", licences):
            assert licence_level(licence) == int(level), licence


def test_vocabulary() -> None:
    written = (DOCS / "consent.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([^`]+)` \| <(\S+)> \|$", written, re.MULTILINE))
    assert rows == {name: basis.iri for name, basis in vocabulary().items()}
