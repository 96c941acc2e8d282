"""Runs that a kill left open are closed at the next start, in Dagster and in the ledger."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import dagster as dg

from lineage_platform.recording import Recorder
from lineage_platform.settings import read_settings
from lineage_platform.wiring import open_recorder

PROCESS_TAG = "lineage/process"

_OPEN = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


def this_process() -> str:
    """Names this process beyond the reuse of process ids: host, boot, namespace, process id, start time."""
    return _process(os.getpid())


def mark_process(context: dg.AssetExecutionContext) -> None:
    """Write into the run which process executes it, so that another can tell whether it is gone."""
    if context.run.tags.get(PROCESS_TAG) is None:
        context.instance.add_run_tags(context.run.run_id, {PROCESS_TAG: this_process()})


def _process(pid: int) -> str:
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    space = Path("/proc/self/ns/pid").readlink()
    start = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    return f"{socket.gethostname()}/{boot}/{space}/{pid}/{start}"


def is_gone(process: str) -> bool:
    """Whether a process is certainly gone. One of another host, or of another container of this one, cannot be judged
    from here: its run is closed where it ran, or by a person in Dagster's pages."""
    host, boot, space, pid, _ = process.split("/")
    ours = this_process().split("/")
    if host != ours[0]:
        return False
    if boot != ours[1]:
        return True
    if space != ours[2]:
        return False
    try:
        return _process(int(pid)) != process
    except (OSError, ValueError):
        return True


def close_orphans(instance: dg.DagsterInstance, recorder: Recorder) -> None:
    """Close the open runs whose process is gone, in Dagster; then those they were asked for by, in the ledger (ABORT);
    then delete the files that nobody committed."""
    for run in instance.get_runs(dg.RunsFilter(statuses=_OPEN)):
        process = run.tags.get(PROCESS_TAG)
        if process is not None and is_gone(process):
            message = f"The process of this run is gone ({process}); closed at the next start."
            instance.report_run_failed(run, message)

    def is_open(run_id: str) -> bool:
        run = instance.get_run_by_id(run_id)
        return run is not None and not run.is_finished

    recorder.abort_orphans(is_open)
    recorder.sweep()


def main() -> None:
    """`python -m assets.orphans`: what `lineage up` does before it starts anything."""
    with dg.DagsterInstance.get() as instance:
        close_orphans(instance, open_recorder(read_settings()))


if __name__ == "__main__":
    main()
