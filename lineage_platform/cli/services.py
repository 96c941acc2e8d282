"""`lineage up` and `lineage down`: the services of a workspace."""

from __future__ import annotations

from typing import Annotated

import typer

from lineage_platform.cli import output
from lineage_platform.cli.options import JsonOption, WorkspaceOption, settings_of


def up(
    context: typer.Context,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Of Dagster's pages; this machine alone.")
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option("--port", metavar="N", min=0, max=65535, help="Of Dagster's pages; 0 takes a free one."),
    ] = 3000,
    workspace: WorkspaceOption = None,
) -> None:
    """Start the database, Dagster's pages and its daemon; Ctrl-C stops them.

    \b
    lineage up
    lineage --workspace examples/demo up --port 3001
    """
    from lineage_platform.cli.up import run_up

    raise typer.Exit(run_up(settings_of(context, workspace), port, host))


def down(context: typer.Context, as_json: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """Stop the embedded database, which else stops by itself when idle.

    \b
    lineage down
    """
    from lineage_platform.cli.down import run_down

    said = run_down(settings_of(context, workspace))
    output.as_json({"message": said}) if as_json else output.line(said)
