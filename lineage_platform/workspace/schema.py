"""The published JSON Schemas (draft 2020-12) of the workspace's kinds of file, so that editors complete them.

They are generated from the forms by `tests/workspace/make_schemas.py` and ship in `schemas/`. A schema says the shape;
loading a workspace checks more (paths, licences, other files).
"""

from __future__ import annotations

import json
from collections.abc import Collection
from importlib import resources
from typing import Any

from pydantic import BaseModel

from lineage_platform.workspace.corpus_form import CorpusForm, WorkspaceForm
from lineage_platform.workspace.release_form import ExceptionForm
from lineage_platform.workspace.source_form import SourceForm

SCHEMAS: dict[str, type[BaseModel]] = {
    "source": SourceForm,
    "corpus": CorpusForm,
    "exception": ExceptionForm,
    "workspace": WorkspaceForm,
}
BASE_URL = "https://lineage-platform.example/schemas"
"""Identifies the schemas. The domain is reserved (RFC 2606): nothing is ever fetched from it."""


def generate(kind: str, consent_bases: Collection[str]) -> dict[str, Any]:
    """The schema of one kind of file, with the consent bases that may be named."""
    schema = SCHEMAS[kind].model_json_schema(mode="validation")
    if kind == "source":
        fields = schema["$defs"]["TermsForm"]["properties"]
        fields["consent_basis"]["enum"] = list(consent_bases)
        for values in fields["consent_bases"]["patternProperties"].values():
            values["enum"] = list(consent_bases)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{BASE_URL}/{kind}.schema.json",
        **schema,
    }


def published(kind: str) -> bytes:
    """The schema file that ships with this version."""
    return (resources.files(__package__) / "schemas" / f"{kind}.schema.json").read_bytes()


def written(schema: dict[str, Any]) -> bytes:
    """The bytes of a schema file."""
    return (json.dumps(schema, indent=2, ensure_ascii=False) + "\n").encode()
