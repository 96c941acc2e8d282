"""The rights of many documents summed up: a shard's, a corpus version's, a release's.

    rollup([(statement, documents, tokens), ...])          # what docs/rights.md lists, as JSON values
    attribution([(statement, documents, tokens), ...], "Demo corpus, version 3")

Statements are effective ones: of one that was met from parts every part counts, so a document made from two others has the
licences, duties and restrictions of all three. Words come from the facts that policies read (`facts`), so that a roll-up and
a verdict say the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lineage_platform.model.terms import NOASSERTION
from lineage_platform.policy.attribution import attribution, duties_of, record_of, restrictions_of
from lineage_platform.policy.facts import Facts
from lineage_platform.policy.meet import NOTHING, parts_of

__all__ = ["Facets", "attribution", "facets_of", "rollup", "rollup_of"]

Row = tuple[Mapping[str, Any], int, int]
"""(effective statement, documents, tokens)"""

_STRICTEST: Final[Mapping[str, tuple[str, ...]]] = {
    "commercial": ("no", "unknown", "yes"),
    "training": ("forbidden", "unknown", "silent", "allowed"),
    "derivatives": ("no", "unknown", "yes"),
    "redistribution": ("no", "unknown", "yes"),
}
_OF_GENERATOR: Final = {"commercial": "generator_commercial", "training": "generator_training"}
_CLASSES: Final = ("none", "anonymised", "pseudonymised", "personal", "sensitive", "unknown")
_OF_PEOPLE: Final = ("consent_basis", "consent_status", "minors")
_ALWAYS: Final = ("personal_data", "kind", "collected_lawfully", "opt_out", "important_data")
_SCOPES: Final = {"uses": "uses", "regions": "regions", "recipients": "grantees"}
_LISTS: Final = ("rightsholders", "jurisdictions", "generators", "personal_categories")
_COUNTED: Final = ("licences", "duties", "restrictions", "personal_data", "minors", "generations", "unknowns")


@dataclass(frozen=True)
class Facets:
    """What a roll-up takes from one effective statement.

    `counted` are pairs of a key of the roll-up and a word under it, which documents are counted by. In the order of their keys
    `lists` are united, `scopes` intersected where stated, and of the `strictest` answers the strictest counts.
    """

    counted: tuple[tuple[str, str], ...]
    lists: tuple[frozenset[str], ...]
    scopes: tuple[frozenset[str], ...]
    strictest: tuple[str, ...]
    valid_from: str | None
    valid_to: str | None
    embargo_until: str | None
    synthetic: bool
    depth: int | None
    """Generations since a text that was not derived; None: not known."""


def rollup(rows: Iterable[Row]) -> dict[str, Any]:
    """The roll-up of some documents by their effective statements; in any order, in as many rows as you like."""
    return rollup_of([(facets_of(statement), documents, tokens) for statement, documents, tokens in rows])


def rollup_of(rows: Iterable[tuple[Facets, int, int]]) -> dict[str, Any]:
    """The same where the same statements are summed many times, as over the shards of a corpus."""
    held = [row for row in rows if row[1]]
    distinct = list({id(facets): facets for facets, _, _ in held}.values())
    made = [row for row in held if row[0].synthetic]
    depths = [facets.depth for facets in distinct]
    return {
        **_sum(held),
        **_counted(held),
        "strictest": {
            name: min({facets.strictest[place] for facets in distinct}, key=order.index, default="unknown")
            for place, (name, order) in enumerate(_STRICTEST.items())
        },
        **{
            name: _common({facets.scopes[place] for facets in distinct}) for place, name in enumerate(_SCOPES)
        },
        "valid_from": max((facets.valid_from for facets in distinct if facets.valid_from), default=None),
        "valid_to": min((facets.valid_to for facets in distinct if facets.valid_to), default=None),
        **_embargo(facets.embargo_until for facets in distinct),
        "synthetic": _sum(made),
        "depth": "unknown" if None in depths else max((depth for depth in depths if depth), default=0),
        **{
            name: sorted(frozenset[str]().union(*(facets.lists[place] for facets in distinct)))
            for place, name in enumerate(_LISTS)
        },
    }


def facets_of(statement: Mapping[str, Any]) -> Facets:
    """What one effective statement gives to a roll-up."""
    parts = parts_of(statement)
    records = [record_of(part) for part in parts]
    depth = statement.get("generation_depth", 0)
    scope = statement.get("scope") or {}
    counted = {("licences", str(part.get("licence") or NOASSERTION)) for part in parts}
    counted |= {("duties", duty) for record in records for duty in duties_of(record)}
    counted |= {("restrictions", word) for record in records for word in restrictions_of(record)}
    counted |= {
        ("personal_data", max((str(record["personal_data"]) for record in records), key=_CLASSES.index))
    }
    counted |= {
        ("unknowns", name)
        for part, record in zip(parts, records, strict=True)
        for name in _unknown(part, record)
    }
    counted |= {("unknowns", "parents")} if depth == "unknown" else set()
    counted |= {("minors", "yes") for record in records if record["minors"] == "yes"}
    return Facets(
        counted=tuple(sorted({*counted, ("generations", str(depth))})),
        lists=tuple(_named(parts, name) for name in _LISTS),
        scopes=tuple(frozenset(scope.get(key, ())) for key in _SCOPES.values()),
        strictest=tuple(_strictest(records, name) for name in _STRICTEST),
        valid_from=statement.get("valid_from"),
        valid_to=statement.get("valid_to"),
        embargo_until=statement.get("embargo_until"),
        synthetic=any(record["generator"] != "none" for record in records),
        depth=None if depth == "unknown" else int(depth),
    )


def _sum(rows: Iterable[tuple[Facets, int, int]]) -> dict[str, int]:
    documents = tokens = 0
    for _, some, long in rows:
        documents += some
        tokens += long
    return {"documents": documents, "tokens": tokens}


def _counted(rows: Iterable[tuple[Facets, int, int]]) -> dict[str, dict[str, dict[str, int]]]:
    """By key and word, most documents first."""
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for facets, documents, tokens in rows:
        for word in facets.counted:
            count = counts[word]
            count[0] += documents
            count[1] += tokens
    found: dict[str, dict[str, dict[str, int]]] = {key: {} for key in _COUNTED}
    for word, (documents, tokens) in sorted(counts.items(), key=lambda item: (-item[1][0], item[0])):
        found[word[0]][word[1]] = {"documents": documents, "tokens": tokens}
    return found


def _unknown(part: Mapping[str, Any], record: Facts) -> Iterable[str]:
    """What a statement leaves open, that somebody could find out."""
    if part.get("licence_status") != "resolved":
        yield "licence"
    if not part.get("rightsholders"):
        yield "rightsholders"
    if record["personal_data"] != "none":
        yield from (name for name in _OF_PEOPLE if part.get(name, "unknown") == "unknown")
    yield from (name for name in _ALWAYS if part.get(name, "unknown") == "unknown")
    if record["generator"] == "unknown":
        yield "generator"


def _named(parts: Sequence[Mapping[str, Any]], name: str) -> frozenset[str]:
    """What the parts name; jurisdictions by their bases and by the regions of their scopes."""
    if name != "jurisdictions":
        return frozenset(item for part in parts for item in part.get(name, ()))
    regions = (region for part in parts for region in (part.get("scope") or {}).get("regions", ()))
    bases = (
        place for part in parts for key in ("copyright_basis", "consent_bases") for place in part.get(key, ())
    )
    return frozenset((*regions, *bases))


def _strictest(records: Sequence[Facts], name: str) -> str:
    answers = {str(record[fact]) for record in records for fact in (name, _OF_GENERATOR.get(name, name))}
    return min(answers, key=_STRICTEST[name].index)


def _common(scopes: Iterable[frozenset[str]]) -> list[str]:
    """What all allow that state anything; `none` where they have nothing in common (see `meet`)."""
    stated = [scope for scope in scopes if scope]
    return sorted(frozenset.intersection(*stated) or {NOTHING}) if stated else []


def _embargo(days: Iterable[str | None]) -> dict[str, str | None]:
    held = sorted(day for day in days if day)
    return {"first_embargo": held[0] if held else None, "last_embargo": held[-1] if held else None}
