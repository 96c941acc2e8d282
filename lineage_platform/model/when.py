"""The two times that a question has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime


@dataclass(frozen=True)
class When:
    """What was believed at `as_of` (recorded time; None: now) about what holds on `valid_at` (valid time; None: the day of
    `as_of`, in UTC)."""

    as_of: datetime | None = None
    valid_at: date | None = None

    @property
    def day(self) -> date:
        """The day of use."""
        return self.valid_at or (self.as_of or datetime.now(UTC)).astimezone(UTC).date()
