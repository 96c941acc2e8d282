"""`lineage decisions`: which records did not make it into a corpus, and why."""

from __future__ import annotations

from typing import Annotated

import typer

from lineage_platform.cli import output
from lineage_platform.cli.options import JsonOption, WorkspaceOption, opened
from lineage_platform.cli.trace import show_gaps


def decisions(
    context: typer.Context,
    corpus: Annotated[
        str | None,
        typer.Argument(metavar="[CORPUS]", help="The corpus; may be left out where there is one only."),
    ] = None,
    source: Annotated[
        str | None, typer.Option("--source", metavar="ID", help="Records of this source only.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="R", help="Records dropped for this reason only.")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", help="List the first N records; totals count all of them.")
    ] = 20,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """List the records that did not make it into the current version of a corpus, and say why.

    \b
    lineage decisions demo
    lineage decisions demo --source press --reason malformed-record
    lineage decisions --reason quality --limit 1000 --json
    """
    with opened(context, workspace) as open_workspace:
        answer = open_workspace.decisions(corpus, source=source, reason=reason, limit=limit)
    if as_json:
        output.as_json(answer.to_dict())
        return
    output.line(f"{answer.version}: {answer.records:,} records did not make it")
    output.table("Totals", map(vars, answer.totals), ("dataset", "reason", "records"))
    title = "Records"
    if len(answer.decisions) < answer.records:
        title = f"First {len(answer.decisions):,} of {answer.records:,} records"
    columns = ("dataset", "source", "file", "record", "record_id", "document", "reason", "detail")
    output.table(title, answer.rows(), columns)
    show_gaps(answer.gaps)
