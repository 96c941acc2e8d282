"""A directory of YAML files -> the frozen definitions; every problem of every file in one error, before anything runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, TypeVar

from lineage_platform.errors import InvalidInput, Problem
from lineage_platform.model.definitions import Workspace
from lineage_platform.settings import Settings
from lineage_platform.workspace.checks import Checks, KnownNames
from lineage_platform.workspace.convert import to_exception
from lineage_platform.workspace.corpus_form import CorpusForm, WorkspaceForm
from lineage_platform.workspace.fields import Form
from lineage_platform.workspace.paths import PathProblem, Roots
from lineage_platform.workspace.release_checks import check_exception, check_release
from lineage_platform.workspace.release_form import ExceptionForm
from lineage_platform.workspace.reports import problem, validate
from lineage_platform.workspace.source_form import SourceForm
from lineage_platform.workspace.yaml_reader import Document, Refused, read_yaml

__all__ = ["KnownNames", "load_workspace"]

F = TypeVar("F", bound=Form)


def load_workspace(root: Path, settings: Settings, known: KnownNames) -> Workspace:
    """The workspace in a directory. Raises InvalidInput (exit code 2) that lists everything wrong with it.

    Reads `sources/*.yaml`, `corpora/*.yaml` and `exceptions/*.yaml`, one source, recipe or decision a file, named like its
    id, and the optional `lineage.yaml`. Reads nothing else but what these name, and writes nothing.
    """
    root = root.resolve()
    if not (root / "sources").is_dir():
        raise InvalidInput(
            f"{root} is not a workspace: it has no folder `sources` (`lineage init DIR` makes a new one)"
        )
    problems: list[Problem] = []
    roots = Roots.of(root, settings)
    own = _own(roots, problems)
    sources = _forms(roots, "sources", SourceForm, problems)
    corpora = _forms(roots, "corpora", CorpusForm, problems)
    source_ids = {form.id for _, form in sources}.union(
        path.stem for path in (root / "sources").glob("*.yaml")
    )
    checks = Checks(roots, known, source_ids, problems)
    made = [checks.source(document, form) for document, form in sources]
    checks.cycles(sources)
    checks.parents(sources)
    recipes = [checks.corpus(document, form) for document, form in corpora]
    for document, form in corpora:
        check_release(document, form, known, problems)
    corpus_ids = {path.stem for path in (root / "corpora").glob("*.yaml")}
    exceptions = _forms(roots, "exceptions", ExceptionForm, problems)
    for document, exception in exceptions:
        check_exception(document, exception, known, source_ids, corpus_ids, problems)
    if problems:
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        ordered = sorted(problems, key=lambda item: (item.file, item.line or 0))
        raise InvalidInput(f"the workspace {root} has {count}; nothing was run", ordered)
    return Workspace(
        str(root),
        own.name or _name(root),
        tuple(made),
        tuple(recipes),
        own.operator.model_dump(exclude_unset=True),
        tuple(to_exception(exception) for _, exception in exceptions),
        {str(kind): days for kind, days in own.deadlines.items()},
    )


def load_operator(root: Path, settings: Settings) -> dict[str, Any]:
    """What the operator declares in `lineage.yaml`, nothing else of the workspace. Raises InvalidInput."""
    problems: list[Problem] = []
    own = _own(Roots.of(root.resolve(), settings), problems)
    if problems:
        raise InvalidInput(f"lineage.yaml of {root} has {len(problems)} problems", problems)
    return own.operator.model_dump(exclude_unset=True)


def _forms(roots: Roots, folder: str, form: type[F], problems: list[Problem]) -> list[tuple[Document, F]]:
    """The filled forms of a folder's files, by name; what is wrong with the rest is added to `problems`."""
    filled: list[tuple[Document, F]] = []
    for path in sorted((roots.workspace / folder).glob("*.y*ml")):
        file = f"{folder}/{path.name}"
        if path.suffix != ".yaml":
            problems.append(
                Problem(file, None, "file", f"the extension {path.suffix}", "the extension .yaml")
            )
            continue
        if (document := _document(roots, file, problems)) and (values := validate(form, document, problems)):
            filled.append((document, values))
            named = str(values.model_dump(include={"id"})["id"])
            if named != path.stem:
                problems.append(
                    problem(document, ("id",), repr(named), f"{path.stem!r}, the name of the file")
                )
    return filled


def _document(roots: Roots, file: str, problems: list[Problem]) -> Document | None:
    try:
        return read_yaml(roots.file(file), file)
    except PathProblem as error:
        problems.append(Problem(file, None, "file", error.got, error.expected))
    except Refused as error:
        problems.append(error.problem)
    return None


def _own(roots: Roots, problems: list[Problem]) -> WorkspaceForm:
    file = "lineage.yaml"
    if not (roots.workspace / file).exists():
        return WorkspaceForm()
    document = _document(roots, file, problems)
    form = validate(WorkspaceForm, document, problems) if document else None
    return form or WorkspaceForm()


def _name(root: Path) -> str:
    return re.sub(r"[^a-z0-9._-]+|^[._-]+", "-", root.name.lower()).strip("-")[:64] or "workspace"
