"""Which column is made from which: the lineage of each dataset's main table, in one place.

    column_lineage("documents/alpaca", ["source/alpaca"], tables.DOCUMENTS, RecordFields(text="{title}\\n{body}"))

It follows from the name of the dataset and of its inputs, because every dataset is made by one transformation. The main
table is the one whose rows go on: documents, annotations, decisions (of `deduplicated`), selection, shard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import pyarrow as pa

from lineage_platform.events.arguments import ColumnInput, ColumnLineage
from lineage_platform.model.definitions import RecordFields
from lineage_platform.model.tables import REDACTION_TYPES

_CARRIED = ("document", "identity", "sha256", "terms", "bytes")
_REDACTED = "normalised, and personal data replaced by typed placeholders"
_HASHED = "hash"


def column_lineage(
    dataset: str, inputs: Sequence[str], fields: pa.Schema | None, record: RecordFields | None = None
) -> ColumnLineage | None:
    """Lineage of the columns `fields` of a dataset from its inputs (dataset names); None where there are no columns.

    `record` says which raw fields a source's records have; it is needed for `documents/<source>` only.
    """
    kind = dataset.partition("/")[0 if dataset.startswith(("documents/", "annotations/")) else 2]
    make = _MAKERS.get(kind)
    if make is None or fields is None:
        return None
    lineage = make(inputs, fields.names, record or RecordFields())
    known = {name: tuple(items) for name, items in lineage.fields.items() if name in fields.names and items}
    return ColumnLineage(known, tuple(lineage.dataset))


def _documents(inputs: Sequence[str], _names: Sequence[str], record: RecordFields) -> ColumnLineage:
    text = sorted(set(record.text_fields))
    sources, parents = _of(inputs, "source/"), _of(inputs, "documents/")
    signals = sorted(set(record.signals.named().values())) if record.signals else []
    named = record.parents.field if record.parents else None

    def made(raw: Iterable[str | None], subtype: str, description: str, masking: bool) -> list[ColumnInput]:
        fields = [field for field in raw if field is not None]
        return [
            ColumnInput(source, field, "DIRECT", subtype, description, masking)
            for source in sources
            for field in fields
        ]

    terms = made(
        [record.licence, *signals, named], "TRANSFORMATION", "number of the terms it stands for", False
    )
    terms += _each(parents, ["terms"], "DIRECT", "TRANSFORMATION", "terms of what it was made from", False)
    terms += _each(parents, ["record_id"], "INDIRECT", "JOIN", "parents are found by their ids", False)

    counts = {name: made(text, "AGGREGATION", "placeholders put in", True) for name in REDACTION_TYPES}
    return ColumnLineage(
        {
            "text": made(text, "TRANSFORMATION", _REDACTED, True),
            "sha256": made(text, "TRANSFORMATION", "SHA-256 of the text", True),
            "identity": made([record.id], "TRANSFORMATION", _HASHED, True),
            "record_id": made([record.id], "IDENTITY", "as it was", False),
            "terms": terms,
            "language": made([record.language], "IDENTITY", "as it was", False),
            "subject": made([record.subject], "TRANSFORMATION", "keyed hash", True),
            **counts,
        }
    )


def _annotations(inputs: Sequence[str], names: Sequence[str], _record: RecordFields) -> ColumnLineage:
    measured = [name for name in names if name not in _CARRIED]
    fields = {name: _identity(inputs, name) for name in _CARRIED if name != "bytes"}
    for name in ("bytes", *measured):
        fields[name] = _each(inputs, ["text"], "DIRECT", "TRANSFORMATION", "measured", True)
    fields["language"] += _identity(inputs, "language")
    return ColumnLineage(fields)


def _deduplicated(inputs: Sequence[str], _names: Sequence[str], _record: RecordFields) -> ColumnLineage:
    annotations = _of(inputs, "annotations/")
    fields = {name: _identity(annotations, name) for name in ("document", "identity", "terms")}
    groups = _each(annotations, ["sha256"], "INDIRECT", "GROUP_BY", "clusters of equal or near texts", True)
    for name in ("outcome", "reason", "detail"):
        fields[name] = list(groups)
    ranks = _each(annotations, ["terms"], "INDIRECT", "SORT", "the copy with the best rights survives", False)
    return ColumnLineage(fields, [*groups, *ranks])


def _selection(inputs: Sequence[str], _names: Sequence[str], _record: RecordFields) -> ColumnLineage:
    annotations, decisions = _of(inputs, "annotations/"), _of(inputs, "", "/deduplicated")
    fields = {name: _identity(annotations, name) for name in _CARRIED}
    fields["epoch"] = _each(annotations, ["identity"], "DIRECT", "TRANSFORMATION", "sampled by hash", True)
    dropped = _each(decisions, ["document"], "INDIRECT", "FILTER", "duplicates are left out", False)
    sampled = _each(annotations, ["identity"], "INDIRECT", "FILTER", "sampled by hash and weight", False)
    return ColumnLineage(fields, [*dropped, *sampled])


def _shards(inputs: Sequence[str], _names: Sequence[str], _record: RecordFields) -> ColumnLineage:
    documents, selection = _of(inputs, "documents/"), _of(inputs, "", "/selection")
    fields = {"text": _identity(documents, "text"), "identity": _identity(selection, "identity")}
    chosen = _each(selection, ["document"], "INDIRECT", "FILTER", "only what was selected", False)
    order = _each(selection, ["identity", "epoch"], "INDIRECT", "SORT", "shard and order by hash", True)
    return ColumnLineage(fields, [*chosen, *order])


_MAKERS: dict[str, Callable[[Sequence[str], Sequence[str], RecordFields], ColumnLineage]] = {
    "documents": _documents,
    "annotations": _annotations,
    "deduplicated": _deduplicated,
    "selection": _selection,
    "shards": _shards,
}


def _of(inputs: Sequence[str], prefix: str, suffix: str = "") -> list[str]:
    return [name for name in inputs if name.startswith(prefix) and name.endswith(suffix)]


def _identity(inputs: Sequence[str], field: str) -> list[ColumnInput]:
    return [ColumnInput(name, field, "DIRECT", "IDENTITY", "as it was") for name in inputs]


def _each(
    inputs: Sequence[str],
    fields: Sequence[str],
    kind: Literal["DIRECT", "INDIRECT"],
    subtype: str,
    description: str,
    masking: bool,
) -> list[ColumnInput]:
    return [
        ColumnInput(name, field, kind, subtype, description, masking) for name in inputs for field in fields
    ]
