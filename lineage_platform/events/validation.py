"""Whether an event is what it says it is: OpenLineage's schemas and ours, with real formats, offline.

    validate(event)              # raises InvalidInput with the place of every failure

An event is checked against the definition that its `schemaURL` names and against the schema as a whole; every facet
against the definition that its `_schemaURL` names, which must be known and must be the one for that facet's name.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from referencing import Registry, Resource

from lineage_platform.errors import InvalidInput, Problem

CORE = "https://openlineage.io/spec/2-0-2/OpenLineage.json"

_EVENTS = ("RunEvent", "DatasetEvent", "JobEvent")
_GOT_CHARACTERS = 80
_EXPECTED_CHARACTERS = 200
_REPORTED = 20


class Schemas:
    """A set of schema documents, by `$id`: the core and the facets."""

    def __init__(self, documents: Iterable[Mapping[str, Any]]) -> None:
        self._documents = {str(document["$id"]): document for document in documents}
        resources = [(name, Resource.from_contents(document)) for name, document in self._documents.items()]
        self._registry: Registry[Any] = Registry().with_resources(resources)
        self._validators: dict[str, Draft202012Validator] = {}

    @classmethod
    def load(cls, *folders: Path | Traversable) -> Schemas:
        """All JSON schemas under the folders; a document without `$id` is no schema and is passed over."""
        documents = (
            json.loads(file.read_text("utf-8")) for folder in folders for file in _json_files(folder)
        )
        return cls(document for document in documents if isinstance(document, dict) and "$id" in document)

    def problems(self, event: Mapping[str, Any]) -> Iterator[Problem]:
        """Every failure; nothing for a valid event."""
        definition = event.get("schemaURL")
        if definition not in [f"{CORE}#/$defs/{name}" for name in _EVENTS]:
            expected = f"{CORE}#/$defs/ followed by one of {', '.join(_EVENTS)}"
            yield Problem("event", None, "schemaURL", _short(definition, _GOT_CHARACTERS), expected)
            return
        found = list(self._check(str(definition), event, ""))
        yield from found or self._check(CORE, event, "")
        for place, name, facet in _facets(event):
            yield from self._check_facet(place, name, facet)

    def validate(self, event: Mapping[str, Any]) -> None:
        """Raises InvalidInput unless the event and every facet of it are valid."""
        found = list(self.problems(event))
        if found:
            more = f" (the first {_REPORTED})" if len(found) > _REPORTED else ""
            raise InvalidInput(f"no valid OpenLineage event: {len(found)} problems{more}", found[:_REPORTED])

    def _check_facet(self, place: str, name: str, facet: Any) -> Iterator[Problem]:
        if not isinstance(facet, Mapping) or not isinstance(facet.get("_schemaURL"), str):
            return  # the core has said so
        address, _, fragment = facet["_schemaURL"].partition("#")
        document = self._documents.get(address)
        if document is None:
            yield Problem("event", None, f"{place}/_schemaURL", address, "the address of a known schema")
        elif document.get("properties", {}).get(name) != {"$ref": f"#{fragment}"}:
            expected = f"the definition of facet {name!r}"
            yield Problem("event", None, f"{place}/_schemaURL", facet["_schemaURL"], expected)
        else:
            yield from self._check(facet["_schemaURL"], facet, place)

    def _check(self, address: str, value: Any, place: str) -> Iterator[Problem]:
        if address not in self._validators:
            self._validators[address] = Draft202012Validator(
                {"$ref": address},
                registry=self._registry,
                format_checker=Draft202012Validator.FORMAT_CHECKER,
            )
        for error in self._validators[address].iter_errors(value):
            yield _problem(error, place)


@cache
def bundled() -> Schemas:
    """The schemas in this package: our transcription of OpenLineage's, and those of our own facets."""
    return Schemas.load(resources.files(__package__) / "schemas")


def validate(event: Mapping[str, Any]) -> None:
    """Raises InvalidInput unless the event and all its facets are valid; reads no network."""
    bundled().validate(event)


def _json_files(folder: Path | Traversable) -> Iterator[Path | Traversable]:
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.is_dir():
            yield from _json_files(entry)
        elif entry.name.endswith(".json"):
            yield entry


def _facets(event: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """(place, name, facet) of every facet in an event."""
    holders: list[tuple[str, Any, tuple[str, ...]]] = [
        (key, event[key], ("facets",)) for key in ("run", "job", "dataset") if key in event
    ]
    for key, own in (("inputs", "inputFacets"), ("outputs", "outputFacets")):
        datasets = event.get(key)
        if isinstance(datasets, list):
            holders += [(f"{key}/{index}", item, ("facets", own)) for index, item in enumerate(datasets)]
    for place, holder, kinds in holders:
        for kind in kinds:
            facets = holder.get(kind) if isinstance(holder, Mapping) else None
            if isinstance(facets, Mapping):
                yield from ((f"{place}/{kind}/{name}", name, facet) for name, facet in facets.items())


def _problem(error: ValidationError, place: str) -> Problem:
    path = "/".join([*([place] if place else []), *map(str, error.absolute_path)]) or "the whole"
    expected = f"{error.validator} {_short(error.validator_value, _EXPECTED_CHARACTERS)}"
    return Problem("event", None, path, _short(error.instance, _GOT_CHARACTERS), expected)


def _short(value: Any, limit: int) -> str:
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}..."
