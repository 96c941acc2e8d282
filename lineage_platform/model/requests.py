"""Requests that people, firms and courts make about data, and the steps in which one is worked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, get_args

Kind = Literal[
    "withdrawal-of-consent",
    "objection",
    "erasure",
    "access",
    "licence-revocation",
    "opt-out",
    "takedown",
    "court-order",
    "authorisation-lapse",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

PERSONAL: frozenset[Kind] = frozenset({"withdrawal-of-consent", "objection", "erasure", "access"})
"""Rights of natural persons: whoever asks is kept as a keyed hash."""

State = Literal["received", "verified", "decided", "done", "refused"]
Action = Literal["verify", "decide", "done", "refuse", "extend"]
ACTIONS: tuple[Action, ...] = get_args(Action)

OPEN: tuple[State, ...] = ("received", "verified", "decided")
"""States in which something has still to be done."""

_FORWARD: dict[tuple[State, Action], State] = {
    ("received", "verify"): "verified",
    ("verified", "decide"): "decided",
    ("decided", "done"): "done",
}


def after(state: State, action: Action) -> State | None:
    """The state of a request after a step; None where the step is not possible."""
    if state in OPEN and action in ("refuse", "extend"):
        return "refused" if action == "refuse" else state
    return _FORWARD.get((state, action))


@dataclass(frozen=True)
class Period:
    """A length of time as laws give it."""

    months: int = 0
    days: int = 0

    def stored(self) -> dict[str, int]:
        """The JSON form."""
        return {"months": self.months} if self.months else {"days": self.days}


@dataclass(frozen=True)
class Rule:
    """By when a request has to be answered: `within` None is a law that says promptly, or nothing; the extension comes on top.

    `own_days` is what the operator allows itself, `named` a day that the request itself names, as a court's order does.
    """

    law: str
    article: str
    within: Period | None
    extension: Period | None
    own_days: int | None = None
    named: date | None = None

    def stored(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "law": self.law,
            "article": self.article,
            "within": None if self.within is None else self.within.stored(),
            "extension": None if self.extension is None else self.extension.stored(),
            "own_days": self.own_days,
            "named": None if self.named is None else self.named.isoformat(),
        }

    @classmethod
    def of(cls, stored: dict[str, Any]) -> Rule:
        """The inverse of `stored`."""
        within, extension, named = stored["within"], stored["extension"], stored["named"]
        return cls(
            stored["law"],
            stored["article"],
            None if within is None else Period(**within),
            None if extension is None else Period(**extension),
            stored["own_days"],
            None if named is None else date.fromisoformat(named),
        )


@dataclass(frozen=True)
class Request:
    """What was asked. Exactly one of `subject` (a natural person, by keyed hash, with the id of its key) and `name` is given."""

    kind: Kind
    jurisdiction: str
    received_at: date
    rule: Rule
    author: str
    subject: bytes | None = None
    subject_key: str | None = None
    name: str | None = None
    about: str = ""


@dataclass(frozen=True)
class Step:
    """What was done about a request; `withdrawal` names what it led to."""

    action: Action
    author: str
    note: str = ""
    withdrawal: str | None = None
