"""A file with a `terms:` mapping as in a source's YAML: what is to be laid over terms from before."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from lineage_platform.errors import InvalidInput, Problem
from lineage_platform.model.definitions import DeclaredTerms
from lineage_platform.settings import Settings
from lineage_platform.workspace.checks import Checks, KnownNames
from lineage_platform.workspace.fields import Form
from lineage_platform.workspace.paths import Roots
from lineage_platform.workspace.reports import problem, validate
from lineage_platform.workspace.source_form import Statements
from lineage_platform.workspace.yaml_reader import Refused, read_yaml


class TermsFile(Form):
    """The shape of the file."""

    terms: Statements = Field(description="What counts instead: one statement, or a list of them.")


def load_terms(path: Path, settings: Settings, known: KnownNames) -> DeclaredTerms:
    """The terms in a file. Evidence is a file of the workspace, or a web address.

    Raises InvalidInput with everything that is wrong, file and line; also where the statements hold on different days:
    each row of the overlay says one thing.
    """
    problems: list[Problem] = []
    try:
        document = read_yaml(path, str(path))
    except Refused as error:
        raise InvalidInput("the terms cannot be read; nothing was recorded", [error.problem]) from None
    form = validate(TermsFile, document, problems)
    pieces = (
        Checks(Roots.of(settings.workspace, settings), known, (), problems).terms(document, form.terms)
        if form
        else []
    )
    if not problems and len(pieces) != 1:
        expected = (
            "statements that hold on the same days; use --valid-from and --valid-to, and a file for each time"
        )
        problems.append(
            problem(document, ("terms",), f"{len(pieces)} times with terms of their own", expected)
        )
    if problems:
        raise InvalidInput(
            f"{len(problems)} problem{'s' if len(problems) > 1 else ''} in the terms; nothing was recorded",
            problems,
        )
    return pieces[0]
