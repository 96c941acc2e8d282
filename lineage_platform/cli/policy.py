"""`lineage policy`: the policies that verdicts are made by."""

from __future__ import annotations

import typer

from lineage_platform.cli import output
from lineage_platform.cli.options import JsonOption, WorkspaceOption, settings_of
from lineage_platform.errors import InvalidInput

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
    from lineage_platform.wiring.reading import policy_folders

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
