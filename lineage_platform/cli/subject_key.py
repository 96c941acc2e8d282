"""`lineage subject-key`: the keys of the hashes that stand for data subjects."""

from __future__ import annotations

import typer

from lineage_platform.cli import output
from lineage_platform.cli.options import JsonOption, WorkspaceOption, settings_of

app = typer.Typer(rich_markup_mode=None, help="The keys of the hashes that stand for data subjects.")


@app.callback()
def subject_key() -> None:
    """The keys of the hashes that stand for data subjects."""


@app.command("rotate")
def rotate(context: typer.Context, as_json: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """Add a key, under which data subjects are hashed from now on; whoever was hashed before is still found.

    \b
    lineage subject-key rotate
    """
    from lineage_platform.ledger.keys import add_secret

    file = settings_of(context, workspace).subject_key_file
    keys = add_secret(file)
    if as_json:
        output.as_json({"file": str(file), "newest": keys.newest, "keys": list(keys.ids)})
    else:
        output.line(
            f"{file}: {len(keys.ids)} keys, newest {keys.newest}; keep a copy of the file where nobody reads it"
        )
