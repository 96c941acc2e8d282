"""`lineage bundle`: the evidence of a release in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lineage_platform.cli import output
from lineage_platform.cli.options import JsonOption, WorkspaceOption, opened
from lineage_platform.errors import InvalidInput


def bundle(
    context: typer.Context,
    release: Annotated[
        str, typer.Argument(metavar="RELEASE", help="A release, or its corpus: the current one.")
    ],
    file: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where to write it.")],
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Write everything that a release rests on into one file, which `lineage verify FILE` checks without any database.

    \b
    lineage bundle demo --output demo.bundle.json
    lineage verify demo.bundle.json
    """
    with opened(context, workspace) as open_workspace:
        name, data = open_workspace.bundle(release)
    try:
        file.write_bytes(data)
    except OSError as error:
        raise InvalidInput(
            f"--output: got {file} ({error.strerror}), expected a file that can be written"
        ) from error
    if as_json:
        output.as_json({"release": name, "file": str(file), "bytes": len(data)})
    else:
        output.line(f"{file}: {name}, {len(data):,} bytes")
