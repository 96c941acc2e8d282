"""The facet of a withdrawal. What it covers is in the overlay's facet beside it."""

from __future__ import annotations

from datetime import datetime

from lineage_platform.events.facets import PRODUCER, Facet, schema_url, timestamp
from lineage_platform.model.withdrawals import Planned


def withdrawal_facet(number: int, planned: Planned, effective: datetime) -> Facet:
    """Rights that were taken away, the shards that are quarantined for it, and what must not come back."""
    asked = planned.withdrawal
    return {
        "_producer": PRODUCER,
        "_schemaURL": schema_url("WithdrawalDatasetFacet"),
        "withdrawal": str(number),
        "kind": asked.kind,
        "reason": asked.reason,
        "author": asked.author,
        "effective": timestamp(effective),
        "request": asked.request,
        "erase": asked.erase,
        "documents": planned.documents,
        "tokens": planned.tokens,
        "shards": planned.shards,
        "quarantined": [item.stated() for item in planned.hits],
        "refused": [item.stated() for item in planned.refusals],
    }
