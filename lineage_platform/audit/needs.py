# ruff: noqa: D102 - each method is documented where it stands, in catalog.reading and store.local
"""What the read side needs from the rooms below; `wiring` hands in the real things."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, LiteralString, Protocol

from lineage_platform.catalog.rows import (
    CheckpointRow,
    LeafRow,
    OverlayRow,
    ShardRow,
    SnapshotRow,
    TermsRow,
    Upstream,
    VersionFile,
    VersionRow,
)
from lineage_platform.files import Place
from lineage_platform.model.versions import File, SnapshotFile


class Ledger(Protocol):
    """Entries, subtrees and the newest checkpoint."""

    def checkpoint(self) -> CheckpointRow | None: ...
    def erased(self) -> set[int]: ...
    def leaves(self, indexes: Sequence[int]) -> dict[int, LeafRow]: ...
    def leaf_hashes(self) -> list[bytes]: ...
    def nodes(self, wanted: Sequence[tuple[int, int]]) -> dict[tuple[int, int], bytes]: ...


class Catalog(Ledger, Protocol):
    """Versions, snapshots, terms; each read of one question sees the same moment inside `snapshot()`."""

    def snapshot(self) -> AbstractContextManager[None]: ...
    def corpora(self) -> list[str]: ...
    def current(self, dataset: str) -> VersionRow | None: ...
    def versions_of(self, dataset: str) -> list[VersionRow]: ...
    def upstream(self, version_id: str) -> Upstream: ...
    def files(
        self,
        version_ids: Sequence[str],
        role: str | None = None,
        within: Sequence[tuple[int, int]] | None = None,
    ) -> list[VersionFile]: ...
    def shards(self, version_id: str, numbers: Sequence[int] | None = None) -> list[ShardRow]: ...
    def last_shard(self, version_id: str) -> int: ...
    def snapshots(
        self, source: str | None = None, numbers: Sequence[int] | None = None
    ) -> list[SnapshotRow]: ...
    def current_snapshot(self, source: str) -> SnapshotRow | None: ...
    def snapshot_file(self, number: int, position: int) -> SnapshotFile | None: ...
    def terms(
        self, as_of: datetime | None, numbers: Iterable[int] | None = None
    ) -> Mapping[int, TermsRow]: ...
    def overlay(self, as_of: datetime | None) -> list[OverlayRow]: ...


class Rows(Protocol):
    """Every row of every table as it is, for `verify`."""

    def snapshot(self) -> AbstractContextManager[None]: ...
    def ledger_size(self) -> int: ...
    def table(self, name: LiteralString, order: LiteralString) -> Iterator[dict[str, Any]]: ...


class Files(Protocol):
    """Where the bytes of a committed file are."""

    def path(self, file: File) -> Place: ...
