"""Small tables in the state in which the assets hand them over: Arrow tables of the model's schemas, as pandas frames."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from lineage_platform.model.keys import document_key
from lineage_platform.model.versions import CheckResult, Statistics

SNAPSHOT = 2**20 + 3  # its keys are beyond what a double holds exactly
TERMS = (2**62 + 1, 77)
DEFAULTS: dict[str, Any] = {"language": "zh", "outcome": "dropped", "reason": "quality"}


def frame(schema: pa.Schema, columns: Sequence[str], rows: int, **values: Sequence[Any]) -> pd.DataFrame:
    """`columns` of a table with `rows` rows; what is not given is 0, or the default of its name."""
    arrays = []
    for name in columns:
        kind = schema.field(name).type
        given = values.get(name, [DEFAULTS.get(name, 0)] * rows)
        if pa.types.is_dictionary(kind):
            arrays.append(pa.array(given, pa.string()).dictionary_encode().cast(kind))
        else:
            arrays.append(pa.array(given, kind))
    return pa.table(arrays, names=list(columns)).to_pandas()


def keys(rows: int, start: int = 0) -> list[int]:
    return [document_key(SNAPSHOT, ordinal) for ordinal in range(start, start + rows)]


def hashes(rows: int) -> list[bytes]:
    return [hashlib.sha256(str(row).encode()).digest() for row in range(rows)]


def counted(records: int, /, **more: Any) -> Statistics:
    """Statistics of records that were all kept."""
    return Statistics(**{"records_in": records, "kept": records, "edited": 0, "dropped": 0, **more})


def failed(results: Sequence[CheckResult]) -> set[str]:
    return {result.name for result in results if not result.success}


SHARDS = [
    {"shard": 0, "documents": 2, "tokens": 30, "stored_tokens": 32},
    {"shard": 1, "documents": 1, "tokens": 12, "stored_tokens": 13},
]


def shard_counts(*items: dict[str, int], end: int | None = 0, **more: Any) -> Statistics:
    values = {
        "documents": 3,
        "tokens": 42,
        "by_terms": {TERMS[0]: (2, 30), TERMS[1]: (1, 12)},
        "details": {"shards": list(items), "end_of_document": end},
    }
    return counted(3, **{**values, **more})
