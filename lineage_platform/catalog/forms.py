"""The JSON forms in which the catalog keeps values of the model, and their inverses.

64-bit numbers are decimal strings, so that no reader rounds them. PostgreSQL stores neither U+0000 nor lone surrogates in
text: both become U+FFFD in what is kept.
"""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from lineage_platform.ledger.canonical import canonical
from lineage_platform.model.versions import CheckResult, ParentRun, Statistics, Transformation

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def storable(value: Any) -> Any:
    """The same JSON value with every character that PostgreSQL cannot keep replaced by U+FFFD."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, Mapping):
        return {storable(key): storable(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [storable(item) for item in value]
    return value


def statistics_form(statistics: Statistics) -> dict[str, Any]:
    """Counts as JSON: `by_terms` maps a terms number (string) to [documents, tokens]."""
    form = {field.name: getattr(statistics, field.name) for field in fields(statistics)}
    form["by_terms"] = {str(number): counts for number, counts in statistics.by_terms.items()}
    return storable(form)


def narrow(form: Mapping[str, Any]) -> dict[str, Any]:
    """Statistics without what has a row of its own in the catalog: counts by terms, and shards."""
    details = {name: value for name, value in form["details"].items() if name != "shards"}
    return {name: value for name, value in form.items() if name != "by_terms"} | {"details": details}


def whole(
    form: Mapping[str, Any], by_terms: Mapping[int, tuple[int, int]], shards: Sequence[Mapping[str, int]]
) -> dict[str, Any]:
    """The inverse of `narrow`; `shards` (shard, documents, tokens, stored_tokens) are by number."""
    counts = {str(number): list(counted) for number, counted in by_terms.items()}
    details = dict(form["details"])
    if shards:
        names = ("shard", "documents", "tokens", "stored_tokens")
        details["shards"] = [{name: shard[name] for name in names} for shard in shards]
    return {**form, "by_terms": counts, "details": details}


def statistics_from(form: Mapping[str, Any]) -> Statistics:
    """The inverse of `statistics_form`."""
    by_terms = {int(number): (counts[0], counts[1]) for number, counts in form["by_terms"].items()}
    return Statistics(**{**form, "by_terms": by_terms})


def transformation_form(transformation: Transformation) -> dict[str, Any]:
    """Name, code version and parameters as JSON."""
    return storable(
        {
            "name": transformation.name,
            "code_version": transformation.code_version,
            "parameters": transformation.parameters,
        }
    )


def transformation_from(form: Mapping[str, Any]) -> Transformation:
    """The inverse of `transformation_form`."""
    return Transformation(**form)


def checks_form(checks: Sequence[CheckResult]) -> list[dict[str, Any]]:
    """Check results as JSON."""
    return storable([asdict(check) for check in checks])


def checks_from(form: Sequence[Mapping[str, Any]]) -> tuple[CheckResult, ...]:
    """The inverse of `checks_form`."""
    return tuple(CheckResult(**item) for item in form)


def parent_form(parent: ParentRun | None) -> dict[str, str] | None:
    """The asking run as JSON."""
    return None if parent is None else asdict(parent)


def parent_from(form: Mapping[str, str] | None) -> ParentRun | None:
    """The inverse of `parent_form`."""
    return None if form is None else ParentRun(**form)


def memo_key(dataset: str, transformation: Transformation, inputs: Sequence[str]) -> str:
    """Names what a result depends on: SHA-256 of dataset, transformation and the ids of the inputs in any order."""
    form = {
        "dataset": dataset,
        "transformation": transformation_form(transformation),
        "inputs": sorted(set(inputs)),
    }
    return hashlib.sha256(canonical(form)).hexdigest()


def version_id(dataset: str, content_digest: str, memo: str) -> str:
    """The id of a version: of its content and of what it was made from, because rows hold keys of those snapshots."""
    return f"{dataset}@{hashlib.sha256(f'{content_digest} {memo}'.encode()).hexdigest()[:16]}"


def snapshot_id(source: str, digest: str) -> str:
    """The id of a snapshot in lineage edges."""
    return f"source/{source}@{digest[:16]}"


def rfc3339(time: datetime.datetime) -> str:
    """A point in time as text: UTC, microseconds, `Z`."""
    return time.astimezone(datetime.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
