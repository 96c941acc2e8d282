"""The entry point of `lineage`: verbs, error messages, exit codes.

| exit code | meaning |
| --- | --- |
| 0 | done |
| 1 | not found, problems found, or a run that failed |
| 2 | bad input; nothing was done |
| 3 | the database is unavailable, or it is someone else's |
| 130 | interrupted |
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from lineage_platform.cli import (
    bundle,
    checkpoint,
    decisions,
    environment,
    explain,
    impact,
    initialise,
    materialize,
    overlay,
    policy,
    release,
    request,
    rights,
    services,
    shards,
    sources,
    subject_key,
    trace,
    train_run,
    verify,
    withdrawal,
)
from lineage_platform.errors import InvalidInput, LineageError, NotFound

BAD_INPUT = 2
INTERRUPTED = 130

app = typer.Typer(
    name="lineage",
    help="Trace every training shard back to its sources, with licence and consent basis.",
    epilog="Exit codes: 0 done; 1 not found, problems found or a run failed; 2 bad input; 3 database unavailable or "
    "someone else's; 130 interrupted.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def lineage(
    context: typer.Context,
    workspace: Annotated[
        Path | None, typer.Option("--workspace", metavar="DIR", help="The workspace to work on.")
    ] = None,
) -> None:
    """Trace every training shard back to its sources, with licence and consent basis."""
    context.obj = workspace
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


app.command("init")(initialise.init)
app.command("materialize")(materialize.materialize)
app.command("up")(services.up)
app.command("down")(services.down)
app.command("sources")(sources.sources)
app.command("shards")(shards.shards)
app.command("trace")(trace.trace)
app.command("decisions")(decisions.decisions)
app.command("impact")(impact.impact)
app.command("explain")(explain.explain)
app.command("rights")(rights.rights)
app.command("release")(release.release)
app.command("releases")(release.releases)
app.command("restate")(overlay.restate)
app.command("reinstate")(overlay.reinstate)
app.command("overlay")(overlay.overlay)
app.command("withdraw")(withdrawal.withdraw)
app.command("withdrawals")(withdrawal.withdrawals)
app.command("bundle")(bundle.bundle)
app.command("verify")(verify.verify)
app.add_typer(train_run.app, name="train-run")
app.add_typer(request.app, name="request")
app.add_typer(subject_key.app, name="subject-key")
app.add_typer(policy.app, name="policy")
app.add_typer(checkpoint.app, name="checkpoint")
app.command("env")(environment.env)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    wants_json = "--json" in given
    try:
        code = app(given, prog_name="lineage", standalone_mode=False)
    except LineageError as error:
        _complain(str(error), error, error.exit_code, wants_json)
        return error.exit_code
    except typer.TyperException as error:
        _complain(
            f"{error.format_message().removesuffix('.')}; see `lineage --help`", error, BAD_INPUT, wants_json
        )
        return BAD_INPUT
    except (KeyboardInterrupt, typer.Abort):
        _complain("interrupted", KeyboardInterrupt(), INTERRUPTED, wants_json)
        return INTERRUPTED
    return code if isinstance(code, int) else 0


def _complain(message: str, error: BaseException, code: int, wants_json: bool) -> None:
    """One clear message on standard error, as a JSON object where JSON was asked for."""
    if not wants_json:
        typer.echo(f"lineage: {message}", err=True)
        return
    told: dict[str, Any] = {"error": type(error).__name__, "message": message, "exit_code": code}
    if isinstance(error, NotFound):
        told["nearest"] = list(error.nearest)
    if isinstance(error, InvalidInput):
        told["problems"] = [
            {
                "file": item.file,
                "line": item.line,
                "field": item.field,
                "got": item.got,
                "expected": item.expected,
            }
            for item in error.problems
        ]
    typer.echo(json.dumps(told, ensure_ascii=False), err=True)
