"""`lineage release` and `lineage releases`: put a corpus before the gate, with Dagster as a subprocess; list what came of it."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lineage_platform.cli import output
from lineage_platform.cli.options import JsonOption, WorkspaceOption, day, opened
from lineage_platform.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from lineage_platform.audit.releases import ReleaseAnswer
    from lineage_platform.model.definitions import Workspace
    from lineage_platform.policy.ruling import Cell, Finding

Several = list[str] | None


def release(
    context: typer.Context,
    corpus: Annotated[str, typer.Argument(metavar="CORPUS", help="The corpus, as it stands.")],
    use: Annotated[
        Several,
        typer.Option("--use", metavar="USE", help="For what, once or more. Default: the recipe's."),
    ] = None,
    jurisdiction: Annotated[
        Several,
        typer.Option(
            "--jurisdiction",
            metavar="CODE",
            help="Where, once or more: jurisdictions or postures. Default: the recipe's, with --use strict.",
        ),
    ] = None,
    recipient: Annotated[
        Several,
        typer.Option("--recipient", metavar="NAME", help="Who receives it, once or more."),
    ] = None,
    region: Annotated[
        Several,
        typer.Option("--region", metavar="CODE", help="Where it goes, once or more."),
    ] = None,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Release the newest version of a corpus, if policies allow every document in it; else say what stops it.

    \b
    lineage release demo
    lineage release demo --use research --jurisdiction EU --jurisdiction CN
    lineage release demo --use redistribution --recipient example-university --json
    """
    from lineage_platform.cli.child import Child
    from lineage_platform.cli.display import display
    from lineage_platform.cli.environment import dagster_variables

    with opened(context, workspace) as open_workspace:
        asked = {"uses": use, "jurisdictions": jurisdiction, "recipients": recipient, "regions": region}
        spec = _spec(
            open_workspace.definition, corpus, {name: given for name, given in asked.items() if given}
        )
        settings = open_workspace.settings
    command = [sys.executable, "-m", "assets.releasing", corpus, "--spec", json.dumps(spec)]
    child = Child(command, {**os.environ, **dagster_variables(settings)}, settings.home / "logs")
    with display(quiet=True) as shown:
        summary = child.run(shown.tell)
    if summary.error or summary.failed:
        for text in summary.lines():
            typer.echo(text, err=True)
        raise typer.Exit(summary.exit_code)
    with opened(context, workspace) as open_workspace:
        answer = open_workspace.release(corpus)
        if answer.release.state == "reopened":  # an earlier one, which is true again
            open_workspace.review(datetime.now(UTC).date(), corpus)
            answer = open_workspace.release(corpus)
    if as_json:
        output.as_json(answer.to_dict())
    else:
        _show(answer)
    if answer.release.state != "released":
        raise typer.Exit(1)


def releases(
    context: typer.Context,
    corpus: Annotated[
        str | None, typer.Argument(metavar="[CORPUS]", help="Only those of this corpus.")
    ] = None,
    review: Annotated[
        bool,
        typer.Option(
            "--review", help="First judge them again, and record which are reopened or released again."
        ),
    ] = False,
    on: Annotated[
        str | None,
        typer.Option(
            "--on", metavar="DATE", help="With --review, for this day. Of a day to come nothing is recorded."
        ),
    ] = None,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """List the releases, refused ones too, newest first.

    \b
    lineage releases
    lineage releases demo --review
    lineage releases --review --on 2027-06-01 --json
    """
    if on is not None and not review:
        raise InvalidInput("--on: got a day, expected --review with it")
    with opened(context, workspace) as open_workspace:
        today = datetime.now(UTC).date()
        chosen = day(on, "--on") or today
        changes = open_workspace.review(chosen, corpus, record=chosen <= today) if review else None
        answer = open_workspace.releases(corpus)
    if as_json:
        told = {} if changes is None else {"changes": [change.stored() for change in changes]}
        output.as_json({**answer.to_dict(), **told})
        return
    for change in changes or ():
        output.line(f"{change.release}: {change.before} -> {change.state} for {change.day}: {change.reason}")
    columns = ("release", "state", "uses", "jurisdictions", "day", "documents", "exceptions")
    rows = [
        {**row, **{name: ", ".join(row[name]) or None for name in ("uses", "jurisdictions", "exceptions")}}
        for row in answer.rows()
    ]
    output.line(f"{len(rows):,} releases")
    output.table("Releases", rows, columns)
    for entry in answer.releases:
        if entry.reason:
            output.line(f"{entry.release}: {entry.state} for {entry.state_day}: {entry.reason}")


def _spec(workspace: Workspace, corpus: str, asked: dict[str, list[str]]) -> dict[str, Any]:
    """What the recipe says, with what was asked for in its place; another use begins with nothing but `strict`."""
    from lineage_platform.policy.facts import vocabulary

    known = [item.id for item in workspace.corpora]
    if corpus not in known:
        raise NotFound("corpus", corpus, known)
    words = vocabulary()
    for kind, names in (("use", asked.get("uses", ())), ("jurisdiction", asked.get("jurisdictions", ()))):
        for name in names:
            if name not in words[f"{kind}s"]:
                raise NotFound(kind, name, words[f"{kind}s"])
    recipe = workspace.corpus(corpus).release
    if recipe is None and "uses" not in asked:
        raise InvalidInput(f"corpora/{corpus}.yaml: got no `release`, expected one, or --use")
    if recipe is None or "uses" in asked:
        return {"jurisdictions": ["strict"], **asked}
    stated = {
        name: list(getattr(recipe, name)) for name in ("uses", "jurisdictions", "recipients", "regions")
    }
    return {**stated, **asked}


def _show(answer: ReleaseAnswer) -> None:
    entry = answer.release
    output.line(f"{entry.release}: {entry.state}")
    output.line(f"  of {entry.version}, judged for {entry.day}")
    for cell in answer.cells:
        _show_cell(cell)
        for finding in answer.findings:
            if (finding.use, finding.jurisdiction) == (cell.use, cell.jurisdiction):
                _show_finding(finding)
    output.line()
    if entry.state == "refused":
        output.line(
            "Terms count as recorded: after a change, run `lineage materialize` or `lineage restate`, then this again."
        )
    output.line("An engineering aid, not legal advice (docs/policies.md).")


def _show_cell(cell: Cell) -> None:
    counts = {
        "refused": cell.refused,
        "undetermined": cell.undetermined,
        "unknown": cell.unknown,
        "allowed": cell.allowed,
    }
    shares = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
    excepted = f", {cell.excepted:,} of them by exception" if cell.excepted else ""
    output.line()
    output.line(f"{cell.use} in {cell.jurisdiction}: {cell.verdict} ({shares or 'no documents'}{excepted})")


def _show_finding(finding: Finding) -> None:
    kind = finding.effect if finding.severity == "error" else "duty or doubt"
    waived = f", not counted by exception {', '.join(finding.exceptions)}" if finding.exceptions else ""
    law = f" ({finding.law}{'' if finding.verified else '; text not verified'})" if finding.law else ""
    output.line(f"  {kind}{waived}: {finding.title} | {finding.title_zh}{law}")
    output.line(f"    {finding.documents:,} documents of {', '.join(finding.sources)}")
    output.line(f"    policy {finding.policy or '-'}; cleared by: {finding.clears}")
