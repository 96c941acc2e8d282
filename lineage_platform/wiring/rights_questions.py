"""Questions about what may be done with things, and what was decided about that."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from lineage_platform.catalog.session import NothingRecorded
from lineage_platform.errors import InvalidInput
from lineage_platform.model.when import When
from lineage_platform.wiring.opened import Opened
from lineage_platform.wiring.subjects import hash_of_subject

if TYPE_CHECKING:
    from lineage_platform.audit.consumers import TrainingRuns
    from lineage_platform.audit.differing import PolicyDiff
    from lineage_platform.audit.explaining import Explanation
    from lineage_platform.audit.releases import ReleaseAnswer, ReleaseList
    from lineage_platform.audit.replaced import Replacements
    from lineage_platform.audit.requests import RequestAnswer, RequestList
    from lineage_platform.audit.rollups import RightsByShard, RightsSummary
    from lineage_platform.audit.withdrawn import WithdrawalList
    from lineage_platform.model.releases import StateChange


class RightsQuestions(Opened):
    """Verdicts, roll-ups, releases, replaced terms, withdrawals, requests."""

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

    def releases(self, corpus: str | None = None) -> ReleaseList:
        """The releases of a corpus, or of all, newest first, refused ones too."""
        from lineage_platform.audit.releases import list_releases

        return list_releases(self.catalog, corpus)

    def release(self, release: str) -> ReleaseAnswer:
        """A release by its id or the beginning of it, or the current one of a corpus, with what the gate found. Raises NotFound."""
        from lineage_platform.audit.releases import show_release

        return show_release(self.catalog, self.store, release)

    def review(self, day: date, corpus: str | None = None, *, record: bool = True) -> tuple[StateChange, ...]:
        """Judge the releases of a corpus, or of all, again for a day; what changes is recorded, or only looked at."""
        from lineage_platform.audit.reviewing import reviews

        found = reviews(self.catalog, self.store, day, corpus)
        for change in found if record else ():
            self.recorder.change_release(change)
        return tuple(found)

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
