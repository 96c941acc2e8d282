"""What documents and their sites say, in machine-readable form, about use by machines: one file a scheme.

    from lineage_platform.policy.signals import effective, read_record

    record = {"url": "https://example.org/a", "robots_txt": b"User-agent: GPTBot\\nDisallow: /\\n", "html": b"<p>..."}
    signals = read_record(record, None, "2026-11-22T10:00:00Z")
    effective(signals).train  # "n"; `.by` names the signals that decided

Pure: bytes in, signals out; no network, no clock. Every reader is total: whatever the bytes are, it answers with signals
or with "unknown", and never raises. docs/signals.md has the table, scheme by scheme.
"""

from lineage_platform.policy.signals.model import Effective, Signal, effective
from lineage_platform.policy.signals.record import read_record

__all__ = ["Effective", "Signal", "effective", "read_record"]
