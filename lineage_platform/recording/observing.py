"""Sources as they were found: a snapshot where the content is new, statements of terms where they changed."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Sequence
from dataclasses import asdict, replace
from operator import attrgetter
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, select

from lineage_platform.catalog import statements, tables, versions, writing
from lineage_platform.catalog.forms import checks_form, checks_from, memo_key, rfc3339, storable
from lineage_platform.catalog.ledger import Ledger
from lineage_platform.errors import ChecksFailed, Conflict, InvalidInput, LineageError, NotFound
from lineage_platform.events.arguments import EventDataset, RunState
from lineage_platform.events.build import dataset_event, run_event
from lineage_platform.ledger.canonical import canonical
from lineage_platform.model.definitions import Source
from lineage_platform.model.terms import Terms
from lineage_platform.model.versions import CheckResult, ParentRun, Snapshot, SnapshotFile, Transformation
from lineage_platform.recording import telling
from lineage_platform.recording.backend import Backend
from lineage_platform.recording.faults import without_secrets

CODE_VERSION = "1"


def observe(
    connection: Connection,
    backend: Backend,
    source: Source,
    digest: str,
    files: Sequence[SnapshotFile],
    parent: ParentRun | None,
    terms: Sequence[Terms],
    checks: Sequence[CheckResult],
    since: int | None,
) -> Snapshot:
    """Record what is new about a source as one run; where nothing is, nothing is written.

    The same digest is the same snapshot, with the number it always had. Changed statements are a dataset event. Checks
    that say something else than those of the newest observation are new too.
    `since` is the entry that had last said something about the source's terms when the caller looked (see
    `Recorder.terms_entry`); None: the caller does not mind. Raises Conflict when another writer changed them since, to
    something else than what the caller states; InvalidInput for a file name that is not UTF-8.
    """
    unstorable = [file.path for file in files if storable(file.path) != file.path]
    if unstorable:
        raise InvalidInput(
            f"source/{source.id}: got file {unstorable[0]!a}, expected a name in UTF-8; rename it"
        )
    ledger = Ledger(connection)
    known = versions.snapshot(connection, source.id, digest[:16])
    if known is not None and known.digest != digest:
        raise LineageError(f"source/{source.id}: two contents with digests that begin alike, one is {digest}")
    current = versions.current_run(connection, f"source/{source.id}")
    news = statements.news(connection, terms)
    if (
        known is not None
        and current is not None
        and current.version_id == known.id
        and not news
        and _checks_of(connection, current.run_id) == checks_form(checks)
    ):
        return known

    _refuse_conflict(connection, source.id, news, since)
    run_id = uuid4()
    dataset = f"source/{source.id}"
    name = Snapshot(source.id, 0, digest, (), "").id
    definition = definition_of(source)
    declared = hashlib.sha256(canonical(storable(definition))).hexdigest()
    transformation = Transformation(
        "observe", CODE_VERSION, {"format": source.format, "definition": declared}
    )
    output = replace(telling.observed(source.id, name, files, source.steward), checks=tuple(checks))

    def event(state: RunState, outputs: Sequence[EventDataset]) -> dict[str, Any]:
        return run_event(
            state,
            run_id=str(run_id),
            time=ledger.time,
            namespace=ledger.namespace,
            job=dataset,
            parent=parent,
            outputs=outputs,
            transformation=transformation,
            owner=source.steward,
        )

    index = ledger.append("START", event("START", [EventDataset(dataset)]), run_id)
    writing.start_run(
        connection,
        run_id,
        dataset=dataset,
        transformation=transformation,
        memo_key=memo_key(dataset, transformation, [name]),
        parent=parent,
        time=ledger.time,
        ledger_index=index,
    )
    if news:
        day = ledger.time.date()
        by_number = [list(pieces) for _, pieces in itertools.groupby(news, key=attrgetter("number"))]
        said = [(statements.in_force_first(pieces, day), None, None) for pieces in by_number]
        stated = EventDataset(name=dataset, version=name, owner=source.steward, terms=said)
        change = dataset_event(time=ledger.time, namespace=ledger.namespace, dataset=stated)
        index = ledger.append("TERMS", change, run_id)
        statements.append(connection, news, recorded_at=ledger.time, run_id=run_id, ledger_index=index)
    index = ledger.append("COMPLETE", event("COMPLETE", [output]), run_id)
    if known is None:
        number = writing.insert_snapshot(
            connection,
            source.id,
            digest,
            files,
            definition,
            time=ledger.time,
            run_id=run_id,
            ledger_index=index,
        )
        known = Snapshot(source.id, number, digest, tuple(files), rfc3339(ledger.time))
    writing.complete_run(connection, run_id, gave=name, checks=checks, time=ledger.time, ledger_index=index)
    ledger.write(backend.key)
    return known


def _refuse_conflict(connection: Connection, source: str, news: Sequence[Terms], since: int | None) -> None:
    entry = statements.newest_entry(connection, source)
    if news and since is not None and entry is not None and entry != since:
        raise Conflict(
            f"source/{source}: its terms were changed (ledger entry {entry}) while this observation worked, to something "
            "else than is declared here; nothing of it was kept: compare the two and observe the source again"
        )


def newest(connection: Connection, source: str, *, usable: bool) -> Snapshot:
    """The snapshot of a source that was observed last.

    Raises NotFound, or, where it is to be `usable`, ChecksFailed when error-level checks of that observation failed.
    """
    run = versions.current_run(connection, f"source/{source}")
    snapshot = versions.current_snapshot(connection, source)
    if run is None or snapshot is None:
        raise NotFound("source", source, versions.sources(connection))
    checks = checks_from(_checks_of(connection, run.run_id))
    failed = [check for check in checks if not check.success and check.severity == "error"]
    if usable and failed:
        listed = "; ".join(f"{item.name}: got {item.actual}, expected {item.expected}" for item in failed)
        raise ChecksFailed(f"{snapshot.id} must not be used, {len(failed)} checks failed: {listed}")
    return snapshot


def _checks_of(connection: Connection, run_id: UUID) -> list[dict[str, Any]]:
    """The check results of a run, as JSON."""
    return connection.scalar(select(tables.runs.c.checks).where(tables.runs.c.run_id == run_id)) or []


def definition_of(source: Source) -> dict[str, Any]:
    """A source as declared, as JSON, without what an address may hold of secrets: user, password, query."""
    form = {**asdict(source), "record": source.record.to_form()}
    form["location"] = (
        re.sub(r"\?.*", "?...", without_secrets(source.location))
        if "://" in source.location
        else source.location
    )
    return form
