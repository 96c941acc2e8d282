"""One try at making a version: a run that ends as COMPLETE, FAIL or ABORT, whatever happens to the process.

Order of a commit: under a lease that keeps the sweeper away the files become objects; then, under the ledger's lock,
version, edges, terms, run, event and checkpoint; one COMMIT makes all of it visible. Killed before it, only files without
a row are left, which nobody sees and the next sweep deletes.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Sequence
from functools import partial
from types import TracebackType
from typing import Self
from uuid import UUID, uuid4

import pyarrow as pa
from sqlalchemy import Connection

from lineage_platform.catalog import locks, statements, versions, writing
from lineage_platform.catalog.forms import memo_key, statistics_form, version_id
from lineage_platform.catalog.ledger import Ledger
from lineage_platform.errors import Conflict, InvalidInput, LineageError
from lineage_platform.events.arguments import EventDataset, RunState
from lineage_platform.events.build import run_event
from lineage_platform.files import Place, place
from lineage_platform.model.versions import (
    CheckResult,
    File,
    ParentRun,
    Result,
    Snapshot,
    Statistics,
    Transformation,
    Version,
)
from lineage_platform.recording import closing, telling
from lineage_platform.recording.backend import Backend
from lineage_platform.recording.faults import account_of
from lineage_platform.store.manifest import NAME, ROLE, manifest


class Attempt:
    """Use as a context manager: entering records START, an exception FAIL (or ABORT when the process is told to stop).

    `scratch` is the folder to write parts into; it is gone after the attempt.
    """

    def __init__(
        self,
        backend: Backend,
        dataset: str,
        transformation: Transformation,
        inputs: Sequence[Version | Snapshot],
        parent: ParentRun | None,
        owner: str | None,
    ) -> None:
        self.dataset = dataset
        self._id = uuid4()
        self._backend = backend
        self._transformation = transformation
        self._inputs = tuple(inputs)
        self._input_ids = [item.id for item in inputs]
        self._parent = parent
        self._owner = owner
        self._memo_key = memo_key(dataset, transformation, self._input_ids)
        self._view: UUID | None = None
        self._started_at: datetime.datetime | None = None
        self._committed = False

    @property
    def run_id(self) -> str:
        """The id of the run in events, catalog and ledger."""
        return str(self._id)

    @property
    def scratch(self) -> Place:
        """The folder of this attempt in the store; made when first asked for."""
        return self._backend.store.scratch(self.run_id)

    def __enter__(self) -> Self:
        self._backend.database.transaction(self._start)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        fault = None
        if isinstance(error, Exception) and not isinstance(error, LineageError):
            fault = self._backend.store.fault(error)
        try:
            if not self._committed:
                self._close(fault or error)
        finally:
            self._backend.store.discard(self.run_id)
        if fault is not None:
            raise fault from error

    def commit(
        self, result: Result, checks: Sequence[CheckResult] = (), pin: tuple[str, str, str] | None = None
    ) -> Version:
        """Make the result a version of the dataset, and the current one, with whatever its checks say.

        The same content made again of the same inputs is no new version: this run confirms it. `pin` (corpus, recipe,
        name) pins the id of the version in the same transaction, unless another one is pinned. Raises Conflict when another
        writer made another version from other inputs since this attempt began, LineageError when the disk is full,
        VerificationFailed when a part is not what it says, Unavailable when the database stays away.
        """
        fields = telling.fields_of(self.dataset, [(part.role, place(part.path)) for part in result.parts])
        version = self._backend.database.transaction(
            partial(self._commit, result=result, checks=tuple(checks), fields=fields, pin=pin)
        )
        self._committed = True
        return version

    def confirm(self, version: Version) -> Version:
        """Make an older version of the dataset current again, without making its files again.

        Raises Conflict like `commit`.
        """
        if version.id != version_id(self.dataset, version.content_digest, self._memo_key):
            raise InvalidInput(
                f"{self.dataset}: got {version.id}, expected a version made in the same way of the same inputs"
            )
        store = self._backend.store
        fields = telling.fields_of(self.dataset, [(file.role, store.path(file)) for file in version.files])
        result = Result(version.content_digest, (), version.statistics)
        confirmed = self._backend.database.transaction(
            partial(self._commit, result=result, checks=version.checks, fields=fields)
        )
        self._committed = True
        return confirmed

    def _start(self, connection: Connection) -> None:
        ledger = Ledger(connection)
        current = versions.current_run(connection, self.dataset)
        self._view = None if current is None else current.run_id
        self._started_at = ledger.time
        fresh = writing.start_run(
            connection,
            self._id,
            dataset=self.dataset,
            transformation=self._transformation,
            memo_key=self._memo_key,
            parent=self._parent,
            time=ledger.time,
            ledger_index=ledger.size,
        )
        if fresh:
            self._append(ledger, "START", [EventDataset(self.dataset)])
            ledger.write()

    def _commit(
        self,
        connection: Connection,
        result: Result,
        checks: tuple[CheckResult, ...],
        fields: pa.Schema | None,
        pin: tuple[str, str, str] | None = None,
    ) -> Version:
        name = version_id(self.dataset, result.content_digest, self._memo_key)
        locks.share(connection, locks.FILES)
        if writing.state_of(connection, self._id) == "START":
            self._refuse_conflict(connection, "START")  # now, while nothing of ours is an object
        files = self._adopt(result, versions.version(connection, name))

        ledger = Ledger(connection)
        known = versions.version(connection, name)
        state = writing.state_of(connection, self._id)
        if state == "COMPLETE" and known is not None:
            return known  # the connection broke during COMMIT, which had been carried out
        self._refuse_conflict(connection, state)
        statistics = result.statistics
        if known is not None:
            files, statistics = known.files, known.statistics
        listing = self._manifest(result, files, statistics)
        manifest_sha256 = hashlib.sha256(listing).hexdigest()
        index = ledger.size
        news = statements.news(connection, result.terms, since=self._started_at)
        statements.append(connection, news, recorded_at=ledger.time, run_id=self._id, ledger_index=index)
        if known is None:
            writing.insert_version(
                connection,
                name,
                self.dataset,
                result,
                files,
                self._input_ids,
                manifest_sha256=manifest_sha256,
                time=ledger.time,
                run_id=self._id,
                ledger_index=index,
            )
        nothing = {item.number: (0, 0) for item in news}
        counts = {**nothing, **result.statistics.by_terms}
        output = telling.made(
            self.dataset,
            name,
            result,
            inputs=self._input_ids,
            transformation=self._transformation,
            fields=fields,
            files=files,
            manifest_sha256=manifest_sha256,
            checks=checks,
            counts=counts,
            statements=statements.pieces_of_numbers(connection, counts, ledger.time.date()),
            owner=self._owner,
        )
        self._append(ledger, "COMPLETE", [output])
        writing.complete_run(
            connection, self._id, gave=name, checks=checks, time=ledger.time, ledger_index=index
        )
        if pin is not None:
            writing.pin(connection, *pin, name)
        ledger.write(self._backend.key)
        version = versions.version(connection, name)
        assert version is not None  # noqa: S101 - inserted above, or known
        return version

    def _adopt(self, result: Result, known: Version | None) -> Sequence[File]:
        """Objects of the version: ours, or those it has, of which ours that are equal mend what may be lost."""
        store = self._backend.store
        if known is None:
            files = store.adopt(result.parts)
            store.put_bytes(NAME, ROLE, self._manifest(result, files, result.statistics))
            return files
        if known.content_digest != result.content_digest:
            raise LineageError(
                f"{known.id}: two contents with digests that begin alike: {known.content_digest} and "
                f"{result.content_digest}"
            )
        lacking = {part.role for part in result.parts} - {file.role for file in known.files}
        if lacking:
            raise LineageError(
                f"{known.id} has no {', '.join(sorted(lacking))}, the same content made now has: expected a content "
                "digest that tells them apart"
            )
        digests = {file.sha256 for file in known.files}
        store.adopt(part for part in result.parts if part.sha256 in digests)
        store.put_bytes(NAME, ROLE, self._manifest(result, known.files, known.statistics))
        return known.files

    def _manifest(self, result: Result, files: Sequence[File], statistics: Statistics) -> bytes:
        return manifest(self.dataset, result.content_digest, files, statistics_form(statistics))

    def _refuse_conflict(self, connection: Connection, state: str | None) -> None:
        if state != "START":
            raise Conflict(
                f"{self.dataset}: run {self.run_id} was closed as {state} while it worked; nothing of it was kept, "
                "run it again"
            )
        current = versions.current_run(connection, self.dataset)
        if current is not None and current.run_id != self._view and current.memo_key != self._memo_key:
            raise Conflict(
                f"{self.dataset}: {current.version_id} was committed from other inputs while this attempt worked; "
                "nothing of it was kept, run it again"
            )

    def _close(self, error: BaseException | None) -> None:
        """Record that the attempt gave nothing; an error in doing so is told with the one that led here."""
        state: closing.Closed = "FAIL" if isinstance(error, Exception) else "ABORT"
        account = "the attempt ended without a commit" if error is None else account_of(error)
        close = partial(closing.close, runs=[self._id], state=state, error=account)
        try:
            self._backend.database.transaction(close)
        except LineageError as failure:
            if error is None:
                raise
            error.add_note(f"the run {self.run_id} could not be closed: {failure}")

    def _append(self, ledger: Ledger, state: RunState, outputs: Sequence[EventDataset]) -> None:
        event = run_event(
            state,
            run_id=self.run_id,
            time=ledger.time,
            namespace=ledger.namespace,
            job=self.dataset,
            parent=self._parent,
            inputs=[telling.read(item) for item in self._inputs],
            outputs=outputs,
            transformation=self._transformation,
            owner=self._owner,
        )
        ledger.append(state, event, self._id)
