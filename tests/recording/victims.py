"""Processes that are killed, or run out of disk, at a chosen point of a commit."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from lineage_platform.errors import LineageError
from lineage_platform.model.versions import ParentRun, Snapshot
from lineage_platform.model.withdrawals import Planned
from lineage_platform.settings import Settings
from lineage_platform.wiring import open_recorder
from tests.recording.worlds import STEP, result

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.recording.victims", "lineage_platform.recording.recorder"])

PARENT = ParentRun("dagster", "__ASSET_JOB", "7f7be8cb-7a4e-4c4f-9f93-5b6e7f2f7c10")
DATASET = "documents/notes"

POINTS = [
    "before lineage_platform.store.local:LocalStore.adopt",
    "before lineage_platform.store.local:_sync",
    "after lineage_platform.store.local:LocalStore._place",
    "after lineage_platform.store.local:LocalStore.adopt",
    "after lineage_platform.store.local:LocalStore.put_bytes",
    "before lineage_platform.catalog.statements:append",
    "after lineage_platform.catalog.writing:insert_version",
    "after lineage_platform.catalog.writing:complete_run",
    "before lineage_platform.catalog.ledger:Ledger.write",
    "after lineage_platform.catalog.ledger:Ledger.write",
    "after lineage_platform.catalog.engine:Database.transaction",
    "before lineage_platform.store.local:LocalStore.discard",
]


def killed(settings: Settings, snapshot: Snapshot, content: str, point: str) -> None:
    """Run a commit of `content` in a process that kills itself at `point`, a place that only a commit passes."""
    process = _CONTEXT.Process(target=_commit_until, args=(settings, snapshot, content, point))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL


def killed_withdrawing(settings: Settings, planned: Planned, point: str) -> None:
    """Record a withdrawal in a process that kills itself at `point`."""
    process = _CONTEXT.Process(target=_withdraw_until, args=(settings, planned, point))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL


def limited(settings: Settings, snapshot: Snapshot, content: str, length: int) -> str:
    """Run a commit of `content` in a process whose files may not grow beyond `length` bytes; returns what was said."""
    here, there = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=_commit_limited, args=(settings, snapshot, content, length, there))
    process.start()
    assert here.poll(60)
    said = here.recv()
    process.join(60)
    return said


def _commit_until(settings: Settings, snapshot: Snapshot, content: str, point: str) -> None:
    recorder = open_recorder(settings)
    with recorder.attempt(DATASET, STEP, [snapshot], PARENT) as attempt:
        made = result(attempt.scratch, content)
        _arm(point)
        attempt.commit(made)
    os._exit(0)


def _withdraw_until(settings: Settings, planned: Planned, point: str) -> None:
    recorder = open_recorder(settings)
    _arm(point)
    recorder.withdraw(planned)
    os._exit(0)


def _commit_limited(
    settings: Settings, snapshot: Snapshot, content: str, length: int, there: Connection
) -> None:
    recorder = open_recorder(settings)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with recorder.attempt(DATASET, STEP, [snapshot], PARENT) as attempt:
            made = result(attempt.scratch, content)
            resource.setrlimit(resource.RLIMIT_FSIZE, (length, length))
            result(attempt.scratch, content + content)
            attempt.commit(made)
        there.send("committed")
    except LineageError as error:
        there.send(str(error))


def _arm(point: str) -> None:
    when, _, place = point.partition(" ")
    module, _, path = place.partition(":")
    owner: Any = importlib.import_module(module)
    *parents, name = path.split(".")
    for parent in parents:
        owner = getattr(owner, parent)
    original: Callable[..., Any] = getattr(owner, name)

    def die(*args: Any, **options: Any) -> Any:
        if when == "after":
            original(*args, **options)
        sys.stdout.flush()
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, die)
