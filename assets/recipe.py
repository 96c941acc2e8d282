"""Digests of what people declared: they name code versions in Dagster and the recipe that pins belong to."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import Any

import rfc8785

from lineage_platform.model.definitions import Corpus


def digest(value: Any) -> str:
    """First 12 hex digits of the SHA-256 of the canonical JSON form."""
    return hashlib.sha256(rfc8785.dumps(value)).hexdigest()[:12]


def code_version(version: str, parameters: Any) -> str:
    """What Dagster compares: code version of the transformation and digest of the declared parameters."""
    return f"{version}+{digest(_json(parameters))}"


def recipe(corpus: Corpus) -> str:
    """Name of the recipe version: the digest of everything declared that shapes the result."""
    declared = asdict(corpus)
    for name in ("title", "purpose", "steward", "schedule", "timezone", "release"):
        del declared[name]
    return digest(_json(declared))


def layout_of(corpus: Corpus) -> str:
    """Name of the shard layout: what pins that outlive a change of the sources belong to."""
    return digest(_json(asdict(corpus.shards)))


def _json(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _json(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    return value
