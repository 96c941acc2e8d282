"""Runs that a kill left open are closed at the next start, in Dagster and in the ledger."""

from __future__ import annotations

import os
from pathlib import Path

import dagster as dg

PROCESS_TAG = "lineage/process"

_OPEN = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


def this_process() -> str:
    """Names this process beyond the reuse of process ids: boot, process id, start time."""
    return _process(os.getpid())


def mark_process(context: dg.AssetExecutionContext) -> None:
    """Write into the run which process executes it, so that another can tell whether it is gone."""
    if context.run.tags.get(PROCESS_TAG) is None:
        context.instance.add_run_tags(context.run_id, {PROCESS_TAG: this_process()})


def _process(pid: int) -> str:
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    start = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    return f"{boot}/{pid}/{start}"


def _alive(process: str) -> bool:
    try:
        return _process(int(process.split("/")[1])) == process
    except (OSError, ValueError, IndexError):
        return False


def close_orphans(instance: dg.DagsterInstance) -> list[str]:
    """Close the open runs whose process is gone; returns the ids of the runs that are still alive."""
    alive = []
    for run in instance.get_runs(dg.RunsFilter(statuses=_OPEN)):
        process = run.tags.get(PROCESS_TAG)
        if process is None or _alive(process):
            alive.append(run.run_id)
        else:
            instance.report_run_failed(
                run, f"The process of this run is gone ({process}); closed at the next start."
            )
    return alive
