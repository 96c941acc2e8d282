"""Names of licences as people write them -> SPDX identifiers, by reviewed tables; a name is never guessed.

A reading keeps every identifier that the words allow. Only one that is both exact and alone resolves; the rest is
narrowed by other evidence or listed as a gap. Restrictions that the words state ("research only") are kept beside it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from lineage_platform.policy import symbols

_LATER = re.compile(
    r"\b(?:or|and) (?:at your option )?(?:any )?(?:later|newer|higher|greater|above)(?: versions?)?\b|\bor later\b"
)
_VERSION_WORD = re.compile(r"\b(?:versions?|ver|v)[ .]*(?=\d)")
_HAN = r"[\u3400-\u9fff]"
_HAN_EDITION = re.compile(r"第?\s*([\d.]+|[一二三四])\s*版本?")
_HAN_NOISE = re.compile(r"许可协议|许可证|许可|協議|协议|國際|国际|條款版本")
_NOISE = re.compile(r"the|licen[sc]es?|version|agreement|terms|international|unported|generic|universal")
_HAN_DIGITS = str.maketrans("一二三四", "1234")
_DOUBTFUL = re.compile(r"[^\w\s.,;:'\"()/&+*‘’“”《》（）、，。–—©®™-]")
_UNDER = re.compile(
    r"^(?:(?:[\w'’-]+,? ){0,12}(?:data|dataset|data set|corpus|collection|project|work|resource|repository)s? (?:is|are) |(?:\w+ ){0,3})"
    r"(?:(?:all |also )?(?:licen[sc]ed|released|distributed|available|published|provided)) under (?:the )?(?:terms of )?(?:the )?"
)
_PARTIAL = re.compile(r"\b(?:not|except|unless|if|some|parts?|code|scripts?|software|portions?)\b.* under\b")
_MENTION = re.compile(r"(?<=\S)[\s:.,]+\(?(https?://[^\s()]+)\)?\.?$", re.IGNORECASE)
_SLUG = r"(?:spdx|opensource|opendefinition|choosealicense|licenses\.opendefinition)\.(?:org|com)/licenses?/([\w.+-]+)"
_EU_LICENCE = re.compile(
    r"publications\.europa\.eu/resource/authority/licence/(cc_by\w*?)_(\d)_(\d)(?:_([a-z]+))?"
)


def key(text: str) -> str:
    """The form in which names are compared: Unicode NFKC, case folded, without punctuation and filler words; "+" stands
    for "or any later version", and a version number is a word of its own."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    folded = _HAN_EDITION.sub(lambda match: f" {match[1].translate(_HAN_DIGITS)} ", folded)
    folded = re.sub(r"[^\w.+*]+|_", " ", folded)
    folded = _LATER.sub(" + ", folded)
    folded = _VERSION_WORD.sub(" ", folded)
    folded = re.sub(r"(?<=[a-z])v?(?=\d)", " ", folded)
    folded = re.sub(r"\.(?!\d)", " ", folded).replace("+", " + ")
    folded = re.sub(rf"(?<={_HAN})\s+(?={_HAN})", "", _HAN_NOISE.sub(" ", folded))
    folded = re.sub(rf"(?<={_HAN})(?=\d)", " ", folded)
    return " ".join(word for word in folded.split() if not _NOISE.fullmatch(word))


@dataclass(frozen=True)
class Reading:
    """What one statement says: the identifiers it allows, whether it is exact, and a remark for people.

    `licences` of more than one are alternatives of which the words do not say which. `silent` says that the statement
    states nothing ("UNKNOWN"), `understood` is False where there are words that no table knows; `text` marks those that
    are the text of a licence rather than its name; `open_ended` says that terms which no table lists may be meant too.
    """

    said: str
    licences: tuple[str, ...] = ()
    exact: bool = False
    silent: bool = False
    understood: bool = True
    text: bool = False
    open_ended: bool = False
    note: str = ""

    @property
    def resolved(self) -> str | None:
        """The one licence this statement names, if it does."""
        return self.licences[0] if self.exact and len(self.licences) == 1 else None


