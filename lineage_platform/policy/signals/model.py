"""A signal as it was found, and what all signals of a document say together."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from lineage_platform.errors import InvalidInput

Answer = Literal["y", "n", "unknown"]
"""Of an opt-out signal: may it be used so. "unknown" (nothing said, or not understood) is never "y"."""

Category = Literal[
    "train-ai",  # training of models that generate content: the one that `effective` answers
    "train-other",  # training of models that do not generate (CAWG)
    "train-images",  # training on the images of a page
    "tdm",  # text and data mining, directive (EU) 2019/790 art. 4
    "ai-input",  # input of a model at the time of a question
    "ai-index",  # an index made for AI
    "search",
    "crawl",  # our own agent may fetch it
    "synthetic",  # not a preference: made by a machine
]

RULE_VERSION: Final = "signals-1"
"""Of everything that turns bytes into answers; a change of any rule is a new version."""
MAX_RAW: Final = 4096
"""Bytes of a signal that are kept; its digest is over all of them."""
DECIDES: Final[Category] = "train-ai"


@dataclass(frozen=True)
class Signal:
    """One statement, found at one place.

    `raw` holds its first `MAX_RAW` bytes, `raw_length` and `raw_sha256` are of all of them. `observed_at` is the RFC 3339
    time at which the bytes were fetched: no scheme applies to what was fetched before. `details` are facts of the scheme
    (matched agent and rule, payment, problems), for people; no rule reads them.
    """

    scheme: str
    version: str
    location: str
    raw: bytes
    raw_length: int
    raw_sha256: str
    observed_at: str
    parsed: Mapping[Category, Answer]
    policy_uri: str | None = None
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """How `Effective.by` names it."""
        return f"{self.scheme}: {self.location}"

    def to_json(self) -> dict[str, Any]:
        """The JSON form; `raw` is text where the bytes are UTF-8, else `raw_base64` holds them."""
        try:
            raw = {"raw": self.raw.decode("utf-8")}
        except UnicodeDecodeError:
            raw = {"raw_base64": base64.b64encode(self.raw).decode("ascii")}
        return {
            "scheme": self.scheme,
            "version": self.version,
            "location": self.location,
            **raw,
            "raw_length": self.raw_length,
            "raw_sha256": self.raw_sha256,
            "observed_at": self.observed_at,
            "parsed": dict(sorted(self.parsed.items())),
            "policy_uri": self.policy_uri,
            "details": dict(sorted(self.details.items())),
        }

    @classmethod
    def from_json(cls, form: Mapping[str, Any]) -> Signal:
        """The inverse of `to_json`; InvalidInput if it is not such a form."""
        try:
            fields = dict(form)
            encoded = fields.pop("raw_base64", None)
            fields["raw"] = (
                fields["raw"].encode() if encoded is None else base64.b64decode(encoded, validate=True)
            )
            signal = cls(**fields)
            unknown = set(signal.parsed) - set(get_args(Category))
            wrong = set(signal.parsed.values()) - set(get_args(Answer))
        except (KeyError, TypeError, AttributeError, ValueError, binascii.Error) as error:
            raise InvalidInput(
                f"signal: got {form!r:.200}, expected the form of Signal.to_json: {error}"
            ) from None
        if unknown or wrong:
            raise InvalidInput(
                f"signal: got {sorted(unknown | wrong)} in parsed, expected known categories and y, n, unknown"
            )
        return signal


@dataclass(frozen=True)
class Effective:
    """What all signals of a document say about training.

    `by` names what decided: signals, or the licence or contract that overrides them. `signalled` is the answer of the
    signals alone.
    """

    train: Answer
    by: tuple[str, ...]
    rule_version: str
    signalled: Answer


def effective(signals: Iterable[Signal], licence: str | None = None) -> Effective:
    """Any "n" is "n", else any "y" is "y", else "unknown", whatever the order (AIPREF vocabulary, "Combining Preferences").

    `licence` refers to the licence or contract with the rightsholder that covers this use of the document (an id or URI of
    its record); the same section lets such an agreement override what the signals say, so it answers "y" and is named.
    """
    said = [(signal.parsed.get(DECIDES, "unknown"), signal.place) for signal in signals]
    signalled, by = _combined(said)
    if licence is not None:
        return Effective("y", (licence,), RULE_VERSION, signalled)
    return Effective(signalled, by, RULE_VERSION, signalled)


def _combined(said: list[tuple[Answer, str]]) -> tuple[Answer, tuple[str, ...]]:
    answers: tuple[Answer, ...] = ("n", "y")
    for answer in answers:
        if by := {place for got, place in said if got == answer}:
            return answer, tuple(sorted(by))
    return "unknown", ()


def combine(answers: Iterable[Answer]) -> Answer:
    """The same rule over bare answers."""
    return _combined([(answer, "") for answer in answers])[0]


def refusals(parsed: Mapping[Category, Answer]) -> dict[Category, Answer]:
    """Only the refusals of a statement that is made to others than us: what it allows them, it does not allow us."""
    return {category: "n" if answer == "n" else "unknown" for category, answer in parsed.items()}


@dataclass(frozen=True)
class Scheme:
    """A scheme and the version of its text that was implemented; makes its signals."""

    name: str
    version: str

    def signal(
        self,
        location: str,
        raw: bytes,
        observed_at: str,
        parsed: Mapping[Category, Answer],
        policy_uri: str | None = None,
        details: Mapping[str, str] | None = None,
    ) -> Signal:
        """A signal of this scheme; keeps the first bytes and the digest of all."""
        return Signal(
            self.name,
            self.version,
            location,
            raw[:MAX_RAW],
            len(raw),
            hashlib.sha256(raw).hexdigest(),
            observed_at,
            dict(parsed),
            policy_uri,
            dict(details or {}),
        )
