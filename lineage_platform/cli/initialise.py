"""`lineage init`: a starter workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lineage_platform.cli import output
from lineage_platform.cli.options import JsonOption


def init(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder that is empty or does not exist.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Write a starter workspace: one source, one corpus, a few records.

    \b
    lineage init my-corpus
    lineage --workspace my-corpus materialize
    """
    from lineage_platform.cli.init import write_starter

    written = [str(path) for path in write_starter(directory)]
    if as_json:
        output.as_json({"workspace": str(directory.resolve()), "files": written})
        return
    for path in written:
        output.line(path)
    output.line(f"next: lineage --workspace {directory} materialize")
