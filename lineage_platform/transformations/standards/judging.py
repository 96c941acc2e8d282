"""Which rules of a standard annotated documents fail."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lineage_platform.model.tables import NAME
from lineage_platform.transformations.standards.files import Standard

Mask = npt.NDArray[np.bool_]


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
