"""A statement of terms, on a day -> the flat record of facts that policies read; `data/policies/vocabulary.json` has the words.

    record = facts(statement, facts_of("CC-BY-NC-4.0"), date(2026, 11, 22))
    record["commercial"]                       # "no"
    within(record, "EU")["copyright_basis"]    # what the statement says of the EU, else that there is a licence

Facts are strings, Booleans and sets of strings (sorted lists without duplicates). What a statement does not say is
"unknown", or an empty set. Time enters here and nowhere else: `day` is compared with validity, a half-open interval
[from, to), and with the embargo, whose last day is the one before `embargo_until`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Final, Literal, cast

from lineage_platform.errors import InvalidInput
from lineage_platform.model.terms import NOASSERTION
from lineage_platform.policy import symbols
from lineage_platform.policy.licence_facts import (
    LicenceFacts,
    all_of,
    facts_of,
    facts_of_declared,
    facts_of_resolution,
)
from lineage_platform.policy.licences import resolve_generator

Fact = str | bool | list[str]
Facts = dict[str, Fact]

_BY_JURISDICTION: Final = {"copyright_basis": "copyright_basis", "consent_basis": "consent_bases"}
_PLACES: Final = ("copyright_basis", "by_licence", "consent_basis", "consent_kind", "region")
"""What depends on the jurisdiction, and so is in no record before `within`."""
_SILENT: Final = {"basis": "declared"}
"""What a missing key means where it is not "unknown": a steward's file declares."""
_STATED: Final = (
    "licence_status", "consent_status", "minors", "important_data", "transfer", "kind", "collected_lawfully", "basis"
)  # fmt: skip
_OF_LICENCE: Final = ("commercial", "derivatives", "redistribution", "database_right", "training")


@cache
def vocabulary() -> Any:
    """The closed words: jurisdictions and postures, uses, facts of the operator, facts, kinds of consent bases."""
    return symbols.data("policies/vocabulary.json")


def licence_of(statement: Mapping[str, Any]) -> LicenceFacts:
    """The facts of the statement's licence; of a declared string that was not resolved, what holds however it is read."""
    licence, declared = statement.get("licence") or NOASSERTION, statement.get("declared")
    if licence == NOASSERTION and declared:
        return facts_of_declared(declared)
    return facts_of(licence)


def facts(
    statement: Mapping[str, Any], licence: LicenceFacts, day: date, *, share_alike_conflict: bool = False
) -> Facts:
    """The record of one statement. InvalidInput on a word outside the vocabulary, or dates that contradict each other.

    Bases by jurisdiction stand as `copyright_basis@EU`, `consent_basis@CN`, and the scope's regions as `regions`, until
    `within` narrows the record. `share_alike_conflict` says that the documents a document derives from demand licences
    that cannot be met together (see `meet`).
    """
    scope = statement.get("scope") or {}
    duties = set(statement.get("duties", ()))
    record: Facts = {name: statement.get(name) or _SILENT.get(name, "unknown") for name in _STATED}
    record |= {name: getattr(licence, name) for name in _OF_LICENCE}
    record |= {
        "attribution": "yes" if "attribution" in duties else licence.attribution,
        "notice": "yes" if "notice" in duties else licence.notice,
        "share_alike": licence.shares_alike,
        "share_alike_conflict": share_alike_conflict,
        "field_of_use": _set(licence.field_of_use),
        "output_claims": _set(licence.output_claims),
        "personal_data": _personal_data(statement),
        "consent_recorded": bool(statement.get("consent_records")),
        "separate_consent": _set(statement.get("separate_consent", ())),
        "uses": _set(scope.get("uses", ())),
        "grantees": _set(scope.get("grantees", ())),
        "regions": _set(scope.get("regions", ())),
        "duties": _set(duties),
        "validity": _validity(statement, day),
        "embargo": _embargo(statement, day),
        "training_signal": statement.get("opt_out") or "unknown",
        "evidence": _evidence(statement.get("evidence")),
        "consent_basis": statement.get("consent_basis") or "unknown",
        **_generator(statement),
        **_by_jurisdiction(statement),
    }
    _refuse_unknown_words(record, _name(statement))
    return record


def within(record: Facts, jurisdiction: str, names: Iterable[str]) -> Facts:
    """Those facts of `record` that are called `names`, for one jurisdiction or posture.

    A posture asks about no place: it sees the general consent basis, the worst copyright basis that is stated for any
    jurisdiction, and as region `in` if any is named.
    """
    return {
        name: _in_place(record, name, jurisdiction) if name in _PLACES else record[name] for name in names
    }


def _in_place(record: Facts, name: str, jurisdiction: str) -> Fact:
    if name == "copyright_basis":
        return _copyright_basis(record, jurisdiction)
    if name == "by_licence":
        basis = _copyright_basis(record, jurisdiction)
        return basis not in ("public-domain", "none") and not basis.startswith("exception:")
    if name == "region":
        return _region(
            cast("list[str]", record["regions"]), vocabulary()["jurisdictions"][jurisdiction]["regions"]
        )
    basis = _stated(record, "consent_basis", jurisdiction) or str(record["consent_basis"])
    return basis if name == "consent_basis" else consent_kind(basis)