def quoted(text: str) -> str:
    """A short, printable form of what was written, for notes."""
    return repr(text if len(text) <= 80 else f"{text[:77]}...")


def read(text: str) -> Reading:
    """What a licence name, expression or address says; everything it cannot read comes back as not understood."""
    words = " ".join(text.split()).lstrip("# ")
    return (
        _silence(text, words)
        or _expression(text, words)
        or _address(text, words)
        or _name(text, words)
        or _with_parentheses(text, words)
        or _with_address(text, words)
        or _several(text, words)
        or Reading(text, understood=False, note=f"{quoted(text)} is not a known licence name")
    )


MAX_PARTS = 8
"""Names that one string may join; more is prose."""


@dataclass(frozen=True)
class _Tables:
    silent: frozenset[str]
    exact: dict[str, str]
    inexact: dict[str, dict[str, Any]]
    families: dict[str, dict[str, Any]]
    identifiers: dict[str, str]


@cache
def _tables() -> _Tables:
    reviewed = symbols.data("licences.json")
    by_key: dict[str, set[str]] = {}
    for identifier in symbols.symbols().licences.values():
        by_key.setdefault(key(identifier), set()).add(identifier)
    return _Tables(
        silent=frozenset(key(item) for item in reviewed["silent"]),
        exact={key(name): licence for licence, names in reviewed["aliases"].items() for name in names},
        inexact={key(name): entry for entry in reviewed["inexact"] for name in entry["names"]},
        families={key(name): family for family in reviewed["families"] for name in family["names"]},
        identifiers={name: next(iter(items)) for name, items in by_key.items() if len(items) == 1},
    )


def _silence(text: str, words: str) -> Reading | None:
    if words.upper() == "NONE":
        return Reading(text, silent=True, note="NONE: no licence is granted")
    if not key(words) or key(words) in _tables().silent:
        return Reading(text, silent=True, note=f"{quoted(text)} states no licence")
    return None


def _expression(text: str, words: str) -> Reading | None:
    try:
        expression = symbols.parse(words)
    except symbols.NotAnExpression:
        return None
    note = ""
    if expression.deprecated:
        note = f"{', '.join(expression.deprecated)} is a deprecated identifier of SPDX"
    elif expression.licences == {expression.text} and expression.text.startswith("LicenseRef-"):
        note = "own terms, by reference"
    return Reading(text, (expression.text,), exact=True, note=note)


def _address(text: str, words: str) -> Reading | None:
    match = re.fullmatch(r"(https?:)?//(?:www\.)?(\S+)|(\w+\.[\w-]+\.?\w*/\S+)", words, re.IGNORECASE)
    if match is None:
        return None
    path = re.sub(r"[#?].*$", "", match[2] or match[3]).casefold().removeprefix("www.").rstrip("/")
    path = re.sub(r"(?:/legalcode|/deed)(?:\.[\w-]+)?$|(?:\.[a-z]{2})?\.(?:html?|txt|php)$", "", path).rstrip(
        "/"
    )
    tables = symbols.data("licences.json")
    if path in tables["silent_urls"]:
        return Reading(text, silent=True, note=f"{quoted(text)} states no licence")
    if licences := tuple(tables["urls"].get(path, ())):
        return reading_of(text, licences, "the address stands for several licences")
    if creative := re.fullmatch(r"creativecommons\.org/licenses/([a-z-]+)(?:/(\d\.\d)(?:/([a-z]+))?)?", path):
        named = _name(text, " ".join(("cc", *(part for part in creative.groups() if part))))
    elif official := _EU_LICENCE.fullmatch(path):
        kind = re.sub(r"(nc|sa|nd)(?=(?:nc|sa|nd)|$)", r" \1", official[1].replace("_", " "))
        named = _name(text, f"{kind} {official[2]}.{official[3]} {official[4] or ''}".strip())
    elif listed := re.fullmatch(_SLUG, path):
        named = _expression(text, listed[1]) or _name(text, listed[1])
    else:
        named = None
    if named is None and match[3]:
        return None
    return named or Reading(
        text, understood=False, note=f"{quoted(text)} is an address of terms that no table knows"
    )


