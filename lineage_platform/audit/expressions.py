"""SPDX licence expressions as questions see them: which licences they name."""

from __future__ import annotations


def licences_in(expression: str) -> set[str]:
    """The licence and exception ids that an SPDX expression names."""
    words = expression.replace("(", " ").replace(")", " ").split()
    return {word for word in words if word.upper() not in ("AND", "OR", "WITH")}


def mentions(expression: str, licence: str) -> bool:
    """Whether an SPDX expression names a licence, or is the expression asked for; ids are compared without case."""
    if len(licence.split()) > 1:
        return " ".join(expression.split()).casefold() == " ".join(licence.split()).casefold()
    return licence.casefold() in {name.casefold() for name in licences_in(expression)}
