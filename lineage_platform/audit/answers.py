"""Answers as frozen values; `to_dict` is the stable JSON contract of docs/answers.md, `to_pandas` a table for people.

64-bit document keys are decimal strings. Digests, hashes and salts are lower-case hex. Documents are counted per
placement: a document of two epochs counts twice, in its shard, its source and its terms alike.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import pandas as pd


_ATOMS = {str, int, float, bool, type(None)}
_NAMES: dict[type[Any], tuple[str, ...]] = {}


def plain(value: Any) -> Any:
    """Frozen values as JSON values."""
    kind = type(value)
    if kind in _ATOMS:
        return value
    if names := _names(kind):
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return value


def _names(kind: type[Any]) -> tuple[str, ...]:
    """The fields of a dataclass or a named tuple; none of another type."""
    found = _NAMES.get(kind)
    if found is None:
        named = tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()
        found = _NAMES[kind] = getattr(kind, "_fields", named)
    return found


class Answer(ABC):
    """Base of the answers."""

    def to_dict(self) -> dict[str, Any]:
        """The JSON contract."""
        answer: dict[str, Any] = plain(self)
        return answer

    def to_pandas(self) -> pd.DataFrame:
        """The answer's main table."""
        import pandas

        return pandas.DataFrame(self.rows())

    @abstractmethod
    def rows(self) -> list[dict[str, Any]]:
        """The answer's main table, a mapping a row."""


@dataclass(frozen=True)
class Gap:
    """Something the answer cannot say: `kind` never changes its meaning (docs/answers.md lists them).

    `declared` is the licence string as it was found, where the gap is about one.
    """

    kind: str
    id: str
    note: str
    declared: str | None = None


class TermsShare(NamedTuple):
    """Documents and tokens under the same rights."""

    licence: str
    consent_basis: str
    personal_data: str
    documents: int
    tokens: int


class SourceShare(NamedTuple):
    """What one snapshot of a source gave; its terms sum to it."""

    source: str
    snapshot: str
    documents: int
    tokens: int
    terms: tuple[TermsShare, ...]


@dataclass(frozen=True)
class Step:
    """One run on the way, as recorded; None where the run's record is missing, which is a gap too."""

    name: str
    code_version: str | None
    parameters: Mapping[str, Any]
    run_id: str
    ledger_index: int


@dataclass(frozen=True)
class Entry:
    """A ledger entry with its proof: leaf_hash = SHA-256(0x00 || commitment), commitment = SHA-256(salt || payload).

    `proof` is the RFC 9162 inclusion proof under the checkpoint, lowest sibling first; None where there is none yet.
    `event` sums up the payload; commitment, salt and event are None once erased.
    """

    index: int
    leaf_hash: str
    commitment: str | None
    salt: str | None
    proof: tuple[str, ...] | None
    event: Mapping[str, Any] | None


@dataclass(frozen=True)
class SignedCheckpoint:
    """A C2SP tlog-checkpoint: tree size, root and the signed note."""

    size: int
    root: str
    note: str


@dataclass(frozen=True)
class Evidence:
    """The newest checkpoint and what stands under it."""

    checkpoint: SignedCheckpoint | None
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class ReleaseUse:
    """A release of the corpus version `version`, and what it is now: `released`, `reopened` or `quarantined`."""

    release: str
    version: str
    state: str
    uses: tuple[str, ...]
    jurisdictions: tuple[str, ...]
    made_at: str
    ledger_index: int


@dataclass(frozen=True)
class ModelUse:
    """A model that came out of a training run which read `release`."""

    model: str
    model_version: str
    release: str
    job: str
    run_id: str
    uri: str | None
    sha256: str | None
    author: str | None
    ended_at: str
    recorded_at: str
    ledger_index: int


@dataclass(frozen=True)
class Mismatch:
    """One thing that is not what was recorded."""

    kind: str
    id: str
    got: str
    expected: str


@dataclass(frozen=True)
class Verification(Answer):
    """What `lineage verify` recomputed, and what is wrong."""

    ok: bool
    checked: Mapping[str, int]
    problems: tuple[Mismatch, ...]

    def rows(self) -> list[dict[str, Any]]:
        """One row for each problem."""
        return [plain(problem) for problem in self.problems]