def reading_of(text: str, licences: Iterable[str], why: str) -> Reading:
    """The reading of words that a table maps to these licences: exact if it is one, else `why` it is not."""
    items = tuple(dict.fromkeys(licences))
    return Reading(text, items, exact=len(items) == 1, note="" if len(items) == 1 else why)


def _name(text: str, words: str) -> Reading | None:
    if _DOUBTFUL.search(words) or words.count("(") != words.count(")"):
        return None
    tables = _tables()
    folded = words.casefold()
    name = key(folded if _PARTIAL.search(folded) else _UNDER.sub("", folded))
    if name in tables.exact:
        licence = tables.exact[name]
        note = "a statement about rights, not a licence; its effect differs between countries"
        return Reading(text, (licence,), exact=True, note=note if "public-domain" in licence else "")
    if name in tables.inexact:
        entry = tables.inexact[name]
        note = f"{quoted(text)}: {entry['note']}"
        return Reading(text, tuple(entry["candidates"]), open_ended=entry.get("open_ended", False), note=note)
    return _family(text, name) or (
        Reading(text, (tables.identifiers[name],), exact=True) if name in tables.identifiers else None
    )


def _family(text: str, name: str) -> Reading | None:
    families = _tables().families
    words = name.split()
    if words[-1:] == ["public"] and len(words) > 2 and words[-2][0].isdigit():
        words.pop()  # "... 4.0 International Public License"
    suffix = words.pop() if words and words[-1] in {"+", "only"} else ""
    version = words.pop() if words and words[-1][0].isdigit() and " ".join(words) not in families else ""
    family = families.get(" ".join(words))
    if family is None:
        return _port(text, name)
    versions: dict[str, list[str]] = family["versions"]
    if version:
        wanted = (version, f"{version}.0", version.removesuffix(".0"), f"{version}.0.0")
        stems = next((versions[item] for item in wanted if item in versions), None)
        if not stems:
            known = ", ".join(item for item, listed in versions.items() if listed)
            return Reading(
                text, understood=False, note=f"{quoted(text)}: version {version} is not one of {known}"
            )
    else:
        stems = [stem for item in versions.values() for stem in item]
    if not version and not all(versions.values()):
        note = f"{quoted(text)} names no version, and not all are listed"
        return Reading(text, tuple(stems), open_ended=True, note=note)
    if not family.get("gnu"):
        if suffix == "only":
            return None
        return reading_of(
            text, (f"{stem}+" if suffix else stem for stem in stems), f"{quoted(text)} names no version"
        )
    endings = {"+": ("-or-later",), "only": ("-only",), "": ("-only", "-or-later")}[suffix]
    missing = [word for word, given in (("version", version), ("'only' or 'or later'", suffix)) if not given]
    why = f"{quoted(text)} does not say {' nor '.join(missing) or 'which version'}"
    return reading_of(text, (f"{stem}{ending}" for stem in stems for ending in endings), why)


def _port(text: str, name: str) -> Reading | None:
    """A Creative Commons licence of a country; where SPDX lists no such port, the texts of that version that it does list."""
    countries: dict[str, str] = symbols.data("licences.json")["countries"]
    match = re.fullmatch(rf"(.+) (\d\.\d) ({'|'.join(countries)}|[a-z]{{2}})", name)
    family = _tables().families.get(match[1]) if match else None
    if match is None or family is None or not (stems := family["versions"].get(match[2])):
        return None
    country = countries.get(match[3], match[3])
    listed = symbols.symbols().licences
    if exact := listed.get(f"{stems[0]}-{country}".casefold()):
        return Reading(text, (exact,), exact=True)
    like = sorted(item for item in listed.values() if item == stems[0] or item.startswith(f"{stems[0]}-"))
    note = f"{quoted(text)}: SPDX lists no port to {country.upper()}"
    return Reading(text, tuple(like), note=note) if stems[0].startswith("CC-BY") else None


