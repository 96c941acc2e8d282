"""How much terms restrict, as a number: which copy of a duplicate survives. Not a verdict on any use."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from lineage_platform.model.terms import NOASSERTION, PersonalData, Terms
from lineage_platform.policy import symbols, vocabulary
from lineage_platform.policy.meet import parts_of

_PERSONAL: Final[Mapping[PersonalData, int]] = {
    "none": 0,
    "pseudonymised": 1,
    "personal": 2,
    "sensitive": 4,
    "unknown": 6,
}


def rights_rank(terms: Terms) -> int:
    """Lower is better: first by licence (see `licence_level`), at equal licence by what is known of personal data, and
    there data held by consent, which can be withdrawn, or on a basis that is not known, after data held on another."""
    return _rank(terms.licence, terms.personal_data, terms.consent_basis)


def rank_of(statement: Mapping[str, Any]) -> int:
    """`rights_rank` of a statement in its JSON form; of one that was met from parts, that of the worst part."""
    return max(
        _rank(part["licence"], part["personal_data"], part["consent_basis"]) for part in parts_of(statement)
    )


def _rank(licence: str, personal_data: PersonalData, consent_basis: str) -> int:
    personal = _PERSONAL[personal_data]
    basis = vocabulary.vocabulary().get(consent_basis)
    withdrawable = personal > 0 and (basis is None or basis.consent)
    return licence_level(licence) * 8 + personal + (1 if withdrawable else 0)


@lru_cache(maxsize=4096)
def licence_level(licence: str) -> int:
    """Position of an expression in the order public domain < permissive < attribution < share-alike (weak copyleft) <
    copyleft < restricted (non-commercial, no derivatives, proprietary, own terms) < unknown.

    AND counts as its worst part, OR as its best, `A WITH exception` as the milder of both.
    """
    order = symbols.data("licences.json")["levels"]["order"]
    if licence == NOASSERTION:
        return len(order) - 1
    try:
        return symbols.worst_of_and_best_of_or(licence, _level, _level)
    except symbols.NotAnExpression:
        return len(order) - 1


def _level(identifier: str) -> int:
    levels = symbols.data("licences.json")["levels"]
    name = identifier.removesuffix("+").split(":")[-1]
    prefixes = [prefix for prefix in levels["prefixes"] if name.startswith(prefix)]
    category = symbols.symbols().categories.get(name, "Unstated License")
    level = (levels["prefixes"][max(prefixes, key=len)] if prefixes else "") or levels["categories"][category]
    return int(levels["order"].index(level))
