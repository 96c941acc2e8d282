"""Training runs: who read a release, and the model that came out, as one event, however often it is told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection

from lineage_platform.catalog import training
from lineage_platform.catalog.forms import rfc3339, storable
from lineage_platform.catalog.ledger import Ledger
from lineage_platform.errors import Conflict, InvalidInput, NotFound
from lineage_platform.events.training import training_event
from lineage_platform.ledger.canonical import canonical
from lineage_platform.model.training import TrainingRun
from lineage_platform.recording.backend import Backend

_LONGEST = 200
_CLOCKS = timedelta(minutes=5)
"""How far the clock of whoever tells us may be ahead."""


def record(connection: Connection, backend: Backend, run: TrainingRun) -> str:
    """Record that `run` read a release and gave a model; returns the run's id, which follows from both and the job.

    What is recorded already is not recorded again. Raises NotFound for a release that there was not, InvalidInput for one
    that was not released when the run ended, or words that make no sense, Conflict where the same run was recorded with
    other particulars.
    """
    _check_words(run)
    ledger = Ledger(connection)
    run_id = uuid5(UUID(ledger.namespace.rpartition("/")[2]), canonical(_named(run)).decode())
    known = training.known(connection, run_id)
    if known is not None:
        _refuse_other(run, known)
        return str(run_id)
    ended_at = run.ended_at or ledger.time
    if ended_at > ledger.time + _CLOCKS:
        raise InvalidInput(f"ended at: got {rfc3339(ended_at)}, expected a time that has passed")
    state = training.state_of(connection, run.release, ended_at)
    if state is None:
        raise NotFound("release", run.release, training.releases(connection))
    if state != "released":
        raise InvalidInput(
            f"{run.release}: got a release that was {state} at {rfc3339(ended_at)}, expected one that was released; "
            "`lineage releases` lists them"
        )
    event = training_event(
        run,
        run_id=str(run_id),
        time=ledger.time,
        ended_at=ended_at,
        namespace=ledger.namespace,
        dataset=run.release.rpartition("@")[0],
    )
    training.put(
        connection, run_id, run, ended_at=ended_at, recorded_at=ledger.time, ledger_index=ledger.size
    )
    ledger.append("COMPLETE", event, run_id)
    ledger.write(backend.key)
    return str(run_id)


def _refuse_other(run: TrainingRun, known: Mapping[str, Any]) -> None:
    """Whoever tells less than what is recorded contradicts nothing."""
    same = all(known["details"].get(name) == value for name, value in run.details.items())
    if not same or run.ended_at not in (None, known["ended_at"]):
        raise Conflict(
            f"{run.model} {run.model_version} of {run.release} is recorded since {rfc3339(known['recorded_at'])} "
            f"with {known['details']}, ended at {rfc3339(known['ended_at'])}; expected the same, or another version"
        )


def _named(run: TrainingRun) -> dict[str, str]:
    return {"release": run.release, "job": run.job, "model": run.model, "version": run.model_version}


def _check_words(run: TrainingRun) -> None:
    words = {**_named(run), **run.details}
    for name, said in words.items():
        if not said.strip() or len(said) > _LONGEST * (10 if name == "uri" else 1) or storable(said) != said:
            raise InvalidInput(
                f"{name}: got {said[:_LONGEST]!r}, expected at most {_LONGEST} characters, and not none"
            )
    if run.sha256 is not None and not re.fullmatch("[0-9a-f]{64}", run.sha256):
        raise InvalidInput(f"sha256: got {run.sha256!r}, expected 64 lower-case hex digits")
