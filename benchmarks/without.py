"""A build without lineage, for measuring only: what nothing but lineage needs is replaced by nothing, in this process.

Stays: identities (order of survivors, shards and rows), SHA-256 of texts (exact duplicates), decisions of deduplication (the
selection leaves out what they name). Goes: digests of files as they are read and written, content digests, decisions on edits
and of the selection, derivations, placements in both orders and their summaries. The pass over the sources that observes them
cannot go, because it hands out ordinals: whoever compares leaves its seconds out. Catalog, events and ledger are not in the chain.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

_NOTHING = "0" * 64
_ROLES = {"decisions", "derivations"}


class _NoHash:
    """A hash of nothing."""

    def __init__(self, *_: object) -> None:
        pass

    def update(self, _: object) -> None:
        """Forget the bytes."""

    def digest(self) -> bytes:
        """Zeros."""
        return bytes(32)

    def hexdigest(self) -> str:
        """Zeros."""
        return _NOTHING


@contextmanager
def without_lineage() -> Iterator[None]:
    """Run without lineage while this is open; raises AttributeError where the code has changed and this must follow."""
    from lineage_platform.model.tables import TERMS_BY_SNAPSHOT
    from lineage_platform.transformations import digest, parts, placements, reuse
    from lineage_platform.transformations.document_parts import DocumentWriter
    from lineage_platform.transformations.reading import streams

    no_rows = np.empty((0, 1), np.uint8)
    undo: list[tuple[Any, str, Any]] = []

    def put(owner: Any, name: str, value: Any) -> None:
        undo.append((owner, name, getattr(owner, name)))
        setattr(owner, name, value)

    def everywhere(function: Callable[..., Any], value: Callable[..., Any]) -> None:
        for module_name, module in list(sys.modules.items()):
            if module_name.startswith("lineage_platform") and module is not reuse:
                for name, found in list(vars(module).items()):
                    if found is function:
                        put(module, name, value)

    def spill_rows(path: Any, _: object) -> digest.SpilledRows:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).touch()
        return digest.SpilledRows(str(path), 1, (0,) * (digest.BUCKETS + 1))

    def write(self: Any, rows: Any) -> None:
        if self._role not in _ROLES or "deduplicated" in str(self._path):
            part_write(self, rows)

    def write_decisions(self: Any, decisions: list[Any]) -> None:
        self.counts.reasons.update(str(decision.reason) for decision in decisions)

    part_write = parts.PartWriter.write
    try:
        everywhere(digest.digest_rows, lambda *_: no_rows)
        everywhere(digest.spill_rows, spill_rows)
        everywhere(digest.content_digest, lambda _: _NOTHING)
        everywhere(digest.combine, lambda _: _NOTHING)
        everywhere(placements.spill_placements, lambda _, __, rows: placements.Placed("", len(rows)))
        everywhere(
            placements.write_placements,
            lambda *_: placements.Index([], TERMS_BY_SNAPSHOT.empty_table()),
        )
        everywhere(digest.whole_rows, lambda _: no_rows)
        put(parts, "hashlib", SimpleNamespace(sha256=_NoHash))
        put(streams, "hashlib", SimpleNamespace(sha256=_NoHash))
        put(parts.PartWriter, "write", write)
        put(DocumentWriter, "_write_decisions", write_decisions)
        yield
    finally:
        for owner, name, value in reversed(undo):
            setattr(owner, name, value)
