"""`lineage train-run`: which release a training run read, and which model came out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lineage_platform.cli import output
from lineage_platform.cli.options import JsonOption, WorkspaceOption, moment, opened

if TYPE_CHECKING:
    from lineage_platform.audit.consumers import TrainingRuns

app = typer.Typer(rich_markup_mode=None, help="Which release a training run read, and which model came out.")


@app.command("record")
def record(
    context: typer.Context,
    release: Annotated[
        str,
        typer.Option(
            "--release", metavar="ID", help="The release that was read, or its corpus: the current one."
        ),
    ],
    model: Annotated[str, typer.Option("--model", metavar="NAME", help="The model that came out.")],
    model_version: Annotated[str, typer.Option("--model-version", metavar="V", help="Its version.")],
    uri: Annotated[str | None, typer.Option("--uri", metavar="URI", help="Where its weights are.")] = None,
    sha256: Annotated[
        str | None, typer.Option("--sha256", metavar="HEX", help="SHA-256 of the weights.")
    ] = None,
    job: Annotated[
        str | None, typer.Option("--job", metavar="NAME", help="What trained it. Default: train/MODEL.")
    ] = None,
    author: Annotated[str | None, typer.Option("--author", metavar="NAME", help="Who says so.")] = None,
    ended_at: Annotated[
        str | None,
        typer.Option(
            "--ended-at", metavar="TIME", help="When it was made (ISO 8601; no zone: local). Default: now."
        ),
    ] = None,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Record that a training run read a release and gave a model. Telling it again changes nothing.

    \b
    lineage train-run record --release demo --model tiny --model-version 1.0 --uri s3://models/tiny --author ml@example.org
    """
    from lineage_platform.wiring.changing import record_training

    with opened(context, workspace) as open_workspace:
        answer = record_training(
            open_workspace,
            release,
            model=model,
            model_version=model_version,
            job=job or f"train/{model}",
            uri=uri,
            sha256=sha256,
            author=author,
            ended_at=moment(ended_at, "--ended-at"),
        )
    _show(answer, as_json)


@app.command("list")
def listed(
    context: typer.Context,
    release: Annotated[
        str | None, typer.Option("--release", metavar="ID", help="Only those that read this release.")
    ] = None,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """List the training runs, oldest first.

    \b
    lineage train-run list
    lineage train-run list --release demo --json
    """
    with opened(context, workspace) as open_workspace:
        answer = open_workspace.training_runs(release)
    if not answer.models and not as_json:
        output.line("no training run was recorded")
    _show(answer, as_json)


def _show(answer: TrainingRuns, as_json: bool) -> None:
    columns = ("model", "model_version", "release", "job", "ended_at", "uri", "run_id")
    output.as_json(answer.to_dict()) if as_json else output.table("Training runs", answer.rows(), columns)
