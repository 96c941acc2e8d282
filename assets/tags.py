"""Licence and consent basis as Dagster tags, so that a person sees them on every node."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lineage_platform.model.definitions import Source
from lineage_platform.policy.terms import terms_of


def source_tags(sources: Iterable[Source]) -> dict[str, str]:
    """`licence` and `consent_basis` of one source, or one `licence.<id>` and `consent.<basis>` each for several."""
    terms = [piece for source in sources for piece in terms_of(source, None)]
    licences = sorted({item.licence for item in terms})
    bases = sorted({item.consent_basis for item in terms})
    if len(licences) == len(bases) == 1:
        return {"licence": _value(licences[0]), "consent_basis": _value(bases[0])}
    return {
        **{_value(f"licence.{licence}"): "" for licence in licences},
        **{_value(f"consent.{basis}"): "" for basis in bases},
    }


def _value(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", text)[:63]
