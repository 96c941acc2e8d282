"""What a release is asked for, and what people decide about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

Admit = Literal["any", "allowed"]
State = Literal["released", "reopened", "quarantined"]


@dataclass(frozen=True)
class ReleaseSpec:
    """What a release is for: uses, and the jurisdictions or postures (docs/policies.md) it must be allowed in.

    `recipients` are who receives it, `regions` where it goes; empty: not stated. `admit` says which documents the corpus
    takes in: any, or only those that are allowed for the release.
    """

    uses: tuple[str, ...]
    jurisdictions: tuple[str, ...] = ("strict",)
    recipients: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    admit: Admit = "any"


@dataclass(frozen=True)
class PolicyException:
    """A named person's decision that a verdict of one policy does not stop a release.

    It covers the documents of `sources` (none: of any source) in `corpora` (none: in any), for `uses` in `jurisdictions`,
    from the day of approval until the day before `expires`.
    """

    id: str
    policy: str
    uses: tuple[str, ...]
    jurisdictions: tuple[str, ...]
    approver: str
    reason: str
    approved_at: str
    expires: str
    sources: tuple[str, ...] = ()
    corpora: tuple[str, ...] = ()

    def covers(self, corpus: str, source: str, use: str, jurisdiction: str, day: date) -> bool:
        """Whether the decision is about documents of `source` in `corpus` for this use and jurisdiction, on that day."""
        return (
            self.in_force(day)
            and (not self.corpora or corpus in self.corpora)
            and (not self.sources or source in self.sources)
            and use in self.uses
            and jurisdiction in self.jurisdictions
        )

    def concerns(self, corpus: str, spec: ReleaseSpec, day: date) -> bool:
        """Whether the decision may count for a release of `corpus` on a day."""
        return (
            self.in_force(day)
            and (not self.corpora or corpus in self.corpora)
            and not set(self.uses).isdisjoint(spec.uses)
            and not set(self.jurisdictions).isdisjoint(spec.jurisdictions)
        )

    def in_force(self, day: date) -> bool:
        """Whether the decision holds on a day."""
        return self.approved_at <= day.isoformat() < self.expires

    def stored(self) -> dict[str, Any]:
        """The JSON form."""
        said = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in said.items()}

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> PolicyException:
        """The inverse of `stored`."""
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()
        }
        return cls(**values)


@dataclass(frozen=True)
class Judged:
    """The worst verdict for a use in a jurisdiction, and the policies that stop documents."""

    use: str
    jurisdiction: str
    verdict: str
    policies: tuple[str, ...]

    def stored(self) -> dict[str, Any]:
        """The JSON form."""
        return {**vars(self), "policies": list(self.policies)}


@dataclass(frozen=True)
class StateChange:
    """A release changes from the state `before`, as it was judged for `day`."""

    release: str
    before: str
    state: State
    reason: str
    day: date
    verdicts: tuple[Judged, ...]

    def stored(self) -> dict[str, Any]:
        """The JSON form."""
        verdicts = [judged.stored() for judged in self.verdicts]
        return {**vars(self), "day": self.day.isoformat(), "verdicts": verdicts}
