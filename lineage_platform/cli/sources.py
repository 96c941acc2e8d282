"""`lineage sources`: the sources with their terms."""

from __future__ import annotations

import typer

from lineage_platform.cli import output
from lineage_platform.cli.options import JsonOption, WorkspaceOption, opened


def sources(context: typer.Context, as_json: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """List the sources: declared and resolved licence, consent basis, steward, newest snapshot.

    \b
    lineage sources
    lineage sources --json | jq '.sources[] | select(.licence_status != "resolved")'
    """
    with opened(context, workspace) as open_workspace:
        answer = open_workspace.sources()
    if as_json:
        output.as_json(answer.to_dict())
        return
    rows = [
        {
            **row,
            "licence": row["licence"]
            if row["declared"] in (None, row["licence"])
            else f"{row['declared']} -> {row['licence']}",
        }
        for row in answer.rows()
    ]
    output.table(
        "Sources",
        rows,
        (
            "source",
            "format",
            "licence",
            "licence_status",
            "consent_basis",
            "personal_data",
            "steward",
            "snapshot",
            "files",
            "bytes",
            "documents",
        ),
    )
