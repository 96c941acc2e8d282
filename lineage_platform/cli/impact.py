"""`lineage impact`: which shards hold what was asked about."""

from __future__ import annotations

from typing import Annotated

import typer

from lineage_platform.cli import output
from lineage_platform.cli.options import (
    AsOfOption,
    JsonOption,
    SubjectOption,
    ValidAtOption,
    WorkspaceOption,
    day,
    moment,
    named,
    opened,
)
from lineage_platform.cli.trace import show_consumers, show_gaps


def impact(
    context: typer.Context,
    source: Annotated[
        str | None, typer.Option("--source", metavar="ID", help="Everything from a source.")
    ] = None,
    licence: Annotated[
        str | None,
        typer.Option(
            "--licence", metavar="SPDX", help="Everything whose licence names this licence or exception."
        ),
    ] = None,
    consent_basis: Annotated[
        str | None, typer.Option("--consent-basis", metavar="NAME", help="Everything on a consent basis.")
    ] = None,
    document: Annotated[
        str | None, typer.Option("--document", metavar="KEY", help="One document, by its key.")
    ] = None,
    subject: SubjectOption = None,
    all_versions: Annotated[
        bool, typer.Option("--all-versions", help="All corpus versions, not the current ones only.")
    ] = False,
    as_of: AsOfOption = None,
    valid_at: ValidAtOption = None,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Find the shards that hold a source, a licence, a consent basis, a document or a data subject.

    \b
    lineage impact --source alpaca
    lineage impact --licence CC-BY-NC-4.0 --all-versions
    lineage impact --consent-basis consent --as-of 2026-03-01
    lineage impact --document 137438953477 --json
    echo someone@example.org | lineage impact --subject -
    """
    with opened(context, workspace) as open_workspace:
        answer = open_workspace.impact(
            source=source,
            licence=licence,
            consent_basis=consent_basis,
            document=document,
            subject=named(subject),
            all_versions=all_versions,
            as_of=moment(as_of),
            valid_at=day(valid_at),
        )
    if as_json:
        output.as_json(answer.to_dict())
        return
    documents = sum(corpus.documents for corpus in answer.corpora)
    shards = sum(len(corpus.shards) for corpus in answer.corpora)
    output.line(
        f"{answer.asked.replace('_', ' ')} {answer.value}: {documents:,} documents in {shards:,} shards of "
        f"{len(answer.corpora):,} corpus versions"
    )
    if held := sum(len(corpus.quarantined) for corpus in answer.corpora):
        output.line(f"  {held:,} of the shards are in quarantine (lineage withdrawals)")
    for snapshot in answer.snapshots:
        output.line(f"  from {snapshot}")
    output.table("Shards", answer.rows(), ("corpus", "version", "shard", "documents", "tokens"))
    output.table(
        "Dropped as duplicates of documents that are there",
        ({**vars(copy), "shards": ", ".join(shard.shard for shard in copy.shards)} for copy in answer.copies),
        ("document", "survivor", "corpus", "version", "shards"),
    )
    output.table(
        "Made from documents asked about",
        (
            {**vars(child), "shards": ", ".join(shard.shard for shard in child.shards)}
            for child in answer.children
        ),
        ("document", "parent", "kind", "corpus", "version", "shards"),
    )
    show_consumers(answer)
    show_gaps(answer.gaps)
