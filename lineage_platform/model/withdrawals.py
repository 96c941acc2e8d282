"""What a withdrawal is, and what it finds in the corpora."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

from lineage_platform.model.overlay import Cover

Kind = Literal["consent-withdrawn", "licence-revoked", "opt-out", "takedown", "authorisation-lapsed"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Withdrawal:
    """Who takes back what. `effective` None: from now on. `request` names what asked for it, `erase` says whether the text has to
    go as well."""

    kind: Kind
    covers: tuple[Cover, ...]
    reason: str
    author: str
    effective: datetime | None = None
    request: str | None = None
    erase: bool = False


@dataclass(frozen=True)
class Hits:
    """Shards of one corpus version that hold what is covered, ascending, with how many documents and tokens of it."""

    version: str
    shards: Sequence[int] = field(repr=False)
    documents: Sequence[int] = field(repr=False)
    tokens: Sequence[int] = field(repr=False)

    def stated(self) -> dict[str, Any]:
        """The JSON form; tokens are in the sums only."""
        return {"version": self.version, "shards": list(self.shards), "documents": list(self.documents)}


@dataclass(frozen=True)
class Refusal:
    """What must not come back in a later snapshot of `source`: all of it, or a record by its own id or by its text's SHA-256."""

    source: str
    record_id: str | None = None
    sha256: bytes | None = None

    def stated(self) -> dict[str, Any]:
        """The JSON form, without what is not known."""
        stated = {"source": self.source}
        if self.record_id is not None:
            stated["record"] = self.record_id
        if self.sha256 is not None:
            stated["sha256"] = self.sha256.hex()
        return stated


@dataclass(frozen=True)
class Planned:
    """A withdrawal with what it hits. `examined` are the corpus versions that were looked into: all that were current or
    released then."""

    withdrawal: Withdrawal
    hits: tuple[Hits, ...]
    refusals: tuple[Refusal, ...]
    examined: frozenset[str]

    @property
    def documents(self) -> int:
        """Documents hit, of all versions together; one in several places counts in each."""
        return sum(sum(item.documents) for item in self.hits)

    @property
    def tokens(self) -> int:
        """Their tokens."""
        return sum(sum(item.tokens) for item in self.hits)

    @property
    def shards(self) -> int:
        """Shards hit, of all versions together."""
        return sum(len(item.shards) for item in self.hits)


@dataclass(frozen=True)
class Recorded:
    """The number of a withdrawal; not `new` where all of it had been withdrawn before."""

    number: int
    new: bool


def words(number: int) -> str:
    """What decisions, reasons and notes call a withdrawal."""
    return f"withdrawal {number}"
