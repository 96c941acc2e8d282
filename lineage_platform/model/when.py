"""The two times that a question has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta


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

    @property
    def moment(self) -> datetime | None:
        """The moment of use, for what begins and ends at a moment: the end of `valid_at`, else `as_of`; None: now."""
        if self.valid_at is None:
            return self.as_of
        return datetime.combine(self.valid_at, time(), UTC) + timedelta(days=1, microseconds=-1)
