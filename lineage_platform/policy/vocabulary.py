"""The controlled vocabulary of consent bases: short names that people write, the IRIs behind them, labels for pages.

The IRIs are terms of the W3C Data Privacy Vocabulary (DPV 2.3) and its EU GDPR extension; for the Personal Information
Protection Law of the PRC, art. 13, DPV has none, so they are ours (`data/consent.json` says which DPV term is broader).
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from lineage_platform.errors import InvalidInput
from lineage_platform.policy import symbols


@dataclass(frozen=True)
class ConsentBasis:
    """One term: short name, IRI, labels, and whether a person can withdraw it."""

    name: str
    iri: str
    en: str
    zh: str
    consent: bool
    broader: str | None


@cache
def vocabulary() -> Mapping[str, ConsentBasis]:
    """All terms by short name, in the order of the data file."""
    table = symbols.data("consent.json")

    def iri(term: str) -> str:
        prefix, _, local = term.partition(":")
        return str(table["prefixes"][prefix]) + local

    return MappingProxyType(
        {
            name: ConsentBasis(
                name=name,
                iri=iri(entry["term"]),
                en=entry["en"],
                zh=entry["zh"],
                consent=entry.get("consent", False),
                broader=iri(entry["broader"]) if "broader" in entry else None,
            )
            for name, entry in table["terms"].items()
        }
    )


def lookup(name: str) -> ConsentBasis:
    """The term of a short name; InvalidInput with the nearest names if there is none."""
    known = vocabulary()
    if name in known:
        return known[name]
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
    hint = f"; nearest: {', '.join(close)}" if close else ""
    raise InvalidInput(f"consent basis: got {name!r}, expected one of {', '.join(known)}{hint}")
