"""What Dagster shows of a version: counts, licence and consent breakdown, drops by reason, digest and ledger index."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg
import pyarrow as pa

from lineage_platform.model.terms import Terms
from lineage_platform.model.versions import CheckResult, Version

Metadata = dict[str, Any]

_ROWS_SHOWN = 200


def table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> dg.TableMetadataValue:
    """A metadata table; `columns` maps a name to a Dagster column type. At most 200 rows are shown."""
    schema = dg.TableSchema([dg.TableColumn(name, kind) for name, kind in columns.items()])
    shown = [dg.TableRecord({name: row[name] for name in columns}) for row in rows[:_ROWS_SHOWN]]
    return dg.MetadataValue.table(shown, schema)


def column_schema(schema: pa.Schema) -> dg.TableSchema:
    """Column schema of a table, for the asset's definition."""
    return dg.TableSchema(
        [
            dg.TableColumn(
                field.name, str(field.type), constraints=dg.TableColumnConstraints(nullable=field.nullable)
            )
            for field in schema
        ]
    )


def terms_breakdown(
    by_terms: Mapping[int, tuple[int, int]], statements: Mapping[int, Terms]
) -> dg.TableMetadataValue:
    """Documents and tokens by licence, consent basis and personal-data class, largest first."""
    sums: defaultdict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for number, (documents, tokens) in by_terms.items():
        terms = statements[number]
        total = sums[terms.licence, terms.consent_basis, terms.personal_data]
        total[0] += documents
        total[1] += tokens
    names = ("licence", "consent_basis", "personal_data")
    rows = [
        {**dict(zip(names, key, strict=True)), "documents": documents, "tokens": tokens}
        for key, (documents, tokens) in sorted(sums.items(), key=lambda item: (-item[1][0], item[0]))
    ]
    kinds = {**dict.fromkeys(names, "string"), "documents": "int", "tokens": "int"}
    return table(rows, kinds)


def version_metadata(version: Version, statements: Mapping[int, Terms], *, unchanged: bool) -> Metadata:
    """Everything a person should see of a version in the Dagster UI."""
    statistics = version.statistics
    dropped = [
        {"reason": reason, "documents": count} for reason, count in sorted(statistics.by_reason.items())
    ]
    return {
        "dagster/row_count": statistics.documents,
        "licence_and_consent": terms_breakdown(statistics.by_terms, statements),
        "by_reason": table(dropped, {"reason": "string", "documents": "int"}),
        "version": version.id,
        "content_digest": version.content_digest,
        "ledger_index": version.ledger_index,
        "run_id": version.run_id,
        "unchanged": unchanged,
        "records_in": statistics.records_in,
        "kept": statistics.kept,
        "edited": statistics.edited,
        "dropped": statistics.dropped,
        "documents": statistics.documents,
        "tokens": statistics.tokens,
        "bytes": statistics.bytes,
        "files": len(version.files),
        "inputs": dg.MetadataValue.json(list(version.inputs)),
        "parameters": dg.MetadataValue.json(dict(version.transformation.parameters)),
        "details": dg.MetadataValue.json(dict(statistics.details)),
    }


def check_table(checks: Iterable[CheckResult]) -> dg.TableMetadataValue:
    """The expectations of one suite with what was expected and found."""
    rows = [
        {
            "expectation": check.name,
            "column": check.column or "",
            "passed": check.success,
            "severity": check.severity,
            "expected": check.expected,
            "actual": check.actual,
        }
        for check in checks
    ]
    names = ("expectation", "column", "severity", "expected", "actual")
    return table(rows, {**dict.fromkeys(names, "string"), "passed": "bool"})
