"""`lineage env`: what `dagster dev` needs to see the same workspace; also the environment of our own Dagster processes."""

from __future__ import annotations

import shlex

import typer

from lineage_platform.cli import output
from lineage_platform.cli.options import JsonOption, WorkspaceOption, settings_of
from lineage_platform.settings import Settings


def env(context: typer.Context, as_json: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """Print the shell exports with which Dagster's own commands work on this workspace; starts the database.

    \b
    eval "$(lineage env)" && dagster dev -w workspace.yaml
    """
    variables = dagster_variables(settings_of(context, workspace))
    if as_json:
        output.as_json(variables)
        return
    for name, value in variables.items():
        output.line(f"export {name}={shlex.quote(value)}")


def dagster_variables(settings: Settings) -> dict[str, str]:
    """Prepare Dagster's home and start the database; returns the variables of a Dagster process.

    Raises Unavailable, InvalidInput.
    """
    from lineage_platform.catalog.dagster_home import prepare_dagster_home
    from lineage_platform.catalog.urls import database_urls, ensure_dagster_schema

    urls = database_urls(settings)
    ensure_dagster_schema(urls)
    prepare_dagster_home(settings, urls)
    return {
        **settings.environment(),
        "DAGSTER_HOME": str(settings.dagster_home),
        "LINEAGE_DAGSTER_DATABASE_URL": urls.dagster,
        "DAGSTER_DISABLE_TELEMETRY": "yes",
    }
