"""What people declare in a workspace: sources and corpus recipes. Frozen values; `workspace` reads them from YAML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from graphlib import TopologicalSorter
from string import Formatter
from typing import Any, Literal, NoReturn

from lineage_platform.model.releases import PolicyException, ReleaseSpec
from lineage_platform.model.terms import Evidence, Particulars, PersonalData, Scope, in_force

SourceFormat = Literal["jsonl", "json", "csv", "tsv", "parquet", "text", "markdown", "python-distributions"]
Compression = Literal["auto", "none", "gzip", "zstd", "bz2", "xz"]
DerivationKind = Literal["synthesised-from", "translated-from", "part-of"]
ShardFormat = Literal["parquet", "megatron"]
ShardLayout = Literal["mixed", "by-source"]


@dataclass(frozen=True, kw_only=True)
class SignalFields:
    """Which fields of a raw record hold what its site and its file say to machines, and when that was fetched.

    `content_usage` and `tdm_reservation` are single HTTP headers, `aigc` is a label of GB 45438 without the rest of the
    metadata; the other names are those of `policy.signals.read_record`.
    """

    observed_at: str | None = None
    url: str | None = None
    robots_txt: str | None = None
    robots_status: str | None = None
    headers: str | None = None
    content_usage: str | None = None
    tdm_reservation: str | None = None
    html: str | None = None
    text: str | None = None
    metadata: str | None = None
    tdmrep: str | None = None
    rsl: str | None = None
    c2pa: str | None = None
    ai_txt: str | None = None
    aigc: str | None = None

    def named(self) -> dict[str, str]:
        """What is named, by meaning."""
        return {name: field for name, field in asdict(self).items() if field is not None}


@dataclass(frozen=True)
class ParentFields:
    """Which field of a raw record names the records it was made from, and how it was made of them.

    The field holds the ids of records of the sources that the record's own source is derived from: one, or a list.
    Where there are several such sources, they are written `<source>/<id>`.
    """

    field: str
    kind: DerivationKind


@dataclass(frozen=True)
class RecordFields:
    """Which fields of a raw record mean what. `text` is a field name, or a template such as "{title}\\n{body}"."""

    text: str = "text"
    id: str | None = None
    licence: str | None = None
    language: str | None = None
    subject: str | None = None
    signals: SignalFields | None = None
    parents: ParentFields | None = None

    @property
    def text_fields(self) -> tuple[str, ...]:
        """The fields that the text is made of."""
        return tuple(name for _, name, _, _ in Formatter().parse(self.text) if name) or (self.text,)

    def to_form(self) -> dict[str, Any]:
        """The JSON form; signals and parents only where there are any."""
        form = asdict(self)
        form["signals"] = self.signals.named() if self.signals else None
        return {name: value for name, value in form.items() if value is not None or name not in _ADDED}

    @classmethod
    def from_form(cls, form: Mapping[str, Any]) -> RecordFields:
        """The inverse of `to_form`."""
        signals, parents = form.get("signals"), form.get("parents")
        read = {
            "signals": SignalFields(**signals) if signals else None,
            "parents": ParentFields(**parents) if parents else None,
        }
        return cls(**{**form, **read})


_ADDED = ("signals", "parents")
"""Fields of a record that are left out of its form where they are not set: sources without them keep their digests."""


@dataclass(frozen=True)
class DeclaredTerms:
    """Terms as the source's steward wrote them; `policy` turns them into `Terms`."""

    licence: str
    consent_basis: str
    personal_data: PersonalData
    scope: Scope = field(default_factory=Scope)
    evidence: Evidence | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    particulars: Particulars = field(default_factory=Particulars)


@dataclass(frozen=True)
class Source:
    """An origin with an owner and terms. `location` is absolute here: a path, glob or URL resolved by the workspace.

    `distributions` applies to the format `python-distributions`: the names to read, or with `exclude` all but those.
    `malformed_threshold` is the share of unreadable records above which the documents check fails. `derived_from` names
    the sources that a synthetic or translated source was made from. `terms` are disjoint in valid time, in its order.
    """

    id: str
    title: str
    publisher: str
    homepage: str | None
    steward: str
    location: str
    format: SourceFormat
    compression: Compression
    record: RecordFields
    terms: tuple[DeclaredTerms, ...]
    malformed_threshold: float = 0.05
    max_record_bytes: int = 8 * 1024 * 1024
    distributions: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    encoding: str = "utf-8"
    derived_from: tuple[str, ...] = ()

    @property
    def parents(self) -> tuple[str, ...]:
        """The sources whose documents its own records name as what they were made from."""
        return tuple(dict.fromkeys(self.derived_from)) if self.record.parents else ()

    def terms_on(self, day: date | None = None) -> DeclaredTerms:
        """The terms that hold on a day (None: today, UTC)."""
        return in_force(self.terms, day or datetime.now(UTC).date())


