"""Withdrawals as answers: what one would do, or did; the list of all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from lineage_platform.audit.answers import Answer, Gap, ModelUse, ReleaseUse, plain
from lineage_platform.audit.consumers import consumers
from lineage_platform.audit.followed import corpus_of, names_of
from lineage_platform.audit.needs import Catalog
from lineage_platform.audit.withdrawing import Plan
from lineage_platform.catalog.forms import rfc3339
from lineage_platform.catalog.rows import WithdrawalRow
from lineage_platform.errors import NotFound
from lineage_platform.model.withdrawals import Hits, Recorded

State = Literal["planned", "recorded", "recorded-before"]

_SEVERAL = {"terms": "terms numbers"}
"""What several covers of a kind are called, where it is not the kind with an s."""


@dataclass(frozen=True)
class Quarantined:
    """What of one corpus version is concerned: `bytes` are those of the shards' files, all of which would be written anew."""

    corpus: str
    version: str
    current: bool
    shards: tuple[str, ...]
    documents: int
    tokens: int
    bytes: int


@dataclass(frozen=True)
class WithdrawalAnswer(Answer):
    """What a withdrawal does: `lineage withdraw`; with `--dry-run` what it would do.

    `withdrawal` is its number, None where it is only planned; what becomes of duplicates is counted for a plan only. `children` counts documents made from what was asked for,
    `restored` duplicates of which another copy would stay, `remaining` copies whose text lives on in a document of somebody else.
    """

    withdrawal: str | None
    state: State
    kind: str
    covers: tuple[Mapping[str, Any], ...]
    corpora: tuple[Quarantined, ...]
    documents: int
    tokens: int
    children: int
    restored: int | None
    remaining: int | None
    releases: tuple[ReleaseUse, ...]
    models: tuple[ModelUse, ...]
    gaps: tuple[Gap, ...]

    def rows(self) -> list[dict[str, Any]]:
        """One row for each corpus version."""
        return [{**plain(item), "shards": len(item.shards)} for item in self.corpora]


@dataclass(frozen=True)
class WithdrawalEntry:
    """A withdrawal on record; `state` is `in-force`, `partly-lifted` or `lifted`, `overlay` are its rows of the overlay that still
    count, `quarantined` counts the shards it keeps in quarantine."""

    withdrawal: str
    state: str
    kind: str
    covers: tuple[Mapping[str, Any], ...]
    overlay: tuple[str, ...]
    reason: str
    author: str
    effective: str
    request: str | None
    erase: bool
    documents: int
    tokens: int
    shards: int
    quarantined: int
    recorded_at: str
    ledger_index: int


@dataclass(frozen=True)
class WithdrawalList(Answer):
    """Every withdrawal, newest first: `lineage withdrawals`."""

    withdrawals: tuple[WithdrawalEntry, ...]

    def rows(self) -> list[dict[str, Any]]:
        """One row a withdrawal."""
        return [
            {**plain(item), "covers": covers_in_words(item.covers), "overlay": len(item.overlay)}
            for item in self.withdrawals
        ]


def answer(catalog: Catalog, plan: Plan, kind: str, recorded: Recorded | None) -> WithdrawalAnswer:
    """What a plan comes to, recorded or not; inside `catalog.snapshot()`."""
    state: State = "planned"
    if recorded is not None:
        state = "recorded" if recorded.new else "recorded-before"
    rows = {row.id: row for row in plan.examined}
    releases: list[ReleaseUse] = []
    models: list[ModelUse] = []
    for hits in plan.hits:
        found = consumers(catalog, corpus_of(rows[hits.version]), [hits.version])
        releases += found.releases
        models += found.models
    return WithdrawalAnswer(
        withdrawal=None if recorded is None else str(recorded.number),
        state=state,
        kind=kind,
        covers=tuple(cover.stated() for cover in plan.covers),
        corpora=tuple(_quarantined(catalog, plan, hits) for hits in plan.hits),
        documents=sum(sum(hits.documents) for hits in plan.hits),
        tokens=sum(sum(hits.tokens) for hits in plan.hits),
        children=plan.children,
        restored=plan.restored,
        remaining=plan.remaining,
        releases=tuple(releases),
        models=tuple(models),
        gaps=plan.gaps,
    )


def list_withdrawals(catalog: Catalog) -> WithdrawalList:
    """Every withdrawal, newest first."""
    with catalog.snapshot():
        return WithdrawalList(tuple(map(_entry, reversed(catalog.withdrawals()))))


def covers_in_words(covers: Sequence[Mapping[str, Any]]) -> str:
    """What is covered, in short."""
    counted: dict[str, list[str]] = {}
    for cover in covers:
        for name in ("source", "terms", "document", "subject"):
            if name in cover:
                counted.setdefault(name, []).append(str(cover[name]))
        if "keyFrom" in cover:
            counted.setdefault("range", []).append(f"{cover['keyFrom']}-{cover['keyTo']}")
    said = [
        f"{name} {found[0]}" if len(found) == 1 else f"{len(found):,} {_SEVERAL.get(name, name + 's')}"
        for name, found in counted.items()
    ]
    return ", ".join(said)


def overlay_rows(catalog: Catalog, withdrawal: str) -> list[str]:
    """The rows of the overlay of a withdrawal that were not lifted. Raises NotFound."""
    found = {entry.withdrawal: entry for entry in list_withdrawals(catalog).withdrawals}
    if withdrawal not in found:
        raise NotFound("withdrawal", withdrawal, found)
    return list(found[withdrawal].overlay)


def _quarantined(catalog: Catalog, plan: Plan, hits: Hits) -> Quarantined:
    row = next(row for row in plan.examined if row.id == hits.version)
    current = catalog.current(row.dataset)
    shards = tuple(names_of(hits.shards, catalog.last_shard(hits.version)))
    named = set(shards)
    files = (item.file for item in catalog.files([hits.version]))
    return Quarantined(
        corpus=corpus_of(row),
        version=hits.version,
        current=current is not None and current.id == hits.version,
        shards=shards,
        documents=sum(hits.documents),
        tokens=sum(hits.tokens),
        bytes=sum(file.bytes for file in files if file.name.partition(".")[0] in named),
    )


def _entry(row: WithdrawalRow) -> WithdrawalEntry:
    return WithdrawalEntry(
        withdrawal=str(row.id),
        state="lifted" if not row.standing else "partly-lifted" if row.lifted else "in-force",
        kind=row.kind,
        covers=tuple(row.covers),
        overlay=tuple(map(str, row.standing)),
        reason=row.reason,
        author=row.author,
        effective=rfc3339(row.effective),
        request=row.request,
        erase=row.erase,
        documents=row.documents,
        tokens=row.tokens,
        shards=row.shards,
        quarantined=row.shards if row.standing else 0,
        recorded_at=rfc3339(row.recorded_at),
        ledger_index=row.ledger_index,
    )
