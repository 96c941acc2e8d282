"""`lineage policy`: the policies that verdicts are made by."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lineage_platform.cli import output
from lineage_platform.cli.options import (
    CorpusOption,
    JsonOption,
    WorkspaceOption,
    day,
    opened,
    settings_of,
)
from lineage_platform.errors import InvalidInput

if TYPE_CHECKING:
    from lineage_platform.audit.differing import PolicyDiff

app = typer.Typer(rich_markup_mode=None, help="The policies that verdicts are made by.")


@app.callback()
def policy() -> None:
    """The policies that verdicts are made by."""


@app.command("check")
def check(context: typer.Context, as_json: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """Check the shipped policies and those in the workspace's `policies/`: syntax, schema, annotations, examples.

    \b
    lineage policy check
    lineage --workspace examples/demo policy check --json
    """
    from lineage_platform.policy import policies
    from lineage_platform.wiring.opened import policy_folders

    folders = policy_folders(settings_of(context, workspace))
    if problems := policies.check(folders):
        raise InvalidInput(f"{len(problems)} problems in policies", problems)
    found = policies.load(folders)
    overridden = [item.by.id for item in found.overrides]
    if as_json:
        output.as_json({"policies": len(found.policies), "digest": found.digest, "overrides": overridden})
        return
    output.line(f"{len(found.policies)} policies, digest {found.digest}: nothing wrong")
    for name in overridden:
        output.line(f"  overridden by the workspace: {name}")


@app.command("diff")
def diff(
    context: typer.Context,
    policies: Annotated[
        Path | None,
        typer.Option("--policies", metavar="DIR", help="Policies in the place of the workspace's own."),
    ] = None,
    terms: Annotated[
        bool,
        typer.Option("--terms", help="The terms that the YAML declares, in the place of those recorded."),
    ] = False,
    release: Annotated[
        str | None,
        typer.Option("--release", metavar="ID", help="What a release was judged by, against today."),
    ] = None,
    use: Annotated[
        list[str] | None,
        typer.Option("--use", metavar="USE", help="For what, once or more. Default: the recipe's."),
    ] = None,
    jurisdiction: Annotated[
        list[str] | None,
        typer.Option("--jurisdiction", metavar="CODE", help="Where, once or more. Default: the recipe's."),
    ] = None,
    corpus: CorpusOption = None,
    valid_at: Annotated[
        str | None, typer.Option("--valid-at", metavar="DATE", help="The day of use. Default: today.")
    ] = None,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Say which documents would go from which verdict to which, before anything is changed.

    \b
    lineage policy diff --policies ../policies-next --use research --jurisdiction EU
    lineage policy diff --terms --corpus demo
    lineage policy diff --release demo --json
    """
    with opened(context, workspace) as open_workspace:
        answer = open_workspace.policy_diff(
            policies=policies,
            terms=terms,
            release=release,
            corpus=corpus,
            uses=use or (),
            jurisdictions=jurisdiction or (),
            valid_at=day(valid_at),
        )
    output.as_json(answer.to_dict()) if as_json else _show(answer)


def _show(answer: PolicyDiff) -> None:
    days = {answer.day_before, answer.day_after}
    output.line(f"{answer.asked} {answer.value}: judged on {' and '.join(sorted(days))}")
    for what, names in (("policies", answer.policies_changed), ("sources", answer.sources_changed)):
        if names:
            output.line(f"{what} that differ: {', '.join(names)}")
    for corpus in answer.corpora:
        asked = f"{', '.join(corpus.uses)} in {', '.join(corpus.jurisdictions)}"
        moved = "" if corpus.moves else ": nothing would change"
        output.line(f"{corpus.version}: {corpus.documents:,} documents, {asked}{moved}")
    rows = [
        {
            **row,
            "sources": ", ".join(row["sources"]),
            "by": ", ".join(row["policies_after"]),
            "was by": ", ".join(row["policies_before"]),
        }
        for row in answer.rows()
    ]
    columns = (
        "corpus",
        "use",
        "jurisdiction",
        "before",
        "after",
        "documents",
        "tokens",
        "sources",
        "was by",
        "by",
    )
    output.table("Would change", rows, columns)
    output.line("An engineering aid, not legal advice (docs/policies.md).")
