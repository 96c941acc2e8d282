"""`lineage materialize`: make what is stale, with Dagster as a subprocess."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from lineage_platform.cli import output
from lineage_platform.cli.options import JsonOption, WorkspaceOption, opened
from lineage_platform.errors import NotFound


def materialize(
    context: typer.Context,
    corpus: Annotated[
        str | None, typer.Argument(metavar="[CORPUS]", help="Only this corpus and its sources. Default: all.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what is not stale.")] = False,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Make the corpora: observe the sources, then run what their changes made stale.

    \b
    lineage materialize
    lineage materialize demo --json
    """
    from lineage_platform.cli.child import Child
    from lineage_platform.cli.display import display
    from lineage_platform.cli.environment import dagster_variables

    with opened(context, workspace) as open_workspace:
        declared = [item.id for item in open_workspace.definition.corpora]
        if corpus is not None and corpus not in declared:
            raise NotFound("corpus", corpus, declared)
        settings = open_workspace.settings
    command = [sys.executable, "-m", "assets.materialize"]
    command += ["--corpus", corpus] if corpus is not None else []
    command += ["--all"] if everything else []
    environment = {**os.environ, **dagster_variables(settings)}
    child = Child(command, environment, settings.home / "logs")
    with display(quiet=as_json) as shown:
        summary = child.run(shown.tell)
    if as_json:
        output.as_json(summary.to_dict())
    else:
        for text in summary.lines():
            typer.echo(text, err=not summary.success)
    if summary.exit_code:
        raise typer.Exit(summary.exit_code)
