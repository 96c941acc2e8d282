"""The rules of a standard, and which of them a document fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lineage_platform.errors import NotFound
from lineage_platform.model.tables import NAME

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Rule:
    """One bound, or two, on one measure; both are values that still pass.

    `only` and `exceptions` are languages (ISO 639): the rule applies to those of `only`, or to all where it is None, but
    never to `exceptions`.
    """

    name: str
    measure: str
    least: float | None
    greatest: float | None
    only: frozenset[str] | None
    exceptions: frozenset[str]

    def applies(self, language: str) -> bool:
        """Whether the rule is for text of that language."""
        return (self.only is None or language in self.only) and language not in self.exceptions


@dataclass(frozen=True)
class Standard:
    """A named, versioned list of rules; `id` is `<name>@<version>`, `title` by language."""

    id: str
    title: dict[str, str]
    description: str
    reference: str
    rules: tuple[Rule, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of an annotations table that the rules read, each once."""
        return tuple(dict.fromkeys(["language", *(rule.measure for rule in self.rules)]))


def standard_names() -> tuple[str, ...]:
    """Ids of the standards that ship, in order."""
    names = (item.name.removesuffix(".json") for item in files(__package__).iterdir() if "@" in item.name)
    return tuple(sorted(names))


def load_standard(name: str) -> Standard:
    """The standard `<name>@<version>`; raises NotFound with the nearest names."""
    if name not in standard_names():
        raise NotFound("quality standard", name, standard_names())
    data = json.loads(files(__package__).joinpath(f"{name}.json").read_text(encoding="utf-8"))
    rules = []
    for item in data["rules"]:
        languages = item.get("applies_to", {})
        only = frozenset(languages["only"]) if "only" in languages else None
        exceptions = frozenset(languages.get("except", ()))
        rules.append(Rule(item["rule"], item["measure"], item.get("min"), item.get("max"), only, exceptions))
    return Standard(data["id"], data["title"], data["description"], data["reference"], tuple(rules))


def failing_rules(annotations: pa.Table | pa.RecordBatch, standard: Standard) -> pa.DictionaryArray:
    """By row the name of the first rule that the document fails, in the standard's order; null where it passes all.

    Reads `standard.columns`. A measure that is null fails the rules on it that apply: what could not be measured is not
    known to be good. Values are compared as float32, the precision in which measures are kept.
    """
    first = np.full(annotations.num_rows, -1, np.int32)
    for number, fails in enumerate(_failing(annotations, standard)):
        first[fails & (first < 0)] = number
    indices = pa.array(first, mask=first < 0)
    names = pa.array([rule.name for rule in standard.rules], NAME.value_type)
    return pa.DictionaryArray.from_arrays(indices, names)


def failing_counts(annotations: pa.Table | pa.RecordBatch, standard: Standard) -> npt.NDArray[np.int16]:
    """By row how many rules the document fails: less is better."""
    counts = np.zeros(annotations.num_rows, np.int16)
    for fails in _failing(annotations, standard):
        counts += fails
    return counts


def _failing(annotations: pa.Table | pa.RecordBatch, standard: Standard) -> Iterator[Mask]:
    """Which rows fail, rule by rule."""
    language = _flat(annotations.column("language")).dictionary_encode()
    languages = language.dictionary.to_pylist()
    codes = language.indices.to_numpy(zero_copy_only=False)
    for rule in standard.rules:
        measure = _flat(annotations.column(rule.measure)).cast(pa.float32())
        values = measure.to_numpy(zero_copy_only=False)
        low = -np.inf if rule.least is None else rule.least
        high = np.inf if rule.greatest is None else rule.greatest
        fails = ~(
            (values >= np.float32(low)) & (values <= np.float32(high))
        )  # null has become NaN, which fails
        applies = np.array([rule.applies(name) for name in languages], np.bool_)
        yield fails & applies[codes] if len(codes) else fails


def _flat(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """One array, without dictionary."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return array.cast(array.type.value_type) if pa.types.is_dictionary(array.type) else array
