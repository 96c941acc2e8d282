"""`lineage verify`: recompute every digest."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

from lineage_platform.cli import output
from lineage_platform.cli.options import JsonOption, WorkspaceOption, opened

Tell = Callable[[str, int, int], None]
"""(what is being recomputed, done, total)"""


def verify(context: typer.Context, as_json: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """Recompute every digest of ledger, manifests, placements and shards, and say what is wrong.

    Reads all files of all versions. Exit code 1 when there is a problem.

    \b
    lineage verify
    lineage verify --json
    """
    with opened(context, workspace) as open_workspace, _progress() as tell:
        answer = open_workspace.verify(tell)
    if as_json:
        output.as_json(answer.to_dict())
    else:
        counts = ", ".join(f"{count:,} {what.replace('_', ' ')}" for what, count in answer.checked.items())
        output.line(f"recomputed {counts}")
        output.table("Problems", answer.rows(), ("kind", "id", "got", "expected"))
        output.line("all is as it was recorded" if answer.ok else f"{len(answer.problems):,} problems")
    if not answer.ok:
        raise typer.Exit(1)


@contextmanager
def _progress() -> Iterator[Tell]:
    """A bar on standard error where that is a terminal, else nothing."""
    if not sys.stderr.isatty():
        yield lambda _what, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import Progress, TaskID

    with Progress(console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done)

        yield tell
