"""`lineage withdraw`, `lineage withdrawals`: rights taken away, with all that follows from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lineage_platform.cli import output
from lineage_platform.cli.options import JsonOption, SubjectOption, WorkspaceOption, day, named, opened
from lineage_platform.cli.overlay import AuthorOption, ReasonOption
from lineage_platform.cli.trace import show_consumers, show_gaps

if TYPE_CHECKING:
    from lineage_platform.audit.withdrawn import WithdrawalAnswer

_CORPORA = ("corpus", "version", "current", "shards", "documents", "tokens", "bytes")
_LISTED = (
    "withdrawal",
    "state",
    "kind",
    "covers",
    "effective",
    "documents",
    "quarantined",
    "request",
    "author",
    "reason",
)


def withdraw(
    context: typer.Context,
    reason: ReasonOption,
    author: AuthorOption,
    source: Annotated[
        str | None, typer.Option("--source", metavar="ID", help="All records of a source, those to come too.")
    ] = None,
    document: Annotated[
        list[str] | None,
        typer.Option(
            "--document", metavar="KEY", help="One document, by its key; may be given several times."
        ),
    ] = None,
    subject: SubjectOption = None,
    licence: Annotated[
        str | None,
        typer.Option("--licence", metavar="SPDX", help="Everything whose licence names this one."),
    ] = None,
    query: Annotated[
        Path | None,
        typer.Option("--query", metavar="FILE", help="Parquet with document keys in a column `document`."),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            "--kind",
            metavar="K",
            help="consent-withdrawn, licence-revoked, opt-out, takedown or authorisation-lapsed.",
        ),
    ] = None,
    effective: Annotated[
        str | None,
        typer.Option("--effective", metavar="DATE", help="Since when (UTC). Default: from now on."),
    ] = None,
    request: Annotated[
        str | None, typer.Option("--request", metavar="ID", help="The request that asked for it.")
    ] = None,
    keep_children: Annotated[
        bool, typer.Option("--keep-children", help="Leave out what was made from it.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what it would do; nothing is recorded.")
    ] = False,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Take back a source, documents, a data subject or a licence: its terms grant nothing any more, and the shards and releases
    that hold it are quarantined at once.

    \b
    lineage withdraw --source alpaca --reason letter --author legal@example.org --dry-run
    lineage withdraw --document 137438953477 --reason notice-2026-17 --author legal@example.org --request 12
    echo someone@example.org | lineage withdraw --subject - --reason art-7 --author dpo
    """
    from lineage_platform.wiring.withdrawing import Wanted
    from lineage_platform.wiring.withdrawing import withdraw as take_back

    person = named(subject)
    with opened(context, workspace) as open_workspace:
        answer = take_back(
            open_workspace,
            Wanted(source, document, person, licence, query),
            reason=reason,
            author=author,
            kind=kind,
            effective=day(effective, "--effective"),
            request=request,
            keep_children=keep_children,
            dry_run=dry_run,
        )
    output.as_json(answer.to_dict()) if as_json else _show(answer)


def withdrawals(
    context: typer.Context, as_json: JsonOption = False, workspace: WorkspaceOption = None
) -> None:
    """List the withdrawals, newest first: what was taken back, why, and what is in quarantine for it.

    \b
    lineage withdrawals
    lineage withdrawals --json | jq '.withdrawals[] | select(.state == "in-force")'
    """
    with opened(context, workspace) as open_workspace:
        answer = open_workspace.withdrawals()
    if as_json:
        output.as_json(answer.to_dict())
        return
    if not answer.withdrawals:
        output.line("nothing was withdrawn")
    output.table("Withdrawals", answer.rows(), _LISTED)


def _show(answer: WithdrawalAnswer) -> None:
    shards = sum(len(item.shards) for item in answer.corpora)
    what = f"{answer.documents:,} documents in {shards:,} shards of {len(answer.corpora):,} corpus versions"
    if answer.state == "planned":
        output.line(f"would withdraw {what}; nothing was recorded")
    elif answer.state == "recorded":
        output.line(f"withdrawal {answer.withdrawal}: {what} quarantined")
    else:
        output.line(f"withdrawal {answer.withdrawal} has all of this already; nothing was recorded")
    output.table("Quarantine", answer.rows(), _CORPORA)
    if answer.children:
        output.line(f"{answer.children:,} of the documents covered were made from what was asked for")
    if answer.restored:
        output.line(f"{answer.restored:,} duplicates have another copy, which would stay")
    if answer.remaining:
        output.line(f"{answer.remaining:,} copies have a text that lives on in a document of somebody else")
    show_consumers(answer)
    show_gaps(answer.gaps)
