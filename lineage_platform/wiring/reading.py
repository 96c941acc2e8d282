"""The read side, from settings: `open_workspace`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from lineage_platform.catalog.reading import Reading, connect
from lineage_platform.catalog.session import NothingRecorded
from lineage_platform.catalog.urls import database_urls
from lineage_platform.errors import InvalidInput, VerificationFailed
from lineage_platform.model.when import When
from lineage_platform.settings import Settings, read_settings
from lineage_platform.store import Store, open_store
from lineage_platform.wiring.subjects import hash_of_subject, later_hashes

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from lineage_platform.audit.answers import (
        CorpusTrace,
        DocumentTrace,
        Impact,
        ShardTrace,
        SignedCheckpoint,
        Verification,
    )
    from lineage_platform.audit.checkpoints import Comparison
    from lineage_platform.audit.consumers import TrainingRuns
    from lineage_platform.audit.decisions import Decisions
    from lineage_platform.audit.differing import PolicyDiff
    from lineage_platform.audit.explaining import Explanation
    from lineage_platform.audit.listing import ShardList, SourceList
    from lineage_platform.audit.releases import ReleaseAnswer, ReleaseList
    from lineage_platform.audit.replaced import Replacements
    from lineage_platform.audit.requests import RequestAnswer, RequestList
    from lineage_platform.audit.rollups import RightsByShard, RightsSummary
    from lineage_platform.audit.withdrawn import WithdrawalList
    from lineage_platform.model.definitions import Source, Workspace
    from lineage_platform.model.releases import StateChange
    from lineage_platform.policy.policyset import PolicySet
    from lineage_platform.recording import Recorder


def open_workspace(
    path: str | os.PathLike[str] | None = None, *, settings: Settings | None = None
) -> OpenWorkspace:
    """A workspace to ask, by its directory (default: LINEAGE_WORKSPACE, or the current one). Nothing is started yet."""
    return OpenWorkspace(settings or read_settings(Path(path) if path is not None else None))


def policy_folders(settings: Settings) -> list[Path]:
    """Where a workspace keeps policies of its own: `policies/`, if it is there."""
    folder = settings.workspace / "policies"
    return [folder] if folder.is_dir() else []


def _quiet(_what: str, _done: int, _total: int) -> None:
    """Nobody listens."""


class OpenWorkspace:
    """Questions to a workspace's records; a context manager that gives connections back.

    with open_workspace("examples/demo") as workspace:
        print(workspace.trace("shard-00000", corpus="demo").to_pandas())

    The embedded database is started when the first question needs it. Times without a zone are taken as local.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give connections back."""
        self._stack.close()

    @cached_property
    def definition(self) -> Workspace:
        """What the YAML of the workspace declares. Raises InvalidInput."""
        from lineage_platform.wiring import load_workspace

        return load_workspace(self.settings)

    @cached_property
    def recorder(self) -> Recorder:
        """The write side; makes database, tables and signing key where they are missing."""
        from lineage_platform.wiring import open_recorder

        recorder = open_recorder(self.settings)
        self._stack.callback(recorder.close)
        return recorder

    @cached_property
    def catalog(self) -> Reading:
        """The catalog, read only. Raises NotFound when nothing was recorded, Unavailable when the database is down."""
        if self.settings.database_url is None and not self.settings.database_home.exists():
            raise NothingRecorded
        return self._stack.enter_context(
            connect(database_urls(self.settings).psycopg, partial(later_hashes, self.settings))
        )

    @cached_property
    def store(self) -> Store:
        """The files of committed versions."""
        return open_store(self.settings.store)

    def trace(
        self,
        shard: str,
        corpus: str | None = None,
        *,
        version: str | None = None,
        as_of: datetime | None = None,
        valid_at: date | None = None,
    ) -> ShardTrace:
        """Where a shard came from. `corpus` may be left out where there is one only. Raises NotFound."""
        from lineage_platform.audit.trace import trace_shard

        return trace_shard(
            self.catalog, self.store, self._corpus(corpus), shard, version, When(as_of, valid_at)
        )

    def trace_corpus(
        self,
        corpus: str | None = None,
        *,
        version: str | None = None,
        as_of: datetime | None = None,
        valid_at: date | None = None,
    ) -> CorpusTrace:
        """Where a whole corpus version came from: documents and tokens by source and terms. Raises NotFound."""
        from lineage_platform.audit.trace import trace_corpus

        return trace_corpus(self.catalog, self.store, self._corpus(corpus), version, When(as_of, valid_at))

    def trace_document(
        self,
        shard: str,
        corpus: str | None = None,
        *,
        row: int | None = None,
        token: int | None = None,
        version: str | None = None,
        as_of: datetime | None = None,
        valid_at: date | None = None,
        text: bool = False,
    ) -> DocumentTrace:
        """Where one document of a shard came from, by row or by token, both from 0. Raises NotFound, InvalidInput."""
        from lineage_platform.audit.document import trace_document

        return trace_document(
            self.catalog,
            self.store,
            self._corpus(corpus),
            shard,
            version,
            When(as_of, valid_at),
            row=row,
            token=token,
            text=text,
        )

    def impact(
        self,
        *,
        source: str | None = None,
        licence: str | None = None,
        consent_basis: str | None = None,
        document: str | None = None,
        subject: str | None = None,
        all_versions: bool = False,
        as_of: datetime | None = None,
        valid_at: date | None = None,
    ) -> Impact:
        """Which shards hold what was asked about; exactly one of the first five. Raises NotFound, InvalidInput."""
        from lineage_platform.audit.impact import Inquiry

        given = [item for item in (source, licence, consent_basis, document, subject) if item is not None]
        if len(given) != 1:
            raise InvalidInput(
                f"impact: got {len(given)} questions, expected one of source, licence, consent basis, document, subject"
            )
        with Inquiry(self.catalog, self.store, all_versions, When(as_of, valid_at)) as inquiry:
            if source is not None:
                return inquiry.source(source, self.declared)
            if licence is not None:
                return inquiry.licence(licence)
            if consent_basis is not None:
                return inquiry.consent_basis(consent_basis)
            if document is not None:
                return inquiry.document(document)
            return inquiry.subject(hash_of_subject(self.settings, given[0]))

    def explain(
        self,
        what: str | None = None,
        corpus: str | None = None,
        *,
        use: str,
        jurisdictions: Sequence[str],
        version: str | None = None,
        as_of: datetime | None = None,
        valid_at: date | None = None,
    ) -> Explanation:
        """Whether a source, a document (by key), a shard, or without any a corpus version may be used, and why not.

        Terms as believed at `as_of` are judged on `valid_at`, else on the day of `as_of`, else today (UTC), by the policies that ship
        and those in the workspace's `policies/`. Raises NotFound, InvalidInput.
        """
        from lineage_platform.audit.explaining import Explainer, is_document, is_shard

        with self.catalog.snapshot():
            explainer = Explainer(
                self.catalog,
                self.store,
                self.policies,
                use,
                jurisdictions,
                When(as_of, valid_at),
                self.operator,
            )
            if what is None:
                return explainer.corpus(self._corpus(corpus), version)
            if is_document(what):
                return explainer.document(what)
            if is_shard(what):
                return explainer.shard(self._corpus(corpus), what, version)
            return explainer.source(what)

    def rights(
        self,
        shard: str | None = None,
        corpus: str | None = None,
        *,
        version: str | None = None,
        as_of: datetime | None = None,
        valid_at: date | None = None,
    ) -> RightsSummary:
        """The rights of a shard, or without one of a corpus version, summed up. Raises NotFound."""
        from lineage_platform.audit.rollups import rights_of

        when = When(as_of, valid_at)
        return rights_of(self.catalog, self.store, self._corpus(corpus), shard, version, when)

    def rights_by_shard(
        self,
        corpus: str | None = None,
        *,
        version: str | None = None,
        as_of: datetime | None = None,
        valid_at: date | None = None,
    ) -> RightsByShard:
        """The rights of every shard of a corpus version, summed up. Raises NotFound."""
        from lineage_platform.audit.rollups import rights_by_shard

        when = When(as_of, valid_at)
        return rights_by_shard(self.catalog, self.store, self._corpus(corpus), version, when)

    def attribution(
        self,
        shard: str | None = None,
        corpus: str | None = None,
        *,
        version: str | None = None,
        as_of: datetime | None = None,
        valid_at: date | None = None,
    ) -> str:
        """The attribution file of a shard or a corpus version, ready to publish (Markdown). Raises NotFound."""
        from lineage_platform.audit.rollups import attribution_of

        when, works = When(as_of, valid_at), self.declared or ()
        return attribution_of(self.catalog, self.store, self._corpus(corpus), shard, version, when, works)

    @property
    def operator(self) -> Mapping[str, Any]:
        """What the operator declares in `lineage.yaml`. Raises InvalidInput."""
        from lineage_platform.workspace.loading import load_operator

        return load_operator(self.settings.workspace, self.settings)

    def policy_diff(
        self,
        *,
        policies: Path | None = None,
        terms: bool = False,
        release: str | None = None,
        corpus: str | None = None,
        uses: Sequence[str] = (),
        jurisdictions: Sequence[str] = (),
        valid_at: date | None = None,
    ) -> PolicyDiff:
        """What would change under the policies of a folder, or the terms that the YAML declares, or against a release; one of them.

        For the uses and jurisdictions given, else those of the recipe, else commercial pre-training under `strict`; those of a
        release are its own. Raises NotFound, InvalidInput.
        """
        from lineage_platform.audit.differing import Differing
        from lineage_platform.audit.moves import Question
        from lineage_platform.policy.policies import load

        given = (policies is not None) + terms + (release is not None)
        if given != 1:
            raise InvalidInput(
                f"policy diff: got {given or 'none'} of --policies, --terms and --release, expected one"
            )
        day = When(None, valid_at).day
        differing = Differing(self.catalog, self.store, self.policies, day)
        if release is not None:
            if corpus is not None or uses or jurisdictions:
                raise InvalidInput(
                    "--release: got it with --corpus, --use or --jurisdiction, expected its own"
                )
            return differing.release(release)
        declared = self.definition
        specs = {item.id: item.release for item in declared.corpora if item.release is not None}

        def asked(name: str) -> Question:
            spec = specs.get(name)
            return Question(
                tuple(uses) or (spec.uses if spec else ("commercial-pretraining",)),
                tuple(jurisdictions) or (spec.jurisdictions if spec else ("strict",)),
                day,
                declared.operator,
            )

        corpora = [corpus] if corpus is not None else self.catalog.corpora()
        if not corpora:
            raise NothingRecorded
        if policies is not None:
            return differing.other_policies(corpora, asked, load([policies]), str(policies))
        return differing.declared_terms(corpora, asked, declared.sources, declared.name)

    @property
    def policies(self) -> PolicySet:
        """The policies that ship, with those of the workspace. Raises InvalidInput with all that is wrong with them."""
        from lineage_platform.policy.policies import load

        return load(policy_folders(self.settings))

    def decisions(
        self,
        corpus: str | None = None,
        *,
        source: str | None = None,
        reason: str | None = None,
        limit: int | None = 20,
    ) -> Decisions:
        """The records that did not make it into the current version of a corpus; `limit` None lists all of them.

        Raises NotFound, InvalidInput.
        """
        from lineage_platform.audit.decisions import list_decisions

        return list_decisions(
            self.catalog, self.store, self._corpus(corpus), source=source, reason=reason, limit=limit
        )

    def sources(self) -> SourceList:
        """All sources with their terms and newest snapshots. Raises InvalidInput when the YAML is wrong."""
        from lineage_platform.audit.listing import list_sources
        from lineage_platform.model.terms import in_force
        from lineage_platform.policy.terms import terms_of

        declared = self.definition.sources
        today = datetime.now(UTC).date()
        statements = {source.id: in_force(terms_of(source, None), today).statement() for source in declared}
        try:
            return list_sources(self.catalog, declared, statements)
        except NothingRecorded:
            return list_sources(None, declared, statements)

    def shards(self, corpus: str | None = None, *, version: str | None = None) -> ShardList:
        """The shards of a corpus version with the paths of their files. Raises NotFound."""
        from lineage_platform.audit.listing import list_shards

        return list_shards(self.catalog, self.store, self._corpus(corpus), version)

    def releases(self, corpus: str | None = None) -> ReleaseList:
        """The releases of a corpus, or of all, newest first, refused ones too."""
        from lineage_platform.audit.releases import list_releases

        return list_releases(self.catalog, corpus)

    def review(self, day: date, corpus: str | None = None, *, record: bool = True) -> tuple[StateChange, ...]:
        """Judge the releases of a corpus, or of all, again for a day; what changes is recorded, or only looked at."""
        from lineage_platform.audit.reviewing import reviews

        found = reviews(self.catalog, self.store, day, corpus)
        for change in found if record else ():
            self.recorder.change_release(change)
        return tuple(found)

    def release(self, release: str) -> ReleaseAnswer:
        """A release by its id or the beginning of it, or the current one of a corpus, with what the gate found. Raises NotFound."""
        from lineage_platform.audit.releases import show_release

        return show_release(self.catalog, self.store, release)

    def overlay(self) -> Replacements:
        """The rows of the overlay, those that count and those that no longer do."""
        from lineage_platform.audit.replaced import list_overlay

        return list_overlay(self.catalog)

    def withdrawals(self) -> WithdrawalList:
        """Every withdrawal, newest first."""
        from lineage_platform.audit.withdrawn import list_withdrawals

        return list_withdrawals(self.catalog)

    def training_runs(self, release: str | None = None) -> TrainingRuns:
        """All training runs, or those that read a release (by id, the beginning of one, or corpus). Raises NotFound."""
        from lineage_platform.audit.consumers import list_training_runs

        return list_training_runs(self.catalog, release)

    def requests(self, subject: str | None = None, *, today: date | None = None) -> RequestList:
        """The register of requests, overdue ones first; with `subject` what one person asked for."""
        from lineage_platform.audit.requests import list_requests

        hashes = None if subject is None else hash_of_subject(self.settings, subject).all
        return list_requests(self.catalog, today or datetime.now(UTC).date(), hashes)

    def request(self, request: str) -> RequestAnswer:
        """One request, by its number, with what was done about it. Raises InvalidInput, NotFound."""
        from lineage_platform.audit.requests import show_request

        return show_request(self.catalog, request, datetime.now(UTC).date())

    def verify(self, tell: Callable[[str, int, int], None] = _quiet) -> Verification:
        """Recompute everything that was recorded; `tell(what, done, total)` is called on the way. Raises InvalidInput."""
        from lineage_platform.audit.verify import verify

        return verify(self.catalog, self.store, self.public_key, tell)

    def bundle(self, release: str) -> tuple[str, bytes]:
        """The id of a release (given by id, the beginning of one, or corpus) and its evidence as one file.

        Raises NotFound, and VerificationFailed where it does not hold: a bundle is checked before it is given.
        """
        from lineage_platform.audit.bundle.checking import verify_bundle
        from lineage_platform.audit.bundle.making import make_bundle

        name, data = make_bundle(self.catalog, self.store, release, self.public_key)
        if problems := verify_bundle(data, self.public_key).problems:
            first = problems[0]
            raise VerificationFailed(
                f"{name}: {len(problems)} problems, first {first.kind} {first.id}: got {first.got}, expected "
                f"{first.expected}; run `lineage verify`"
            )
        return name, data

    def checkpoint(self) -> SignedCheckpoint:
        """The ledger's newest signed checkpoint. Raises NotFound when nothing was recorded."""
        from lineage_platform.audit.checkpoints import newest

        return newest(self.catalog)

    def compare_checkpoint(self, note: str) -> Comparison:
        """Whether the ledger still extends a checkpoint that was exported before.

        Raises InvalidInput when it is no checkpoint of this ledger, VerificationFailed when its signature does not hold.
        """
        from lineage_platform.audit.checkpoints import compare

        return compare(self.catalog, note, self.public_key)

    @property
    def public_key(self) -> Ed25519PublicKey:
        """The key that checkpoints are verified with. Raises InvalidInput."""
        from lineage_platform.ledger.keys import load_public_key

        return load_public_key(self.settings.key_file.with_suffix(".pub"))

    def _corpus(self, corpus: str | None) -> str:
        if corpus is not None:
            return corpus
        known = self.catalog.corpora()
        if not known:
            raise NothingRecorded
        if len(known) > 1:
            raise InvalidInput(f"corpus: got none, expected one of {', '.join(known)}")
        return known[0]

    @property
    def declared(self) -> Sequence[Source] | None:
        """The sources of the YAML; none where there is no YAML, None where it has errors."""
        if not (self.settings.workspace / "sources").is_dir():
            return ()
        try:
            return self.definition.sources
        except InvalidInput:
            return None
