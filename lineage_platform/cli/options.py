"""Options that verbs share, and what they mean."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lineage_platform.errors import InvalidInput
from lineage_platform.settings import Settings, read_settings

if TYPE_CHECKING:
    from lineage_platform.wiring.reading import OpenWorkspace

WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        metavar="DIR",
        help="The workspace; also before the verb. Default: LINEAGE_WORKSPACE, or the current folder.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the answer as JSON (docs/answers.md).")]
CorpusOption = Annotated[
    str | None,
    typer.Option("--corpus", metavar="ID", help="The corpus; may be left out where there is one only."),
]
VersionOption = Annotated[
    str | None,
    typer.Option(
        "--version",
        metavar="V",
        help="A corpus version by id, digest or sequence number. Default: the current one.",
    ),
]
AsOfOption = Annotated[
    str | None,
    typer.Option(
        "--as-of", metavar="TIME", help="Terms as they were believed then (ISO 8601; no zone: local)."
    ),
]

ValidAtOption = Annotated[
    str | None,
    typer.Option(
        "--valid-at",
        metavar="DATE",
        help="Terms as they hold on that day. Default: the day of --as-of, or today.",
    ),
]

SubjectOption = Annotated[
    str | None,
    typer.Option(
        "--subject",
        metavar="VALUE",
        help="One data subject, as the records name them; - reads standard input.",
    ),
]


def settings_of(context: typer.Context, workspace: Path | None) -> Settings:
    """The settings, with the workspace given to the verb, else before it, else by the environment.

    Raises InvalidInput when the folder does not exist.
    """
    chosen = workspace or context.find_root().obj
    settings = read_settings(chosen)
    if not settings.workspace.is_dir():
        raise InvalidInput(f"workspace: got {str(settings.workspace)!r}, expected an existing folder")
    return settings


def opened(context: typer.Context, workspace: Path | None) -> OpenWorkspace:
    """The workspace to ask; a context manager."""
    from lineage_platform.wiring.reading import open_workspace

    return open_workspace(settings=settings_of(context, workspace))


def named(subject: str | None) -> str | None:
    """Who was given with --subject; `-` stands for a line of standard input, where a person's name is in no history of a shell."""
    return sys.stdin.readline().rstrip("\n") if subject == "-" else subject


def day(text: str | None, option: str = "--valid-at") -> date | None:
    """A day from ISO 8601, given with an option. Raises InvalidInput."""
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(f"{option}: got {text!r}, expected a date such as 2026-03-01") from error


def moment(text: str | None, option: str = "--as-of") -> datetime | None:
    """A point in time from ISO 8601, given with an option. Raises InvalidInput."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError as error:
        raise InvalidInput(
            f"{option}: got {text!r}, expected ISO 8601 such as 2026-03-01T12:00:00Z"
        ) from error