@dataclass(frozen=True)
class WeightedSource:
    """A source of a corpus: weight 0.5 keeps half, sampled by seed; 2 gives two epochs."""

    id: str
    weight: float = 1.0


@dataclass(frozen=True)
class MinHash:
    """Broder 1997, Leskovec et al. "Mining of Massive Datasets" section 3.4: `bands` b and `rows` r per band, over
    word n-grams. Two texts of Jaccard similarity s become candidates with probability 1 - (1 - s^r)^b."""

    ngram: int = 5
    bands: int = 14
    rows: int = 8


@dataclass(frozen=True)
class Deduplication:
    """Exact by content hash, near by MinHash; None switches MinHash off."""

    exact: bool = True
    minhash: MinHash | None = field(default_factory=MinHash)


@dataclass(frozen=True)
class TokenizerSpec:
    """A `tokenizer.json` by absolute path, or one trained on the corpus with `vocabulary` entries."""

    path: str | None = None
    vocabulary: int | None = None


@dataclass(frozen=True)
class ShardSpec:
    """Shard layout: target size in tokens, formats to write, seed of the order inside a shard, and whether a shard has
    documents of all sources or of one."""

    tokens: int = 1_000_000
    formats: tuple[ShardFormat, ...] = ("parquet",)
    seed: int = 0
    layout: ShardLayout = "mixed"


@dataclass(frozen=True)
class Corpus:
    """A named recipe."""

    id: str
    title: str
    purpose: str
    steward: str
    sources: tuple[WeightedSource, ...]
    quality: str | None  # `<name>@<version>` of a quality standard
    deduplication: Deduplication
    tokenizer: TokenizerSpec
    shards: ShardSpec
    seed: int = 0
    schedule: str | None = None  # cron
    timezone: str = "UTC"
    release: ReleaseSpec | None = None


@dataclass(frozen=True)
class Workspace:
    """A directory people review in pull requests: `sources/*.yaml`, `corpora/*.yaml`, `exceptions/*.yaml`.

    `operator` is what whoever runs it declares of itself, in the words of the policies' vocabulary; `deadlines` are its own days
    for requests, by kind or for `any`.
    """

    root: str
    name: str
    sources: tuple[Source, ...]
    corpora: tuple[Corpus, ...]
    operator: Mapping[str, Any] = field(default_factory=dict, hash=False)
    exceptions: tuple[PolicyException, ...] = ()
    deadlines: Mapping[str, int] = field(default_factory=dict, hash=False)

    def source(self, source: str) -> Source:
        """The source of that id; KeyError if there is none."""
        return next((item for item in self.sources if item.id == source), None) or _missing(source)

    def corpus(self, corpus: str) -> Corpus:
        """The corpus of that id; KeyError if there is none."""
        return next((item for item in self.corpora if item.id == corpus), None) or _missing(corpus)

    def with_parents(self, sources: Iterable[str]) -> set[str]:
        """Some sources, by id, and all whose documents theirs were made from, at first or at second hand."""
        known = {source.id: source for source in self.sources}
        found: set[str] = set()
        ahead = list(sources)
        while ahead:
            name = ahead.pop()
            if name not in found:
                found.add(name)
                ahead += known[name].parents
        return found

    def parents_first(self) -> list[Source]:
        """All sources, each after those whose documents its own were made from."""
        parents = {source.id: source.parents for source in self.sources}
        return [self.source(name) for name in TopologicalSorter(parents).static_order()]

    def minhash_settings(self, source: str) -> tuple[tuple[int, int, int], ...]:
        """Distinct MinHash settings (n-gram, bands, rows) of the corpora that use a source, in order."""
        settings = {
            (
                corpus.deduplication.minhash.ngram,
                corpus.deduplication.minhash.bands,
                corpus.deduplication.minhash.rows,
            )
            for corpus in self.corpora
            if corpus.deduplication.minhash and any(item.id == source for item in corpus.sources)
        }
        return tuple(sorted(settings))


def _missing(name: str) -> NoReturn:
    raise KeyError(name)
