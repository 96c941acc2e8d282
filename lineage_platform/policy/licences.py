"""A declared licence string -> an SPDX expression, or an honest gap. Nothing is guessed silently.

`resolved` carries the expression; `ambiguous` (several readings are possible, or two statements contradict each other)
and `unknown` (nothing is stated, or nothing of it is understood) carry NOASSERTION and a note that says what was found.

A string may hold several statements about the same thing, as Python's core metadata does (PEP 566, PEP 639):
`License-Expression: X`, or `License: words (text sha256:...)`, or `Classifier: License :: ...`, joined by "; ".
They are evidence to be combined: where they agree the narrowest holds, where they contradict each other none does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from lineage_platform.model.terms import NOASSERTION, LicenceStatus
from lineage_platform.policy import names, symbols
from lineage_platform.policy.names import Reading, quoted

MAX_DECLARED = 8192
"""Characters; a longer string is a licence text or worse, and is not read."""
MAX_NAME = 300
"""Characters; a longer statement is a text, not the name of a licence."""
MAX_TITLE = 100
"""Characters of the first line of a text that can still be its title and not a cut sentence."""
UNREAD = "unnamed-terms"
"""The restriction that stands for terms which exist and were not read."""
MAX_LISTED = 8
"""Candidates that a note lists."""

_STATEMENT = re.compile(r"(?:^|; )(License-Expression|License|Classifier): ")
_TITLE = re.compile(r"licen[sc]e", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
_TEXT_DIGEST = re.compile(r"\s*\(text sha256:[0-9a-f]{8,64}\)\s*$")


@dataclass(frozen=True)
class Resolution:
    """The outcome for one declared string; `licence` is an SPDX expression or NOASSERTION.

    Of an ambiguous string `candidates` lists every expression it may mean, with NOASSERTION among them if it may also mean
    terms that no table lists. `restrictions` are what the words of an
    unresolved string forbid ("research only"), by the closed list of `licence_facts.names_of_restrictions`.
    """

    licence: str
    status: LicenceStatus
    note: str
    candidates: tuple[str, ...] = ()
    restrictions: tuple[str, ...] = ()


def resolve(declared: str) -> Resolution:
    """What a declared licence string means; see the module for the three outcomes. Never raises on any string."""
    if len(declared) > MAX_DECLARED:
        note = f"longer than {MAX_DECLARED} characters: a text, not a name"
        return Resolution(NOASSERTION, "unknown", note, restrictions=(UNREAD,))
    return _resolve(declared)


def resolve_generator(name: str) -> Resolution:
    """The terms under which a model gives out text, by the model's name; unknown if no table knows the model.

    Whoever made a data set with a model owes these terms to the model's maker, whatever licence the data set carries.
    """
    words = names.key(name[:MAX_NAME])
    for generator in symbols.data("licences.json")["generators"]:
        if re.search(generator["name"], words):
            why = generator.get("note", "its terms differ by date or release")
            return _outcome(
                names.reading_of(name[:MAX_NAME], generator["licences"], f"{quoted(name)}: {why}")
            )
    return Resolution(NOASSERTION, "unknown", f"{quoted(name)} is not a model whose terms are known")


def problem_of_declaration(licence: str) -> str | None:
    """What a person should have written where an SPDX expression is asked for; None if it is one, or NOASSERTION."""
    if licence == NOASSERTION:
        return None
    try:
        if (spelling := symbols.parse(licence).text) == licence:
            return None
    except symbols.NotAnExpression as error:
        meant = resolve(licence)
        if meant.status == "resolved":
            return f"the SPDX expression {meant.licence}"
        nearest = [near for item in error.unknown for near in symbols.nearest(item)]
        hint = f" (nearest: {', '.join(nearest)})" if nearest else ""
        return f"an SPDX licence expression{hint}, LicenseRef-... for own terms, or {NOASSERTION}"
    return f"the SPDX expression {spelling}"


@lru_cache(maxsize=4096)
def _resolve(declared: str) -> Resolution:
    outcome = _weighed(declared)
    if outcome.status == "resolved":
        return outcome
    found: set[str] = set()
    for statement in _STATEMENT.split(declared)[::2]:
        said = _TEXT_DIGEST.sub("", statement)
        found.update(names.restrictions(said))
        if said != statement or len(said) > MAX_NAME or _leads_elsewhere(said):
            found.add(UNREAD)
    return replace(outcome, restrictions=tuple(sorted(found)))


def _leads_elsewhere(said: str) -> bool:
    """Whether words give the address of terms that no table knows."""
    return bool(_ADDRESS.search(said)) and not names.read(said).understood


def _weighed(declared: str) -> Resolution:
    said, classifiers = _statements(declared)
    if said is None and not classifiers:
        return Resolution(NOASSERTION, "unknown", "states no licence")
    if said is not None and said.silent and classifiers:
        said = None
    if said is None:
        return _from_classifiers(classifiers)
    if not classifiers:
        return _outcome(said)
    return _combined(said, classifiers)


def _statements(declared: str) -> tuple[Reading | None, list[Reading]]:
    """The statement in words, if any, and those classifiers that say something."""
    marks = list(_STATEMENT.finditer(declared))
    if not marks or marks[0].start() != 0:
        return _read_words(declared), []
    ends = [*(mark.start() for mark in marks[1:]), len(declared)]
    parts = [(mark[1], declared[mark.end() : end]) for mark, end in zip(marks, ends, strict=True)]
    for kind, value in parts:
        if kind == "License-Expression":
            return _read_words(value, whole=True), []
    words = [_read_words(value) for kind, value in parts if kind == "License"]
    classifiers = [
        reading
        for kind, value in parts
        if kind == "Classifier" and (reading := _read_classifier(value)) is not None
    ]
    return (words[0] if words else None), list({reading.said: reading for reading in classifiers}.values())


def _read_words(words: str, *, whole: bool = False) -> Reading:
    """One statement. Of a text of which only the first line is left, that line counts if it is a title ("MIT License"),
    and not where it may be a cut expression: `whole` says that nothing less than all of it will do."""
    name = _TEXT_DIGEST.sub("", words)
    reading = names.read(name) if len(name) <= MAX_NAME else Reading(name, understood=False)
    if name == words and len(name) <= MAX_NAME:
        return reading
    if whole or len(name) > MAX_TITLE or not reading.understood:
        return Reading(
            name, understood=False, text=True, note=f"{quoted(name)} begins a text, which is not read"
        )
    if reading.resolved and not _TITLE.search(name):
        return replace(reading, exact=False, note=f"{quoted(name)} has more lines, which are not read")
    return reading


def _read_classifier(classifier: str) -> Reading | None:
    table = symbols.data("classifiers.json")
    name = classifier.removeprefix(table["prefix"]).strip()
    if name not in table["classifiers"]:
        return Reading(classifier, understood=False, note=f"{quoted(classifier)} is not a known classifier")
    licences = table["classifiers"][name]
    if licences is None:
        return None
    if len(licences) == 1:
        return Reading(classifier, tuple(licences), exact=True)
    why = "names a family" if licences else "names no terms that have an SPDX identifier"
    return Reading(classifier, tuple(licences), note=f"{quoted(name.rsplit(' :: ', 1)[-1])} {why}")


def _outcome(reading: Reading) -> Resolution:
    if reading.resolved:
        return Resolution(reading.resolved, "resolved", reading.note)
    status: LicenceStatus = "ambiguous" if reading.licences else "unknown"
    return _gap(status, reading.note, reading.licences, others=reading.open_ended)


def _gap(status: LicenceStatus, note: str, candidates: Sequence[str], *, others: bool = False) -> Resolution:
    """An outcome that names no licence; `others` says that terms which no table lists may be meant as well."""
    unlisted = (NOASSERTION,) if candidates and others else ()
    return Resolution(NOASSERTION, status, f"{note}{_listed(candidates)}", (*candidates, *unlisted))


def _listed(licences: Sequence[str]) -> str:
    if not licences:
        return ""
    more = f" and {len(licences) - MAX_LISTED} more" if len(licences) > MAX_LISTED else ""
    return f"; candidates: {', '.join(licences[:MAX_LISTED])}{more}"


def _from_classifiers(classifiers: Sequence[Reading]) -> Resolution:
    common = _common(classifiers)
    if len(classifiers) == 1 or len(common) == 1:
        narrowest = min(
            classifiers, key=lambda reading: len(reading.licences) or len(symbols.symbols().licences)
        )
        return _outcome(narrowest)
    return _unrelated(classifiers)


def _common(readings: Sequence[Reading]) -> list[str]:
    first, *others = readings
    return [item for item in first.licences if all(item in other.licences for other in others)]


def _unrelated(classifiers: Sequence[Reading]) -> Resolution:
    """PEP 639: of several classifiers, none says whether all of them apply or one may be chosen."""
    candidates = list(dict.fromkeys(item for reading in classifiers for item in reading.licences))
    note = f"{_classified(classifiers)}, but not whether all of them apply or one"
    return _gap("ambiguous", note, candidates, others=_unlisted(classifiers))


def _unlisted(readings: Sequence[Reading]) -> bool:
    return any(reading.open_ended or not reading.licences for reading in readings)


def _combined(said: Reading, classifiers: Sequence[Reading]) -> Resolution:
    if said.resolved:
        return _checked(said, classifiers)
    if not said.understood:
        return _unread(said, classifiers)
    if len(classifiers) > 1:
        return _unrelated(classifiers)
    (classifier,) = classifiers
    if not said.licences or not classifier.licences:
        candidates = classifier.licences or said.licences
        return _gap("ambiguous", f"{said.note}; {_classified(classifiers)}", candidates, others=True)
    common = [item for item in said.licences if item in classifier.licences]
    if not common:
        return _contradiction(said, classifiers)
    if len(common) == 1:
        return Resolution(common[0], "resolved", f"{said.note}; {_classified(classifiers)}")
    return _gap("ambiguous", said.note, common, others=said.open_ended and classifier.open_ended)


def _checked(said: Reading, classifiers: Sequence[Reading]) -> Resolution:
    """An exact statement stands if every classifier allows at least one of its licences."""
    expression = symbols.parse(said.licences[0])
    if any(not expression.licences.intersection(reading.licences) for reading in classifiers):
        return _contradiction(said, classifiers)
    return _outcome(said)


def _unread(said: Reading, classifiers: Sequence[Reading]) -> Resolution:
    """Words that no table knows: a licence text leaves the classifiers standing, a phrase may contradict them."""
    outcome = _from_classifiers(classifiers)
    if said.text:
        note = f"{outcome.note}; {said.note}" if outcome.note else f"by its classifier; {said.note}"
        return replace(outcome, note=note)
    candidates = list(dict.fromkeys(item for reading in classifiers for item in reading.licences))
    return _gap("ambiguous", f"{said.note}; {_classified(classifiers)}", candidates, others=True)


def _contradiction(said: Reading, classifiers: Sequence[Reading]) -> Resolution:
    candidates = list(
        dict.fromkeys((*said.licences, *(item for reading in classifiers for item in reading.licences)))
    )
    note = f"{quoted(said.said)} is contradicted: {_classified(classifiers)}"
    return _gap("ambiguous", note, candidates, others=_unlisted([said, *classifiers]))


def _classified(classifiers: Sequence[Reading]) -> str:
    said = ", ".join(quoted(reading.said.rsplit(" :: ", 1)[-1]) for reading in classifiers)
    return f"the classifier{'s say' if len(classifiers) > 1 else ' says'} {said}"
