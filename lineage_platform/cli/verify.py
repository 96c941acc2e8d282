"""`lineage verify`: recompute every digest."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lineage_platform.cli import output
from lineage_platform.cli.options import JsonOption, WorkspaceOption, opened
from lineage_platform.errors import InvalidInput

if TYPE_CHECKING:
    from lineage_platform.audit.answers import Verification

Tell = Callable[[str, int, int], None]
"""(what is being recomputed, done, total)"""


def verify(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="A bundle of `lineage bundle`, to be checked by itself."),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option("--key", metavar="PEM", help="With FILE: the public key it should be signed with."),
    ] = None,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Recompute every digest of ledger, manifests, placements and shards, and say what is wrong.

    Reads all files of all versions. With FILE the evidence of one release is checked instead, without database or workspace:
    signature, proofs, versions, files, statements, verdicts and sums. Exit code 1 when there is a problem.

    \b
    lineage verify
    lineage verify --json
    lineage verify demo.bundle.json --key ledger.pub
    """
    if file is not None:
        answer = _bundle(file, key)
    elif key is not None:
        raise InvalidInput("--key: got it without FILE, expected a bundle")
    else:
        with opened(context, workspace) as open_workspace, _progress() as tell:
            answer = open_workspace.verify(tell)
    if as_json:
        output.as_json(answer.to_dict())
    else:
        counts = ", ".join(f"{count:,} {what.replace('_', ' ')}" for what, count in answer.checked.items())
        output.line(f"recomputed {counts or 'nothing'}")
        output.table("Problems", answer.rows(), ("kind", "id", "got", "expected"))
        output.line("all is as it was recorded" if answer.ok else f"{len(answer.problems):,} problems")
        if file is not None and key is None:
            output.line("signed with the key in the file: compare that with one from elsewhere (--key)")
    if not answer.ok:
        raise typer.Exit(1)


def _bundle(file: Path, key: Path | None) -> Verification:
    from lineage_platform.audit.bundle.checking import verify_bundle
    from lineage_platform.ledger.keys import load_public_key

    try:
        data = file.read_bytes()
    except OSError as error:
        raise InvalidInput(f"got {file} ({error.strerror}), expected a bundle of `lineage bundle`") from error
    return verify_bundle(data, None if key is None else load_public_key(key))


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
