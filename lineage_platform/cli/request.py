"""`lineage request`: what people, firms and courts ask for, and by when it has to be answered."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lineage_platform.cli import output
from lineage_platform.cli.options import JsonOption, WorkspaceOption, day, named, opened

if TYPE_CHECKING:
    from lineage_platform.audit.requests import RequestAnswer
    from lineage_platform.model.requests import Action

app = typer.Typer(
    rich_markup_mode=None,
    help="What people, firms and courts ask for, worked by a deadline: received, verified, decided, done or refused.",
)

_COLUMNS = (
    "request",
    "state",
    "overdue",
    "due",
    "days_left",
    "kind",
    "jurisdiction",
    "law",
    "asked_by",
    "received_at",
    "withdrawal",
)
_STEPS = ("recorded_at", "action", "author", "note", "due", "withdrawal")

RequestArgument = Annotated[
    str, typer.Argument(metavar="REQUEST", help="Its number, as `lineage request list` shows it.")
]
AuthorOption = Annotated[str, typer.Option("--author", metavar="NAME", help="Who does it.")]
NoteOption = Annotated[
    str, typer.Option("--note", metavar="TEXT", help="How; it is kept for ever, so name no natural person.")
]
ReasonOption = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept for ever, so name no natural person.")
]


@app.command("open")
def open_(
    context: typer.Context,
    kind: Annotated[
        str,
        typer.Option(
            "--kind",
            metavar="KIND",
            help="withdrawal-of-consent, objection, erasure, access, licence-revocation, opt-out, takedown, "
            "court-order or authorisation-lapse.",
        ),
    ],
    jurisdiction: Annotated[
        str,
        typer.Option("--jurisdiction", metavar="J", help="Whose law: CN, EU, IL, JP, KR, SG, UK, US, other."),
    ],
    author: AuthorOption,
    subject: Annotated[
        str | None,
        typer.Option(
            "--subject",
            metavar="VALUE",
            help="Who asks, a natural person, as the records name them; - reads standard input.",
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            "--name", metavar="NAME", help="Who asks, where it is no natural person: a firm, a court."
        ),
    ] = None,
    received_at: Annotated[
        str | None,
        typer.Option(
            "--received-at", metavar="DATE", help="The day on which it came in. Default: today (UTC)."
        ),
    ] = None,
    due: Annotated[
        str | None,
        typer.Option(
            "--due", metavar="DATE", help="The day that the request itself names, as an order does."
        ),
    ] = None,
    about: Annotated[
        str, typer.Option("--about", metavar="TEXT", help="What it is about; name no natural person.")
    ] = "",
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Enter a request; its deadline follows from law, operator (`deadlines` in lineage.yaml) and the request itself.

    \b
    echo someone@example.org | lineage request open --kind erasure --jurisdiction EU --subject - --author dpo
    lineage request open --kind court-order --jurisdiction CN --name high-court --due 2027-01-15 --author legal
    """
    from lineage_platform.wiring.requests import open_request

    with opened(context, workspace) as open_workspace:
        asked = named(subject)
        answer = open_request(
            open_workspace,
            kind,
            jurisdiction,
            author=author,
            subject=asked,
            name=name,
            received_at=day(received_at, "--received-at"),
            due=day(due, "--due"),
            about=about,
        )
    _show(answer, as_json)


@app.command("list")
def list_(
    context: typer.Context,
    subject: Annotated[
        str | None,
        typer.Option("--subject", metavar="VALUE", help="What one person asked for; - reads standard input."),
    ] = None,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """List the register: overdue requests first, then open ones by their last day, then those that are closed.

    \b
    lineage request list
    lineage request list --json | jq '.requests[] | select(.overdue)'
    """
    with opened(context, workspace) as open_workspace:
        asked = named(subject)
        answer = open_workspace.requests(asked)
    if as_json:
        output.as_json(answer.to_dict())
        return
    output.line(
        f"{len(answer.requests)} request{'s' if len(answer.requests) != 1 else ''}, {answer.open} open, {answer.overdue} overdue on {answer.day}"
    )
    output.table("Requests", answer.rows(), _COLUMNS)


@app.command("show")
def show(
    context: typer.Context,
    request: RequestArgument,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Show one request and what was done about it.

    \b
    lineage request show 3
    """
    with opened(context, workspace) as open_workspace:
        answer = open_workspace.request(request)
    _show(answer, as_json)


@app.command("verify")
def verify(
    context: typer.Context,
    request: RequestArgument,
    author: AuthorOption,
    note: NoteOption = "",
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Record that it is known who asks, and that they may.

    \b
    lineage request verify 3 --author dpo --note by-letter
    """
    _step(context, workspace, request, "verify", author, note, as_json)


@app.command("decide")
def decide(
    context: typer.Context,
    request: RequestArgument,
    author: AuthorOption,
    note: NoteOption = "",
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Record that it is to be done as asked, or what else was decided; `refuse` is the other way.

    \b
    lineage request decide 3 --author legal --note all-documents
    """
    _step(context, workspace, request, "decide", author, note, as_json)


@app.command("done")
def done(
    context: typer.Context,
    request: RequestArgument,
    author: AuthorOption,
    note: NoteOption = "",
    withdrawal: Annotated[
        str | None,
        typer.Option("--withdrawal", metavar="ID", help="The withdrawal that the request led to."),
    ] = None,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Record that it was done, and whoever asked was told.

    \b
    lineage request done 3 --author dpo --withdrawal 12
    """
    _step(context, workspace, request, "done", author, note, as_json, withdrawal)


@app.command("refuse")
def refuse(
    context: typer.Context,
    request: RequestArgument,
    author: AuthorOption,
    reason: ReasonOption,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Record that it is refused, and whoever asked was told why.

    \b
    lineage request refuse 3 --author legal --reason unfounded
    """
    _step(context, workspace, request, "refuse", author, reason, as_json)


@app.command("extend")
def extend(
    context: typer.Context,
    request: RequestArgument,
    author: AuthorOption,
    reason: ReasonOption,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Record that law gives more time, and whoever asked was told within the first time (GDPR art. 12(3)).

    \b
    lineage request extend 3 --author dpo --reason 41-requests
    """
    _step(context, workspace, request, "extend", author, reason, as_json)


def _step(
    context: typer.Context,
    workspace: Path | None,
    request: str,
    action: Action,
    author: str,
    note: str,
    as_json: bool,
    withdrawal: str | None = None,
) -> None:
    from lineage_platform.model.requests import Step
    from lineage_platform.wiring.requests import take_step

    with opened(context, workspace) as open_workspace:
        answer = take_step(open_workspace, request, Step(action, author, note, withdrawal))
    _show(answer, as_json)


def _show(answer: RequestAnswer, as_json: bool) -> None:
    if as_json:
        output.as_json(answer.to_dict())
        return
    output.table("Request", [answer.line], _COLUMNS)
    output.table("Steps", answer.rows(), _STEPS)
