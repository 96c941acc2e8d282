"""What a form cannot check by itself: other files, the disk, and names that other rooms own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from lineage_platform.errors import Problem
from lineage_platform.model.definitions import Corpus, Source
from lineage_platform.workspace.convert import to_corpus, to_source
from lineage_platform.workspace.corpus_form import CorpusForm
from lineage_platform.workspace.paths import (
    PathProblem,
    Roots,
    installed_distributions,
    normalised,
    sha256_of,
)
from lineage_platform.workspace.reports import nearest, one_of, problem
from lineage_platform.workspace.source_form import SourceForm
from lineage_platform.workspace.terms_form import TermsForm
from lineage_platform.workspace.yaml_reader import Document, Location, describe

RESERVED_CORPORA = frozenset({"source", "documents", "annotations"})
"""First words of dataset names that are not a corpus's."""


@dataclass(frozen=True)
class KnownNames:
    """Names that a workspace may use and that other rooms own.

    `expected_licence` gives what should have been written in place of a licence, or None if it is well written.
    """

    quality_standards: Collection[str]
    consent_bases: Collection[str]
    expected_licence: Callable[[str], str | None]
    uses: Collection[str]
    jurisdictions: Collection[str]
    policies: Callable[[], Collection[str]]  # ids; asked where an exception names one


@dataclass(frozen=True)
class Checks:
    """What a form cannot check by itself: other files, the disk, names that other rooms own."""

    roots: Roots
    known: KnownNames
    source_ids: Collection[str]  # also of files that could not be read, which are problems of their own
    problems: list[Problem]

    def source(self, document: Document, form: SourceForm) -> Source:
        """The source of a form, sound only if no problem was added."""
        python = form.format == "python-distributions"
        location = self._path(
            document, ("location",), lambda: self.roots.location(form.location, directory=python)
        )
        if python and location:
            self._distributions(document, form, location)
        self._terms(document, form.terms)
        for position, parent in enumerate(form.derived_from):
            self._known_source(document, ("derived_from", position), parent)
        source = to_source(form, location or "", self._evidence(document, form))
        self._fields(document, source)
        return source

    def _fields(self, document: Document, source: Source) -> None:
        """A text is made of the fields that are licensed, where the terms name some."""
        licensed = source.terms.scope.fields
        if outside := [name for name in source.record.text_fields if licensed and name not in licensed]:
            expected = f"the fields that terms.scope names: {', '.join(licensed)}"
            self._add(document, ("record", "text"), f"a text made of {', '.join(outside)}", expected)

    def _terms(self, document: Document, terms: TermsForm) -> None:
        licences = {"licence": terms.licence, "generator_terms": terms.generator_terms}
        for field, licence in licences.items():
            if licence is not None and (expected := self.known.expected_licence(licence)):
                self._add(document, ("terms", field), describe(licence), expected)
        bases: dict[Location, str] = {("terms", "consent_basis"): terms.consent_basis}
        bases |= {("terms", "consent_bases", code): basis for code, basis in terms.consent_bases.items()}
        for location, basis in bases.items():
            if basis not in self.known.consent_bases:
                self._add(document, location, describe(basis), one_of(basis, self.known.consent_bases))

    def corpus(self, document: Document, form: CorpusForm) -> Corpus:
        """The recipe of a form, sound only if no problem was added."""
        if form.id in RESERVED_CORPORA:
            self._add(
                document, ("id",), describe(form.id), "another name: datasets of sources begin with this word"
            )
        seen: set[str] = set()
        for position, source in enumerate(form.sources):
            location: Location = ("sources", position)
            self._known_source(document, location, source.id)
            if source.id in seen:
                self._add(
                    document, location, f"{source.id!r} a second time", "every source once; use `weight`"
                )
            seen.add(source.id)
        if form.quality is not None and form.quality not in self.known.quality_standards:
            self._add(
                document,
                ("quality",),
                describe(form.quality),
                one_of(form.quality, self.known.quality_standards),
            )
        written = form.tokenizer.path
        tokenizer = None
        if written is not None:
            tokenizer = self._path(document, ("tokenizer", "path"), lambda: str(self.roots.file(written)))
        return to_corpus(form, tokenizer)

    def cycles(self, sources: Sequence[tuple[Document, SourceForm]]) -> None:
        """A source that is derived from itself over others: reported once, at its first source."""
        parents = {form.id: form.derived_from for _, form in sources}
        documents = {form.id: document for document, form in sources}
        finished: set[str] = set()
        for start in parents:
            path: list[str] = []
            ahead = [iter([start])]
            while ahead:
                child = next(ahead[-1], None)
                if child is None:
                    ahead.pop()
                    finished.update(path[-1:])
                    del path[-1:]
                elif child in path:
                    loop = " <- ".join((*path[path.index(child) :], child))
                    self._add(
                        documents[child],
                        ("derived_from",),
                        f"a cycle: {loop}",
                        "sources made from others only",
                    )
                elif child in parents and child not in finished:
                    path.append(child)
                    ahead.append(iter(parents[child]))

    def _distributions(self, document: Document, form: SourceForm, location: str) -> None:
        installed = installed_distributions(location)
        for field, names in (("distributions", form.distributions), ("exclude", form.exclude)):
            for position, name in enumerate(names):
                if normalised(name) not in installed:
                    expected = f"an installed distribution{nearest(normalised(name), installed)}"
                    self._add(document, (field, position), describe(name), expected)

    def _evidence(self, document: Document, form: SourceForm) -> str | None:
        evidence = form.terms.evidence
        if evidence is None or "://" in evidence.uri:
            return evidence.sha256 if evidence else None
        place = ("terms", "evidence")
        found = self._path(document, (*place, "uri"), lambda: sha256_of(self.roots.file(evidence.uri)))
        if found and evidence.sha256 and found != evidence.sha256:
            got = f"a file with SHA-256 {found}"
            self._add(document, (*place, "sha256"), got, f"{evidence.sha256}, as the terms state")
        return found

    def _known_source(self, document: Document, location: Location, source: str) -> None:
        if source not in self.source_ids:
            self._add(document, location, describe(source), one_of(source, self.source_ids))

    def _path(self, document: Document, location: Location, find: Callable[[], str]) -> str | None:
        try:
            return find()
        except PathProblem as error:
            self._add(document, location, error.got, error.expected)
        except OSError as error:
            self._add(document, location, f"{error.strerror}: {error.filename}", "a file that can be read")
        return None

    def _add(self, document: Document, location: Location, got: str, expected: str) -> None:
        self.problems.append(problem(document, location, got, expected))