def _with_parentheses(text: str, words: str) -> Reading | None:
    """ "Mozilla Public License 2.0 (MPL 2.0)": what both parts allow."""
    match = re.fullmatch(r"(.+?)\s*\(([^()]+)\)(?: licen[sc]e)?\.?", words, re.IGNORECASE)
    if match is None:
        return None
    head, inner = read(match[1]), read(match[2])
    if not head.licences or not inner.licences:
        return None
    both = tuple(item for item in head.licences if item in inner.licences)
    if not both:
        return Reading(
            text,
            head.licences + inner.licences,
            note=f"{quoted(match[1])} and {quoted(match[2])} contradict each other",
        )
    return reading_of(text, both, head.note or inner.note)


def _with_address(text: str, words: str) -> Reading | None:
    """ "MIT (https://github.com/.../LICENSE)": a name and where it is written; a known address has to agree."""
    match = _MENTION.search(words)
    if match is None:
        return None
    named, there = _name(text, words[: match.start()]), _address(match[1], match[1])
    if named is None or there is None or not there.licences:
        return named
    both = tuple(item for item in named.licences if item in there.licences)
    if both:
        return reading_of(text, both, named.note)
    note = f"the words and the address of {quoted(text)} contradict each other"
    return Reading(text, named.licences + there.licences, note=note)


def _several(text: str, words: str) -> Reading | None:
    """Names joined by "or", "and", or by signs that do not say which of the two is meant."""
    for separator, operator in ((r"\s+or\s+", "OR"), (r"\s+and\s+|\s+&\s+", "AND"), (r"\s*[,;/|]\s*", None)):
        parts = [part for part in re.split(separator, words, flags=re.IGNORECASE) if part]
        if not 2 <= len(parts) <= MAX_PARTS:
            continue
        found = [_silence(part, part) or _expression(part, part) or _name(part, part) for part in parts]
        readings = [reading for reading in found if reading is not None and reading.licences]
        if len(readings) < len(parts):
            continue
        named = [reading.resolved for reading in readings if reading.resolved]
        candidates = tuple(dict.fromkeys(item for reading in readings for item in reading.licences))
        if len(named) < len(parts):
            unlisted = any(reading.open_ended for reading in readings)
            note = "; ".join(reading.note for reading in readings if reading.note)
            return Reading(text, candidates, open_ended=unlisted, note=note)
        if len(candidates) == 1:
            return Reading(text, candidates, exact=True)
        if operator is None:
            note = f"{quoted(text)} does not say whether all of them apply or one"
            return Reading(text, candidates, note=note)
        expression = symbols.parse(f" {operator} ".join(f"({item})" for item in named))
        return Reading(text, (expression.text,), exact=True)
    return None


def restrictions(text: str) -> tuple[str, ...]:
    """The restrictions of use that words state, whether or not they name a licence, by the tables of names and phrases."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    inexact = _tables().inexact
    pieces = [folded] if key(folded) in inexact else re.split(r"[()\[\],;:/|]", folded)
    found = {name for piece in pieces for name in inexact.get(key(piece), {}).get("restrictions", ())}
    said = " ".join(re.sub(r"[^\w]+", " ", folded).split())
    for phrase in symbols.data("licences.json")["restrictions"]:
        unless = phrase.get("unless")
        if re.search(phrase["says"], said) and not (unless and re.search(unless, said)):
            found.add(phrase["name"])
    return tuple(sorted(found))
