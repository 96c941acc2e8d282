"""The rows of the overlay, those that count and those that no longer do."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

from lineage_platform.audit.answers import Answer
from lineage_platform.catalog.forms import rfc3339
from lineage_platform.catalog.rows import LaidRow, Reinstatement

State = Literal["in-force", "lifted", "over", "to-come"]


class Laid(Protocol):
    """Every row of the overlay, oldest first; a moment at which to read them."""

    def snapshot(self) -> AbstractContextManager[None]: ...  # noqa: D102 - see catalog.session
    def laid(self) -> list[LaidRow]: ...  # noqa: D102 - see catalog.registers


@dataclass(frozen=True)
class Lifting:
    """What reinstated the terms from before, and from when on."""

    reason: str
    author: str
    effective: str
    recorded_at: str
    ledger_index: int


@dataclass(frozen=True)
class Replacement:
    """One row of the overlay. Exactly one of `source`, `terms`, `keys`, `document`, `subject` (a keyed hash) says what it covers;
    `withdrawal` is the one it belongs to, if any."""

    overlay: str
    state: State
    withdrawal: str | None
    source: str | None
    terms: str | None
    keys: tuple[str, str] | None
    document: str | None
    subject: str | None
    subject_key: str | None
    statement: Mapping[str, Any]
    reason: str
    author: str
    valid_from: str
    valid_to: str | None
    recorded_at: str
    ledger_index: int
    reinstated: Lifting | None

    @property
    def covers(self) -> str:
        """What it covers, in words."""
        if self.source is not None:
            return f"source {self.source}"
        if self.terms is not None:
            return f"terms {self.terms}"
        if self.keys is not None:
            return f"keys {self.keys[0]}-{self.keys[1]}"
        return f"document {self.document}" if self.document is not None else f"subject {self.subject}"


@dataclass(frozen=True)
class Replacements(Answer):
    """The overlay: `lineage overlay`."""

    overlay: tuple[Replacement, ...]

    def rows(self) -> list[dict[str, Any]]:
        """One row for each row of the overlay."""
        return [
            {
                "overlay": item.overlay,
                "state": item.state,
                "covers": item.covers,
                "licence": item.statement["licence"],
                "consent_basis": item.statement["consent_basis"],
                "valid_from": item.valid_from,
                "valid_to": item.valid_to,
                "author": item.author,
                "reason": item.reason,
            }
            for item in self.overlay
        ]


def list_overlay(catalog: Laid) -> Replacements:
    """Every row of the overlay, oldest first."""
    now = datetime.now(UTC)
    with catalog.snapshot():
        return Replacements(tuple(_replacement(row, now) for row in catalog.laid()))


def _replacement(row: LaidRow, now: datetime) -> Replacement:
    return Replacement(
        overlay=str(row.id),
        state=_state(row, now),
        withdrawal=None if row.withdrawal is None else str(row.withdrawal),
        source=row.source,
        terms=None if row.terms is None else str(row.terms),
        keys=None if row.key_from is None else (str(row.key_from), str(row.key_to)),
        document=None if row.document is None else str(row.document),
        subject=None if row.subject is None else row.subject.hex(),
        subject_key=row.subject_key,
        statement=row.statement,
        reason=row.reason,
        author=row.author,
        valid_from=rfc3339(row.valid_from),
        valid_to=None if row.valid_to is None else rfc3339(row.valid_to),
        recorded_at=rfc3339(row.recorded_at),
        ledger_index=row.ledger_index,
        reinstated=None if row.reinstated is None else _lifting(row.reinstated),
    )


def _lifting(found: Reinstatement) -> Lifting:
    return Lifting(
        reason=found.reason,
        author=found.author,
        effective=rfc3339(found.effective),
        recorded_at=rfc3339(found.recorded_at),
        ledger_index=found.ledger_index,
    )


def _state(row: LaidRow, now: datetime) -> State:
    if row.reinstated is not None and row.reinstated.effective <= now:
        return "lifted"
    if row.valid_to is not None and row.valid_to <= now:
        return "over"
    return "in-force" if row.valid_from <= now else "to-come"
