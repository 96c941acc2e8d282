"""`lineage rights`: licences, duties, scope and doubts of a corpus or a shard, summed up; the attribution file."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lineage_platform.cli import output
from lineage_platform.cli.options import (
    AsOfOption,
    CorpusOption,
    JsonOption,
    ValidAtOption,
    VersionOption,
    WorkspaceOption,
    day,
    moment,
    opened,
)
from lineage_platform.cli.trace import show_gaps
from lineage_platform.errors import InvalidInput

if TYPE_CHECKING:
    from lineage_platform.audit.rollups import RightsSummary


def rights(
    context: typer.Context,
    shard: Annotated[
        str | None,
        typer.Argument(
            metavar="[SHARD]", help="shard-00003, 3, or a file name; without it the whole corpus."
        ),
    ] = None,
    corpus: CorpusOption = None,
    version: VersionOption = None,
    attribution: Annotated[
        Path | None,
        typer.Option(
            "--attribution", metavar="FILE", help="Write the attribution file there, ready to publish."
        ),
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, one line a shard.")] = False,
    as_of: AsOfOption = None,
    valid_at: ValidAtOption = None,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Sum up the rights of a corpus or a shard: licences, duties, restrictions, scope, dates, people, and doubts.

    \b
    lineage rights --corpus demo
    lineage rights shard-00003 --corpus demo --json
    lineage rights --corpus demo --csv
    lineage rights --corpus demo --attribution ATTRIBUTION.md
    """
    if as_csv and (as_json or shard is not None):
        raise InvalidInput(
            "--csv: got it with --json or a shard, expected it alone: one line for every shard"
        )
    with opened(context, workspace) as open_workspace:
        then, on = moment(as_of), day(valid_at)
        if attribution is not None:
            _write(
                attribution,
                open_workspace.attribution(shard, corpus, version=version, as_of=then, valid_at=on),
            )
        if as_csv:
            _as_csv(open_workspace.rights_by_shard(corpus, version=version, as_of=then, valid_at=on).rows())
            return
        answer = open_workspace.rights(shard, corpus, version=version, as_of=then, valid_at=on)
    output.as_json(answer.to_dict()) if as_json else _show(answer)


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidInput(
            f"--attribution: got {str(file)!r} ({error.strerror}), expected a file to write"
        ) from error
    typer.echo(f"{file}: attribution written", err=True)


def _as_csv(rows: list[dict[str, Any]]) -> None:
    for place, row in enumerate(rows):
        table = csv.DictWriter(sys.stdout, list(row), lineterminator="\n")
        if place == 0:
            table.writeheader()
        table.writerow(row)


def _show(answer: RightsSummary) -> None:
    found = answer.rights
    what = answer.version if answer.shard is None else f"{answer.shard} of {answer.version}"
    output.line(f"{what}: {found['documents']:,} documents, {found['tokens']:,} tokens; on {answer.day}")
    strictest, synthetic = found["strictest"], found["synthetic"]
    facts = {
        "commercial use": strictest["commercial"],
        "training": strictest["training"],
        "derivatives": strictest["derivatives"],
        "redistribution": strictest["redistribution"],
        "uses named": ", ".join(found["uses"]),
        "regions": ", ".join(found["regions"]),
        "recipients": ", ".join(found["recipients"]),
        "valid from": found["valid_from"],
        "valid to": found["valid_to"],
        "embargoes end": " to ".join(
            dict.fromkeys(filter(None, (found["first_embargo"], found["last_embargo"])))
        ),
        "synthetic": f"{synthetic['documents']:,} documents, {synthetic['tokens']:,} tokens",
        "generations": output.cell(found["depth"]),
        "models": ", ".join(found["generators"]),
        "jurisdictions": ", ".join(found["jurisdictions"]),
        "rights holders": ", ".join(found["rightsholders"]),
    }
    for name, value in facts.items():
        if value:
            output.line(f"{name + ':':<16}{value}")
    output.table("Counted, most first", answer.rows(), ("about", "word", "documents", "tokens"))
    show_gaps(answer.gaps)
