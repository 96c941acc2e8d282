"""Answers as frozen values; `to_dict` is the stable JSON contract of docs/answers.md, `to_pandas` a table for people.

64-bit document keys are decimal strings. Digests, hashes and salts are lower-case hex. Documents are counted per
placement: a document of two epochs counts twice, in its shard, its source and its terms alike.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
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
class ShardTrace(Answer):
    """Where a shard came from: `lineage trace SHARD`. `quarantined` are the withdrawals of what it holds."""

    corpus: str
    version: str
    shard: str
    documents: int
    tokens: int
    sources: tuple[SourceShare, ...]
    transformations: tuple[Step, ...]
    evidence: Evidence
    gaps: tuple[Gap, ...]
    releases: tuple[ReleaseUse, ...] = ()
    models: tuple[ModelUse, ...] = ()
    quarantined: tuple[str, ...] = ()

    def rows(self) -> list[dict[str, Any]]:
        """One row for each source, snapshot and rights."""
        return by_source(self.sources)


@dataclass(frozen=True)
class CorpusTrace(Answer):
    """Where a whole corpus version came from: `lineage trace` without a shard. `quarantined` are the withdrawals of what it holds."""

    corpus: str
    version: str
    shards: int
    documents: int
    tokens: int
    sources: tuple[SourceShare, ...]
    transformations: tuple[Step, ...]
    evidence: Evidence
    gaps: tuple[Gap, ...]
    releases: tuple[ReleaseUse, ...] = ()
    models: tuple[ModelUse, ...] = ()
    quarantined: tuple[str, ...] = ()

    def rows(self) -> list[dict[str, Any]]:
        """One row for each source, snapshot and rights."""
        return by_source(self.sources)


def by_source(sources: Sequence[SourceShare]) -> list[dict[str, Any]]:
    """One row for each source, snapshot and rights."""
    return [
        {"source": source.source, "snapshot": source.snapshot, **plain(terms)}
        for source in sources
        for terms in source.terms
    ]


@dataclass(frozen=True)
class SnapshotFileRef:
    """The file a record came from, by its path in the snapshot and the SHA-256 of its bytes."""

    path: str
    sha256: str
    bytes: int


@dataclass(frozen=True)
class TokenSpan:
    """Where a document's own tokens are in its shard's token stream."""

    offset: int
    count: int


@dataclass(frozen=True)
class DecisionStep:
    """What one dataset version did to the document; a document without a decision row was kept as it was."""

    dataset: str
    version: str
    outcome: str
    reason: str | None
    detail: str | None
    run_id: str
    ledger_index: int


@dataclass(frozen=True)
class Duplicate:
    """Another document with the same or nearly the same text, which this one stands for.

    `rank` says how much its terms restrict (`policy.rights`), lower is better; it `could_replace` the document where it ranks
    no worse. None: nothing was stated about it.
    """

    document: str
    source: str
    snapshot: str
    file: str | None
    record: int | None
    record_id: str | None
    method: str
    terms: Mapping[str, Any] | None
    rank: int | None
    could_replace: bool


@dataclass(frozen=True)
class DerivationStep:
    """child <- parent."""

    child: str
    parent: str
    kind: str
    method: str


@dataclass(frozen=True)
class Signals:
    """What the document's own signals say about training: `effective` is their answer together, `by` are those that
    decided it, under the rules of `rule_version`; `found` are all of them, as `policy.signals.Signal.to_json` has them."""

    effective: str
    by: tuple[str, ...]
    rule_version: str
    found: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Parent:
    """What `child` (the document, or a parent of it) was made from, as its record names it.

    None stands for what is not known: where no document of that name was read, all but the name and the kind.
    """

    child: str
    named: str
    kind: str
    document: str | None
    identity: str | None
    source: str | None
    snapshot: str | None
    terms: Mapping[str, Any] | None


@dataclass(frozen=True)
class PlacementRef:
    """Another place of the same document in the same corpus version."""

    shard: str
    row: int
    token_offset: int
    tokens: int


@dataclass(frozen=True)
class DocumentTrace(Answer):
    """Where one document of a shard came from: `lineage trace SHARD --row N` or `--token N`.

    `rank` is that of its terms, as in `duplicates`; `quarantined` are the withdrawals of what its shard holds.
    """

    corpus: str
    version: str
    shard: str
    row: int
    token_span: TokenSpan
    document: str
    identity: str | None
    source: str
    snapshot: str
    file: SnapshotFileRef | None
    record: int | None
    record_id: str | None
    fields: tuple[str, ...] | None
    text_sha256: str | None
    text: str | None
    terms: Mapping[str, Any] | None
    signals: Signals | None
    decisions: tuple[DecisionStep, ...]
    duplicates: tuple[Duplicate, ...]
    derivations: tuple[DerivationStep, ...]
    parents: tuple[Parent, ...]
    other_placements: tuple[PlacementRef, ...]
    transformations: tuple[Step, ...]
    evidence: Evidence
    gaps: tuple[Gap, ...]
    releases: tuple[ReleaseUse, ...] = ()
    models: tuple[ModelUse, ...] = ()
    rank: int | None = None
    quarantined: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON contract; `text` only where it was asked for."""
        answer = super().to_dict()
        if self.text is None:
            del answer["text"]
        return answer

    def rows(self) -> list[dict[str, Any]]:
        """One row for each decision on the way."""
        return [plain(step) for step in self.decisions]


class ShardImpact(NamedTuple):
    """What of one shard is concerned."""

    shard: str
    documents: int
    tokens: int


@dataclass(frozen=True)
class CorpusImpact:
    """What of one corpus version is concerned; its shards sum to it. `quarantined` are those of them that are in quarantine."""

    corpus: str
    version: str
    shards: tuple[ShardImpact, ...]
    documents: int
    tokens: int
    quarantined: tuple[str, ...] = ()


@dataclass(frozen=True)
class Copy:
    """A document asked about that was dropped as a duplicate, and where the survivor, its text with it, is."""

    document: str
    survivor: str
    corpus: str
    version: str
    shards: tuple[ShardImpact, ...]


@dataclass(frozen=True)
class Child:
    """A document that was made from `parent`, which was asked about or was itself made from what was, and where it is."""

    document: str
    parent: str
    kind: str
    corpus: str
    version: str
    shards: tuple[ShardImpact, ...]


@dataclass(frozen=True)
class Impact(Answer):
    """Which shards hold what was asked about; `asked` is source, licence, consent_basis, document or subject.

    `copies` are the texts of a document or subject that live on in a document of somebody else, `children` what was made from them; no
    sum counts either.
    """

    asked: str
    value: str
    snapshots: tuple[str, ...]
    corpora: tuple[CorpusImpact, ...]
    gaps: tuple[Gap, ...]
    copies: tuple[Copy, ...] = ()
    children: tuple[Child, ...] = ()
    releases: tuple[ReleaseUse, ...] = ()
    models: tuple[ModelUse, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON contract: its first key is what was asked."""
        answer = super().to_dict()
        return {answer.pop("asked"): answer.pop("value"), **answer}

    def rows(self) -> list[dict[str, Any]]:
        """One row for each shard."""
        return [
            {"corpus": corpus.corpus, "version": corpus.version, **plain(shard)}
            for corpus in self.corpora
            for shard in corpus.shards
        ]


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
