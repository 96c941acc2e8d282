"""What a form cannot check by itself: other files, the disk, and names that other rooms own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from lineage_platform.errors import Problem
from lineage_platform.model.definitions import Corpus, DeclaredTerms, Source
from lineage_platform.workspace.convert import to_corpus, to_source, to_terms
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
from lineage_platform.workspace.terms_pieces import Piece, pieces_of
from lineage_platform.workspace.yaml_reader import Document, Location, describe

RESERVED_CORPORA = frozenset({"source", "documents", "annotations", "model"})
"""First words of dataset names that are not a corpus's."""

RESERVED_SOURCES = frozenset({"deduplicated", "selection", "tokenizer", "shards", "release"})
"""Last words of dataset names that are a corpus's."""


@dataclass(frozen=True)
class KnownNames:
    """Names that a workspace may use and that other rooms own.

    `consent_bases` maps names and IRIs to names. `expected_licence` gives what should have been written in place of a licence, or None if it is well written.
    """

    quality_standards: Collection[str]
    consent_bases: Mapping[str, str]
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
        if form.id in RESERVED_SOURCES:
            self._add(
                document, ("id",), describe(form.id), "another name: datasets of corpora end with this word"
            )
        python = form.format == "python-distributions"
        location = self._path(
            document, ("location",), lambda: self.roots.location(form.location, directory=python)
        )
        if python and location:
            self._distributions(document, form, location)
        terms = self.terms(document, form.terms)
        for position, parent in enumerate(form.derived_from):
            self._known_source(document, ("derived_from", position), parent)
        source = to_source(form, location or "", terms)
        self._fields(document, source)
        return source

    def terms(self, document: Document, statements: Sequence[TermsForm]) -> list[DeclaredTerms]:
        """The terms under `terms:` of a document, put together, sound only if no problem was added."""
        evidence = self._evidence(document, statements)
        pieces = self._pieces(document, statements)
        return [to_terms(piece, evidence, self.known.consent_bases) for piece in pieces]

    def _fields(self, document: Document, source: Source) -> None:
        """A text is made of the fields that are licensed, where the terms name some."""
        for licensed in dict.fromkeys(piece.scope.fields for piece in source.terms):
            if outside := [name for name in source.record.text_fields if licensed and name not in licensed]:
                expected = f"the fields that terms.scope names: {', '.join(licensed)}"
                self._add(document, ("record", "text"), f"a text made of {', '.join(outside)}", expected)

    def _pieces(self, document: Document, statements: Sequence[TermsForm]) -> list[Piece]:
        for position, terms in enumerate(statements):
            self._words(document, ("terms", position), terms)
        for name in ("licence", "consent_basis", "personal_data"):
            if all(getattr(terms, name) is None for terms in statements):
                expected = f"this field: {TermsForm.model_fields[name].description}"
                self._add(document, ("terms", 0, name), "nothing", expected)
        pieces, contradictions = pieces_of(statements)
        for item in contradictions:
            place = ("terms", item.position, *((item.field,) if item.field else ()))
            self._add(document, place, item.got, item.expected)
        return pieces

    def _words(self, document: Document, place: Location, terms: TermsForm) -> None:
        """Licences and consent bases of one statement."""
        licences = {"licence": terms.licence, "generator_terms": terms.generator_terms}
        for field, licence in licences.items():
            if licence is not None and (expected := self.known.expected_licence(licence)):
                self._add(document, (*place, field), describe(licence), expected)
        bases: dict[Location, str | None] = {(*place, "consent_basis"): terms.consent_basis}
        bases |= {(*place, "consent_bases", code): basis for code, basis in terms.consent_bases.items()}
        for location, basis in bases.items():
            if basis is not None and basis not in self.known.consent_bases:
                names = set(self.known.consent_bases.values())
                self._add(document, location, describe(basis), one_of(basis, names))

    def corpus(self, document: Document, form: CorpusForm) -> Corpus:
        """The recipe of a form, sound only if no problem was added."""
        if form.id in RESERVED_CORPORA:
            self._add(
                document,
                ("id",),
                describe(form.id),
                "another name: datasets of sources or models begin with this word",
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

    def parents(self, sources: Sequence[tuple[Document, SourceForm]]) -> None:
        """Records are named as parents by the ids that their own source gives them."""
        forms = {form.id: form for _, form in sources}
        for document, form in sources:
            for position, parent in enumerate(form.derived_from if form.record.parents else ()):
                if parent in forms and forms[parent].record.id is None:
                    got = f"{parent!r}, whose records have no ids"
                    self._add(document, ("derived_from", position), got, "a source that has `record.id`")

    def _distributions(self, document: Document, form: SourceForm, location: str) -> None:
        installed = installed_distributions(location)
        for field, names in (("distributions", form.distributions), ("exclude", form.exclude)):
            for position, name in enumerate(names):
                if normalised(name) not in installed:
                    expected = f"an installed distribution{nearest(normalised(name), installed)}"
                    self._add(document, (field, position), describe(name), expected)

    def _evidence(self, document: Document, statements: Sequence[TermsForm]) -> dict[str, str | None]:
        """SHA-256 of what statements refer to, by URI."""
        found: dict[str, str | None] = {}
        for position, terms in enumerate(statements):
            evidence = terms.evidence
            if evidence is None:
                continue
            uri, place = evidence.uri, ("terms", position, "evidence")
            if "://" in uri:
                found[uri] = evidence.sha256 or found.get(uri)
                continue
            sha256 = self._path(document, (*place, "uri"), partial(self._sha256, uri))
            if sha256 and evidence.sha256 and sha256 != evidence.sha256:
                got = f"a file with SHA-256 {sha256}"
                self._add(document, (*place, "sha256"), got, f"{evidence.sha256}, as the terms state")
            found[uri] = sha256
        return found

    def _sha256(self, path: str) -> str:
        return sha256_of(self.roots.file(path))

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
