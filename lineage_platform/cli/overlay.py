"""`lineage restate`, `lineage reinstate`, `lineage overlay`: terms that replace those from before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lineage_platform.cli import output
from lineage_platform.cli.options import JsonOption, SubjectOption, WorkspaceOption, day, named, opened
from lineage_platform.errors import InvalidInput

if TYPE_CHECKING:
    from lineage_platform.audit.replaced import Replacements

ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept for ever.")]
AuthorOption = Annotated[str, typer.Option("--author", metavar="NAME", help="Who decided it.")]

_COLUMNS = (
    "overlay",
    "state",
    "covers",
    "licence",
    "consent_basis",
    "valid_from",
    "valid_to",
    "author",
    "reason",
)


def restate(
    context: typer.Context,
    terms: Annotated[
        Path,
        typer.Option(
            "--terms", metavar="FILE", help="YAML with `terms:` as in a source's file; what counts instead."
        ),
    ],
    reason: ReasonOption,
    author: AuthorOption,
    source: Annotated[
        str | None, typer.Option("--source", metavar="ID", help="All records of a source.")
    ] = None,
    document: Annotated[
        str | None, typer.Option("--document", metavar="KEY", help="One document, by its key.")
    ] = None,
    keys: Annotated[
        str | None, typer.Option("--keys", metavar="FROM-TO", help="Document keys, both ends included.")
    ] = None,
    subject: SubjectOption = None,
    valid_from: Annotated[
        str | None,
        typer.Option("--valid-from", metavar="DATE", help="First day (UTC). Default: from now on."),
    ] = None,
    valid_to: Annotated[
        str | None, typer.Option("--valid-to", metavar="DATE", help="First day on which it no longer counts.")
    ] = None,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Lay other terms over those of a source, a document, a range of documents or a data subject; no file is rewritten.

    They count in every answer from then on, whatever the YAML says, until `lineage reinstate`.

    \b
    lineage restate --source alpaca --terms withdrawn.yaml --reason withdrawn --author legal@example.org
    lineage restate --document 137438953477 --terms taken-down.yaml --reason notice-2026-17 --author legal@example.org
    echo someone@example.org | lineage restate --subject - --terms opted-out.yaml --reason objection --author dpo
    """
    from lineage_platform.wiring.changing import cover_of
    from lineage_platform.wiring.changing import restate as lay

    with opened(context, workspace) as open_workspace:
        asked = named(subject)
        cover = cover_of(open_workspace, source=source, document=document, keys=keys, subject=asked)
        answer = lay(
            open_workspace,
            cover,
            terms,
            reason=reason,
            author=author,
            valid_from=day(valid_from, "--valid-from"),
            valid_to=day(valid_to, "--valid-to"),
        )
    _show(answer, as_json)


def reinstate(
    context: typer.Context,
    reason: ReasonOption,
    author: AuthorOption,
    overlay: Annotated[
        list[str] | None,
        typer.Argument(metavar="OVERLAY...", help="Rows, as `lineage overlay` numbers them."),
    ] = None,
    withdrawal: Annotated[
        str | None,
        typer.Option("--withdrawal", metavar="N", help="All rows of a withdrawal instead."),
    ] = None,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Lift rows of the overlay, so that the terms below count again; the rows stay on record.

    \b
    lineage reinstate 12 --reason settled --author legal@example.org
    lineage reinstate --withdrawal 3 --reason settled --author legal@example.org
    """
    from lineage_platform.wiring.changing import reinstate as lift
    from lineage_platform.wiring.withdrawing import reinstate_withdrawal

    if bool(overlay) == bool(withdrawal):
        raise InvalidInput("reinstate: expected either rows of the overlay or --withdrawal")
    with opened(context, workspace) as open_workspace:
        answer = (
            reinstate_withdrawal(open_workspace, withdrawal, reason=reason, author=author)
            if withdrawal
            else lift(open_workspace, overlay or [], reason=reason, author=author)
        )
    _show(answer, as_json)


def overlay(context: typer.Context, as_json: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """List the rows of the overlay: whose terms are replaced by what, since when, why, and what became of it.

    \b
    lineage overlay
    lineage overlay --json | jq '.overlay[] | select(.state == "in-force")'
    """
    with opened(context, workspace) as open_workspace:
        answer = open_workspace.overlay()
    if not answer.overlay and not as_json:
        output.line("no terms are replaced")
    _show(answer, as_json)


def _show(answer: Replacements, as_json: bool) -> None:
    output.as_json(answer.to_dict()) if as_json else output.table("Overlay", answer.rows(), _COLUMNS)
