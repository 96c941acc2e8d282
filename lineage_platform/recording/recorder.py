"""The recorder: what assets ask and tell the catalog."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import ColumnElement, Connection, select

from lineage_platform.catalog import locks, statements, tables, versions, writing
from lineage_platform.catalog.believed import Later, no_later
from lineage_platform.catalog.engine import Database
from lineage_platform.catalog.forms import memo_key
from lineage_platform.catalog.ledger import namespace
from lineage_platform.errors import ChecksFailed, NotFound
from lineage_platform.files import Place
from lineage_platform.model.definitions import Source
from lineage_platform.model.overlay import Cover
from lineage_platform.model.releases import StateChange
from lineage_platform.model.requests import Request, Step
from lineage_platform.model.terms import Terms
from lineage_platform.model.training import TrainingRun
from lineage_platform.model.versions import (
    CheckResult,
    ParentRun,
    Snapshot,
    SnapshotFile,
    Transformation,
    Version,
)
from lineage_platform.model.withdrawals import Planned, Recorded
from lineage_platform.recording import (
    closing,
    observing,
    overlaying,
    refusing,
    release_states,
    requests,
    training,
    withdrawing,
)
from lineage_platform.recording.attempt import Attempt
from lineage_platform.recording.backend import Backend
from lineage_platform.store import Store
from lineage_platform.store.objects import Swept


class Recorder:
    """Every method is one transaction, tried again while the database is away, then raising Unavailable."""

    def __init__(
        self, database: Database, store: Store, key: Ed25519PrivateKey, later: Later = no_later
    ) -> None:
        """`later` follows data subjects through the rotation of keys."""
        self.store = store
        self._later = later
        self._database = database
        self._backend = Backend(database, store, key)

    def close(self) -> None:
        """Give the database's connections back."""
        self._database.close()

    def observe(
        self,
        source: Source,
        digest: str,
        files: Sequence[SnapshotFile],
        parent: ParentRun | None = None,
        terms: Sequence[Terms] = (),
        checks: Sequence[CheckResult] = (),
        since: int | None = None,
    ) -> Snapshot:
        """Record what stands at a source now: the same digest is the same snapshot; equal terms and checks are not repeated.

        Raises Conflict when other terms were recorded after the entry `since` (see `terms_entry`).
        """
        return self._database.transaction(
            partial(
                observing.observe,
                backend=self._backend,
                source=source,
                digest=digest,
                files=files,
                parent=parent,
                terms=terms,
                checks=checks,
                since=since,
            )
        )

    def attempt(
        self,
        dataset: str,
        transformation: Transformation,
        inputs: Sequence[Version | Snapshot],
        parent: ParentRun | None = None,
        owner: str | None = None,
    ) -> Attempt:
        """One try at making a version of a dataset; `owner` is the steward that events name."""
        return Attempt(self._backend, dataset, transformation, inputs, parent, owner)

    def latest(self, dataset: str) -> Version | None:
        """The current version of a dataset, whatever its checks say."""
        return self._database.transaction(partial(versions.current_version, dataset=dataset))

    def usable(self, dataset: str) -> Version:
        """The current version of a dataset, to build on. Raises NotFound, or ChecksFailed when it must not be used."""

        def work(connection: Connection) -> Version:
            version = versions.current_version(connection, dataset)
            if version is None:
                raise NotFound("dataset", dataset, versions.datasets(connection))
            return version

        version = self._database.transaction(work)
        failed = [check for check in version.checks if not check.success and check.severity == "error"]
        if failed:
            listed = "; ".join(f"{item.name}: got {item.actual}, expected {item.expected}" for item in failed)
            raise ChecksFailed(f"{version.id} must not be used, {len(failed)} checks failed: {listed}")
        return version

    def version(self, version_id: str) -> Version:
        """A version by its id. Raises NotFound."""

        def work(connection: Connection) -> Version:
            version = versions.version(connection, version_id)
            if version is None:
                raise NotFound("version", version_id, connection.scalars(select(tables.versions.c.id)))
            return version

        return self._database.transaction(work)

    def snapshot(self, source: str, *, usable: bool = True) -> Snapshot:
        """The snapshot of a source that was observed last, to build on; not `usable`: whatever its checks say.

        Raises NotFound, or ChecksFailed when it must not be used.
        """
        return self._database.transaction(partial(observing.newest, source=source, usable=usable))

    def find(self, dataset: str, transformation: Transformation, inputs: Sequence[str]) -> Version | None:
        """The version that the same transformation made of the same inputs (ids), with checks that passed.

        It need not be current: where it is not, `attempt.confirm(version)` makes it so.
        """
        key = memo_key(dataset, transformation, inputs)

        def work(connection: Connection) -> Version | None:
            name = versions.memoised(connection, dataset, key)
            return None if name is None else versions.version(connection, name)

        return self._database.transaction(work)

    def paths(self, version: Version, role: str) -> list[Place]:
        """Where the files of one role are, in name order."""
        return [self.store.path(file) for file in version.files_of(role)]

    def statements(self, numbers: Iterable[int]) -> dict[int, Terms]:
        """The statement now in force for each terms number that has one."""
        return self._database.transaction(partial(statements.of_numbers, numbers=list(numbers)))

    def terms_of_source(self, source: str) -> list[Terms]:
        """The statements now in force about the records of a source, the source's own first."""
        found = self._database.transaction(partial(statements.of_source, source=source))
        return list(found.values())

    def restate(
        self,
        covers: Sequence[Cover],
        terms: Terms,
        *,
        reason: str,
        author: str,
        valid_from: datetime | None = None,
        valid_to: datetime | None = None,
    ) -> list[int]:
        """Lay terms over those of what `covers` name, from now on or `valid_from`; returns the rows of the overlay.

        Raises InvalidInput, and NotFound for a source or document that was never read.
        """
        return self._database.transaction(
            partial(
                overlaying.restate,
                backend=self._backend,
                covers=covers,
                terms=terms,
                reason=reason,
                author=author,
                valid_from=valid_from,
                valid_to=valid_to,
            )
        )

    def reinstate(
        self, rows: Sequence[int], *, reason: str, author: str, effective: datetime | None = None
    ) -> None:
        """Lift rows of the overlay, from now on or `effective`. Raises NotFound, Conflict where one is lifted already."""
        self._database.transaction(
            partial(
                overlaying.reinstate,
                backend=self._backend,
                rows=rows,
                reason=reason,
                author=author,
                effective=effective,
            )
        )

    def withdraw(self, planned: Planned) -> Recorded:
        """Take back what a withdrawal covers, and quarantine what holds it.

        Raises InvalidInput, NotFound for a document that was never read, Conflict where corpus versions were committed that the
        plan did not look into: plan again.
        """
        return self._database.transaction(
            partial(withdrawing.withdraw, backend=self._backend, planned=planned)
        )

    def refused(self, sources: Sequence[str]) -> list[tuple[int, int, str]]:
        """(first key, last key, words): disjoint, ascending ranges of the documents that withdrawals in force take back, of those last
        read of some sources."""
        return self._database.transaction(
            partial(refusing.refused, backend=self._backend, later=self._later, sources=sources)
        )

    def record_training(self, run: TrainingRun) -> str:
        """Record who read a release and the model that came out; returns the run's id, the same each time it is told.

        Raises NotFound, InvalidInput where the release was not released, Conflict where it was told differently before.
        """
        return self._database.transaction(partial(training.record, backend=self._backend, run=run))

    def change_release(self, news: StateChange) -> None:
        """Record what became of a release. Raises NotFound, InvalidInput, Conflict where it changed meanwhile."""
        self._database.transaction(partial(release_states.change, backend=self._backend, news=news))

    def receive(self, request: Request) -> int:
        """Enter a request of a person, a firm or a court; returns its number. Raises InvalidInput."""
        return self._database.transaction(partial(requests.receive, backend=self._backend, request=request))

    def take_step(self, request: int, step: Step) -> None:
        """Record what was done about a request. Raises NotFound, InvalidInput, Conflict where its state does not allow it."""
        self._database.transaction(
            partial(requests.take_step, backend=self._backend, number=request, step=step)
        )

    def terms_entry(self, source: str) -> int:
        """The ledger entry that last said something about the terms of a source's records; -1 where none did."""
        found = self._database.transaction(partial(statements.newest_entry, source=source))
        return -1 if found is None else found

    def pinned(self, corpus: str, recipe: str, name: str) -> Any | None:
        """What was pinned under a name for a recipe."""
        found = self._database.transaction(partial(writing.pinned, corpus=corpus, recipe=recipe, name=name))
        return None if found is None else found[0]

    def pin(self, corpus: str, recipe: str, name: str, default: Callable[[], Any]) -> Any:
        """What is pinned under a name for a recipe; the first who asks pins `default()`, a JSON value."""

        def work(connection: Connection) -> Any:
            found = writing.pinned(connection, corpus, recipe, name)
            if found is None:
                writing.pin(connection, corpus, recipe, name, default())
                found = writing.pinned(connection, corpus, recipe, name)
            assert found is not None  # noqa: S101 - ours, or that of a faster one
            return found[0]

        return self._database.transaction(work)

    def abort_orphans(self, is_alive: Callable[[str], bool]) -> list[str]:
        """Close with ABORT the runs that a killed process left open, and forget what they wrote; returns their ids.

        `is_alive` is asked about parent runs.
        """
        orphans = self._database.transaction(partial(closing.abort_orphans, is_alive=is_alive))
        for run_id in orphans:
            self.store.discard(str(run_id))
        return [str(run_id) for run_id in orphans]

    def sweep(self) -> Swept | None:
        """Delete files that no committed row names; None where somebody is committing files just now.

        Raises InvalidInput when the store is another deployment's.
        """

        def work(connection: Connection) -> Swept | None:
            if not locks.try_take(connection, locks.FILES):
                return None
            listed = select(tables.files.c.sha256).union(select(tables.versions.c.manifest_sha256))
            kept = set(connection.scalars(listed))
            deployment = namespace(connection.scalars(select(tables.deployment.c.id)).one())
            self.store.claim(deployment, kept | _runs(connection))
            found = (
                self.store.attempts()
            )  # before asking who is at work: a run is recorded before its folder is made
            return self.store.sweep(kept, found - _runs(connection, tables.runs.c.state == "START"))

        return self._database.transaction(work)


def _runs(connection: Connection, *which: ColumnElement[bool]) -> set[str]:
    return {str(run) for run in connection.scalars(select(tables.runs.c.run_id).where(*which))}
