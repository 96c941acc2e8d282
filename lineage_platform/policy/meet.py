"""The terms of a document that derives from others: its own, met with those of everything it was made from.

    effective = derived(own, [terms_of_one_parent, terms_of_another])

The result is one statement that sums up: restrictions and duties unite, scopes intersect, the latest start, the earliest
expiry and the latest embargo hold, the worst class of personal data, all licences joined by AND, and what is unknown of one is
unknown of all. A sum cannot keep which consent belonged to which data, so the statement also carries its `parts`, the
statements that were met, and verdicts are the worst of the parts' (`verdicts.judge`). So no meet is more permissive than any
parent, under any policies but one that rewards conflicting licences. `meet` is idempotent, commutative and associative, because it sums the union of parts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from lineage_platform.model.terms import NOASSERTION
from lineage_platform.policy.vocabulary import lookup

Statement = dict[str, Any]

NOTHING: Final = "none"
"""In a scope: scopes were stated and have nothing in common. An empty list would say that nothing was stated."""

UNKNOWN_PARENT: Final[Mapping[str, Any]] = {
    "source": "unknown",
    "declared": None,
    "licence": NOASSERTION,
    "licence_status": "unknown",
    "licence_note": "a parent that is not known",
    "consent_basis": "unknown",
    "consent_iri": lookup("unknown").iri,
    "personal_data": "unknown",
    "scope": {"fields": [], "regions": [], "uses": [], "grantees": []},
    "evidence": None,
    "valid_from": None,
    "valid_to": None,
}
"""Stands for a parent that is not known; what derives from it is unknown in everything it does not forbid."""

_WORST: Final[Mapping[str, tuple[str, ...]]] = {
    "licence_status": ("resolved", "ambiguous", "unknown"),
    "personal_data": ("none", "pseudonymised", "personal", "sensitive", "unknown"),
    "minors": ("no", "unknown", "yes"),
    "important_data": ("general", "unknown", "important", "core"),
    "opt_out": ("y", "unknown", "n"),
    "collected_lawfully": ("yes", "unknown", "no"),
    "basis": ("measured", "attested", "concluded", "declared", "inferred"),
}
_WORST_OF_PEOPLE: Final[Mapping[str, tuple[str, ...]]] = {
    "anonymisation": ("anonymised", "deidentified", "unknown", "none"),
    "consent_status": (
        "not-needed", "renewed", "given", "unknown", "expired", "invalidated", "refused", "revoked", "withdrawn"
    ),
}  # fmt: skip
"""What is said about people counts from those parts only that may hold personal data."""
_UNITED: Final = ("rightsholders", "consent_records", "personal_categories", "duties", "generators")
_DOUBTS: Final = 3
_COPYRIGHT: Final = ("public-domain", "licence", "exception", "unknown", "none")


def meet(statements: Iterable[Mapping[str, Any]]) -> Statement:
    """The statement that holds where all of `statements` hold; at least one. Alone, a statement is its own meet.

    `generation_depth` is the deepest of theirs: a number, "unknown", or absent where nothing was derived.
    """
    met = list(statements)
    parts = _distinct(part for statement in met for part in parts_of(statement))
    depth = _deepest(statement.get("generation_depth", 0) for statement in met)
    said = dict(parts[0]) if len(parts) == 1 else {**_summed(parts), "parts": parts}
    return {**said, "generation_depth": depth} if depth else said


def derived(own: Mapping[str, Any], parents: Sequence[Mapping[str, Any]]) -> Statement:
    """The terms of a document made from others: `own`, what its source or generator states, met with its parents'.

    One generation deeper than the deepest parent. Without a parent it is not known what it was made from.
    """
    known = parents or [{**UNKNOWN_PARENT, "generation_depth": "unknown"}]
    deepest = _deepest(parent.get("generation_depth", 0) for parent in known)
    depth = deepest if isinstance(deepest, str) else deepest + 1
    return {**meet([own, *known]), "generation_depth": _deepest((depth, own.get("generation_depth", 0)))}


def parts_of(statement: Mapping[str, Any]) -> list[Statement]:
    """The statements that were met in this one; of one that was not met, itself."""
    stated = statement.get("parts") or [statement]
    return [{key: value for key, value in part.items() if key != "generation_depth"} for part in stated]


def _distinct(parts: Iterable[Statement]) -> list[Statement]:
    by_form = {_form(part): part for part in parts}
    return [by_form[form] for form in sorted(by_form)]


def _form(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _deepest(depths: Iterable[int | str]) -> int | str:
    found = list(depths)
    return "unknown" if "unknown" in found else max(int(depth) for depth in found)


def _summed(parts: Sequence[Statement]) -> Statement:
    people = [part for part in parts if part.get("personal_data", "unknown") != "none"]
    licence = _and(part.get("licence") for part in parts)
    basis = _agreed([part.get("consent_basis") for part in people], "not-personal-data")
    said: Statement = {
        "source": " + ".join(sorted({str(part.get("source", "unknown")) for part in parts})),
        "declared": None,
        "licence": licence,
        "licence_note": _doubts(parts) or f"met from {len(parts)} statements",
        "consent_basis": basis,
        "consent_iri": lookup(basis).iri,
        "scope": {name: _common(parts, name) for name in ("fields", "regions", "uses", "grantees")},
        "evidence": None,
        "valid_from": max((part["valid_from"] for part in parts if part.get("valid_from")), default=None),
        "valid_to": min((part["valid_to"] for part in parts if part.get("valid_to")), default=None),
        "copyright_basis": _by_jurisdiction(parts, "copyright_basis", _worst_copyright),
        "consent_bases": _by_jurisdiction(people, "consent_bases", _one_consent),
        "separate_consent": sorted(set.intersection(*map(_separate_consents, people))) if people else [],
        "transfer": _agreed([part.get("transfer") for part in people], "unknown"),
        "kind": _agreed([part.get("kind") for part in parts], "unknown"),
        **{name: _worst(parts, name, order) for name, order in _WORST.items()},
        **{name: _worst(people, name, order) for name, order in _WORST_OF_PEOPLE.items()},
        **{name: sorted({item for part in parts for item in part.get(name, ())}) for name in _UNITED},
        **_embargo(parts),
        **_generators(parts),
    }
    return said


def _doubts(parts: Sequence[Statement]) -> str:
    """What the first parts with a licence that is not known say of it."""
    doubtful = [part for part in parts if part.get("licence_status") != "resolved"][:_DOUBTS]
    return "; ".join(f"{part.get('source')}: {part.get('licence_note') or 'not known'}" for part in doubtful)


def _worst(parts: Sequence[Statement], name: str, order: tuple[str, ...]) -> str:
    silent = "declared" if name == "basis" else "unknown"
    return max((part.get(name) or silent for part in parts), key=order.index, default=silent)


def _agreed(values: Sequence[str | None], empty: str) -> str:
    """What all say; `unknown` where they differ or one is silent; `empty` if there is none to ask."""
    said = {value or "unknown" for value in values}
    return empty if not said else said.pop() if len(said) == 1 else "unknown"


def _and(licences: Iterable[str | None]) -> str:
    distinct = sorted({licence or NOASSERTION for licence in licences})
    if NOASSERTION in distinct:
        return NOASSERTION
    if len(distinct) == 1:
        return distinct[0]
    return " AND ".join(f"({each})" if " OR " in each else each for each in distinct)


def _common(parts: Sequence[Statement], name: str) -> list[str]:
    stated = [set(words) for part in parts if (words := (part.get("scope") or {}).get(name))]
    if not stated:
        return []
    return sorted(set.intersection(*stated)) or [NOTHING]


def _separate_consents(part: Statement) -> set[str]:
    return set(part.get("separate_consent", ()))


def _by_jurisdiction(
    parts: Sequence[Statement], key: str, of: Callable[[Sequence[Statement], str], str]
) -> dict[str, str]:
    named = sorted({place for part in parts for place in part.get(key, {})})
    return {place: of(parts, place) for place in named}


def _worst_copyright(parts: Sequence[Statement], place: str) -> str:
    bases = [part.get("copyright_basis", {}).get(place) or _by_its_licence(part) for part in parts]
    return str(max(bases, key=lambda basis: (_COPYRIGHT.index(basis.partition(":")[0]), basis)))


def _by_its_licence(part: Statement) -> str:
    return "licence" if part.get("licence_status") == "resolved" else "unknown"


def _one_consent(parts: Sequence[Statement], place: str) -> str:
    return _agreed(
        [part.get("consent_bases", {}).get(place) or part.get("consent_basis") for part in parts], "unknown"
    )


def _embargo(parts: Sequence[Statement]) -> Statement:
    held = [part for part in parts if part.get("embargo_until")]
    if not held:
        return {}
    opens = all(part.get("embargo_then") == "open" for part in held)
    return {
        "embargo_until": max(part["embargo_until"] for part in held),
        "embargo_then": "open" if opens else "review",
    }


def _generators(parts: Sequence[Statement]) -> Statement:
    made = [
        part for part in parts if part.get("generators") or part.get("generator_terms") or part.get("kind") == "synthetic"
    ]  # fmt: skip
    return {"generator_terms": _and(part.get("generator_terms") for part in made)} if made else {}
