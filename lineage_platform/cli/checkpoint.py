"""`lineage checkpoint`: take the ledger's signed state out, and compare it later."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lineage_platform.cli import output
from lineage_platform.cli.options import JsonOption, WorkspaceOption, opened
from lineage_platform.errors import InvalidInput

app = typer.Typer(rich_markup_mode=None, help="Take the ledger's signed state out, and compare it later.")


@app.command("export")
def export(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Option("--output", metavar="FILE", help="Where to write it. Default: standard output."),
    ] = None,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Give the newest signed checkpoint (C2SP tlog-checkpoint). Keep it where nobody can change it.

    \b
    lineage checkpoint export --output 2026-03-01.checkpoint
    """
    with opened(context, workspace) as open_workspace:
        signed = open_workspace.checkpoint()
    if file is not None:
        _write(file, signed.note)
    if as_json:
        output.as_json({"size": signed.size, "root": signed.root, "note": signed.note})
    elif file is None:
        typer.echo(signed.note, nl=False)
    else:
        output.line(f"{file}: {signed.size:,} entries, root {signed.root}")


@app.command("compare")
def compare(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A checkpoint exported before.")],
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Tell whether the ledger still extends a checkpoint exported before. Exit code 1 when history was rewritten.

    \b
    lineage checkpoint compare 2026-03-01.checkpoint
    """
    with opened(context, workspace) as open_workspace:
        answer = open_workspace.compare_checkpoint(_read(file))
    if as_json:
        output.as_json(answer.to_dict())
    else:
        output.line(answer.reason)
    if not answer.consistent:
        raise typer.Exit(1)


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidInput(
            f"--output: got {file} ({error.strerror}), expected a file that can be written"
        ) from error


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"got {file} ({error}), expected a checkpoint exported before") from error