def _stated(record: Facts, name: str, jurisdiction: str) -> str | None:
    for region in vocabulary()["jurisdictions"][jurisdiction]["regions"]:
        if f"{name}@{region}" in record:
            return str(record[f"{name}@{region}"])
    return None


def _copyright_basis(record: Facts, jurisdiction: str) -> str:
    silent = "licence" if record["licence_status"] == "resolved" else "unknown"
    if vocabulary()["jurisdictions"][jurisdiction]["regions"]:
        return _stated(record, "copyright_basis", jurisdiction) or silent
    stated = [str(value) for name, value in record.items() if name.startswith("copyright_basis@")]
    return max(stated, key=_doubt, default=silent)


def _doubt(basis: str) -> tuple[int, str]:
    order = ("public-domain", "licence", "exception", "unknown", "none")
    kind = basis.partition(":")[0]
    return (order.index(kind) if kind in order else len(order), basis)


def _region(stated: list[str], regions: list[str]) -> Literal["in", "out", "not-stated"]:
    if not stated:
        return "not-stated"
    return "in" if not regions or not set(regions).isdisjoint(stated) else "out"


@cache
def consent_kind(basis: str) -> str:
    """The kind of a consent basis by its short name; a basis that no pattern knows is `other`."""
    for kind, patterns in vocabulary()["consent_kinds"].items():
        if any(fnmatchcase(basis, pattern) for pattern in patterns):
            return str(kind)
    return "other"


def _by_jurisdiction(statement: Mapping[str, Any]) -> Facts:
    return {
        f"{fact}@{jurisdiction}": "-".join(str(value).split())
        for fact, key in _BY_JURISDICTION.items()
        for jurisdiction, value in (statement.get(key) or {}).items()
    }


def _personal_data(statement: Mapping[str, Any]) -> str:
    stated = str(statement.get("personal_data") or "unknown")
    return "anonymised" if statement.get("anonymisation") == "anonymised" and stated != "none" else stated


def _generator(statement: Mapping[str, Any]) -> Facts:
    """The terms of the models that made the text: as stated, else those that the models' names are known to stand for."""
    terms, names = statement.get("generator_terms") or NOASSERTION, statement.get("generators") or ()
    if terms == NOASSERTION and not names and statement.get("kind") != "synthetic":
        return {
            "generator": "none",
            "generator_commercial": "yes",
            "generator_training": "silent",
            "generator_restrictions": [],
        }
    found = [resolve_generator(name) for name in names]
    known = terms != NOASSERTION or (bool(found) and all(each.status == "resolved" for each in found))
    licence = facts_of(terms) if terms != NOASSERTION else all_of(map(facts_of_resolution, found))
    return {
        "generator": "known" if known else "unknown",
        "generator_commercial": licence.commercial,
        "generator_training": licence.training,
        "generator_restrictions": _set((*licence.field_of_use, *licence.output_claims)),
    }


def _evidence(evidence: Mapping[str, Any] | None) -> str:
    if not evidence or not evidence.get("uri"):
        return "none"
    return "digest" if evidence.get("sha256") else "named"


def _validity(statement: Mapping[str, Any], day: date) -> str:
    start, end = _day(statement, "valid_from"), _day(statement, "valid_to")
    if start is not None and end is not None and end <= start:
        raise InvalidInput(
            f"terms of {_name(statement)}: valid_to: got {end}, expected a day after valid_from, {start}"
        )
    if start is not None and day < start:
        return "not-yet"
    return "expired" if end is not None and day >= end else "in-force"


def _embargo(statement: Mapping[str, Any], day: date) -> str:
    until = _day(statement, "embargo_until")
    if until is None:
        return "none"
    if day < until:
        return "running"
    return "none" if statement.get("embargo_then") == "open" else "review"


def _day(statement: Mapping[str, Any], key: str) -> date | None:
    value = statement.get(key)
    if value is None:
        return None
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        raise InvalidInput(
            f"terms of {_name(statement)}: {key}: got {value!r}, expected a day, YYYY-MM-DD"
        ) from None


def _name(statement: Mapping[str, Any]) -> str:
    return str(statement.get("source", "an unnamed source"))


def _set(words: Iterable[str]) -> list[str]:
    return sorted(set(words))


@cache
def _closed() -> Mapping[str, frozenset[str]]:
    answers = ("yes", "no", "unknown")
    return {
        name: frozenset(entry.get("values", answers))
        for name, entry in vocabulary()["facts"].items()
        if name not in (*_PLACES, "field_of_use", "output_claims")
        and ("values" in entry or entry["type"] == "answer")
    }


def _refuse_unknown_words(record: Facts, source: str) -> None:
    for name, known in _closed().items():
        value = record[name]
        words = value if isinstance(value, list) else [str(value)]
        if not known.issuperset(words):
            strange = ", ".join(repr(word) for word in words if word not in known)
            raise InvalidInput(
                f"terms of {source}: {name}: got {strange}, expected {', '.join(sorted(known))}"
            )
