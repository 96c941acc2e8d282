"""What the forms of releases and exceptions cannot check by themselves: names of policies, uses, places, other files."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from lineage_platform.errors import Problem
from lineage_platform.workspace.checks import KnownNames
from lineage_platform.workspace.corpus_form import CorpusForm
from lineage_platform.workspace.release_form import ExceptionForm
from lineage_platform.workspace.reports import one_of, problem
from lineage_platform.workspace.yaml_reader import Document, Location, describe


def check_release(document: Document, form: CorpusForm, known: KnownNames, problems: list[Problem]) -> None:
    """The uses and jurisdictions of a recipe's release exist."""
    if form.release is None:
        return
    words = {"uses": (form.release.uses, known.uses)}
    words["jurisdictions"] = (form.release.jurisdictions, known.jurisdictions)
    for field, (names, exist) in words.items():
        _check_names(document, ("release", field), names, exist, problems)


def check_exception(
    document: Document,
    form: ExceptionForm,
    known: KnownNames,
    sources: Collection[str],
    corpora: Collection[str],
    problems: list[Problem],
) -> None:
    """What an exception names exists: its policy, sources, corpora, uses and jurisdictions."""
    words: dict[str, tuple[Sequence[str], Collection[str]]] = {
        "sources": (form.sources, sources),
        "corpora": (form.corpora, corpora),
        "uses": (form.uses, known.uses),
        "jurisdictions": (form.jurisdictions, known.jurisdictions),
    }
    for field, (names, exist) in words.items():
        _check_names(document, (field,), names, exist, problems)
    policies = known.policies()
    if form.policy not in policies:
        problems.append(problem(document, ("policy",), describe(form.policy), one_of(form.policy, policies)))


def _check_names(
    document: Document,
    field: Location,
    names: Sequence[str],
    exist: Collection[str],
    problems: list[Problem],
) -> None:
    for position, name in enumerate(names):
        if name not in exist:
            problems.append(problem(document, (*field, position), describe(name), one_of(name, exist)))
