"""`lineage shards`: the shards of a corpus version and where their files are."""

from __future__ import annotations

import typer

from lineage_platform.cli import output
from lineage_platform.cli.options import CorpusOption, JsonOption, VersionOption, WorkspaceOption, opened


def shards(
    context: typer.Context,
    corpus: CorpusOption = None,
    version: VersionOption = None,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """List the shards of a corpus version with the path of each file.

    \b
    lineage shards --corpus demo
    lineage shards --corpus demo --version 3 --json
    """
    with opened(context, workspace) as open_workspace:
        answer = open_workspace.shards(corpus, version=version)
    if as_json:
        output.as_json(answer.to_dict())
        return
    output.line(
        f"{answer.version}: {len(answer.shards):,} shards, {answer.documents:,} documents, {answer.tokens:,} tokens"
    )
    output.table("Files", answer.rows(), ("shard", "documents", "tokens", "quarantined", "role", "path"))
