"""How much terms restrict, as a number: which copy of a duplicate survives. Not a verdict on any use."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from lineage_platform.model.terms import NOASSERTION, PersonalData, Terms
from lineage_platform.policy import symbols, vocabulary

_PERSONAL: Final[dict[PersonalData, int]] = {
    "none": 0,
    "pseudonymised": 1,
    "personal": 2,
    "sensitive": 4,
    "unknown": 6,
}


def rights_rank(terms: Terms) -> int:
    """Lower is better: first by licence (see `licence_level`), at equal licence by what is known of personal data, and
    there data held by consent, which can be withdrawn, after data held on another basis."""
    personal = _PERSONAL[terms.personal_data]
    withdrawable = personal > 0 and vocabulary.lookup(terms.consent_basis).consent
    return licence_level(terms.licence) * 8 + personal + (1 if withdrawable else 0)


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
