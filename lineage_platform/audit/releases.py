"""Releases: which there are, and why one was refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lineage_platform.audit.answers import Answer, plain
from lineage_platform.audit.gate import verdicts_of
from lineage_platform.audit.needs import Catalog, Files
from lineage_platform.catalog.rows import ReleaseRow
from lineage_platform.errors import NotFound
from lineage_platform.policy.ruling import Cell, Finding, Ruling


@dataclass(frozen=True)
class ReleaseEntry:
    """A release: `version` is the corpus version it is of, `day` the one it was judged on, `exceptions` those it needed.

    `state` is released, refused, reopened or quarantined; `reason` and `state_day` say why and for which day, where it changed.
    """

    release: str
    corpus: str
    version: str
    state: str
    uses: tuple[str, ...]
    jurisdictions: tuple[str, ...]
    day: str
    documents: int
    tokens: int
    exceptions: tuple[str, ...]
    current: bool
    made_at: str
    reason: str | None
    state_day: str | None


@dataclass(frozen=True)
class ReleaseList(Answer):
    """Releases, newest first, refused ones too: `lineage releases`."""

    releases: tuple[ReleaseEntry, ...]

    def rows(self) -> list[dict[str, Any]]:
        """One row a release."""
        return [plain(entry) for entry in self.releases]


@dataclass(frozen=True)
class ReleaseAnswer(Answer):
    """One release with what the gate counted and found: `lineage release`. `policies` is the digest of the policy set."""

    release: ReleaseEntry
    policies: str
    cells: tuple[Cell, ...]
    findings: tuple[Finding, ...]

    def rows(self) -> list[dict[str, Any]]:
        """One row for each use in each jurisdiction."""
        return [plain(cell) for cell in self.cells]


def list_releases(catalog: Catalog, corpus: str | None) -> ReleaseList:
    """The releases of a corpus, or of all. Raises NotFound for a corpus that was never released, nor refused."""
    with catalog.snapshot():
        found = catalog.releases(corpus)
        if corpus is not None and not found:
            raise NotFound("corpus with a release", corpus, {row.corpus for row in catalog.releases()})
    return ReleaseList(tuple(_entry(row) for row in reversed(found)))


def show_release(catalog: Catalog, files: Files, release: str) -> ReleaseAnswer:
    """A release by name (see `release_of`). Raises NotFound."""
    with catalog.snapshot():
        row = release_of(catalog.releases(), release)
        kept = verdicts_of(catalog, files, row.id)
    ruling = Ruling.from_stored(kept["gate"])
    return ReleaseAnswer(_entry(row), kept["policies"], ruling.cells, ruling.findings)


def release_of(releases: Sequence[ReleaseRow], name: str) -> ReleaseRow:
    """A release by id or the beginning of one, by the beginning of its digest, or by its corpus: the current one. Raises NotFound."""
    current = [row for row in releases if row.corpus == name and row.current]
    by_id = [row for row in releases if row.id.startswith(name)]
    by_digest = [row for row in releases if row.id.rpartition("@")[2].startswith(name) and len(name) >= 4]
    found = current or by_id or by_digest
    if len(found) != 1:
        raise NotFound("release", name, [row.id for row in releases])
    return found[0]


def _entry(row: ReleaseRow) -> ReleaseEntry:
    asked = row.transformation.parameters
    return ReleaseEntry(
        release=row.id,
        corpus=row.corpus,
        version=row.made_of,
        state=row.stands,
        uses=tuple(asked["uses"]),
        jurisdictions=tuple(asked["jurisdictions"]),
        day=asked["day"],
        documents=row.statistics["documents"],
        tokens=row.statistics["tokens"],
        exceptions=tuple(row.statistics["details"]["exceptions"]),
        current=row.current,
        made_at=row.committed_at.isoformat(),
        reason=row.reason,
        state_day=row.day.isoformat() if row.day else None,
    )
