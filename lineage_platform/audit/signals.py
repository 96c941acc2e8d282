"""What the machine-readable signals of one document say, and which of them decided."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import LiteralString

from lineage_platform.audit.index import Index
from lineage_platform.audit.traced import Signals
from lineage_platform.catalog.rows import VersionFile
from lineage_platform.policy.signals import Signal, effective

_SIGNALS: LiteralString = """
    SELECT scheme, version, location, raw, raw_length, raw_sha256, observed_at, parsed, policy_uri, details,
           effective, rule_version
    FROM read_parquet($files) WHERE document = $document
"""


def signals_of(index: Index, files: Sequence[VersionFile], document: int) -> Signals | None:
    """The signals in the files of role `signals`; None where the document has none."""
    rows = index.ask(_SIGNALS, files, document=document)
    if not rows:
        return None
    found = [
        Signal(
            scheme,
            version,
            location,
            bytes(raw),
            length,
            bytes(sha256).hex(),
            observed_at or "",
            json.loads(parsed),
            policy_uri,
            json.loads(details),
        )
        for scheme, version, location, raw, length, sha256, observed_at, parsed, policy_uri, details, *_ in rows
    ]
    answer, rule_version = rows[0][-2:]
    return Signals(answer, effective(found).by, rule_version, tuple(signal.to_json() for signal in found))
