"""What a licence allows, demands and claims: a reviewed table (`data/licence_facts.json`), and how facts are joined.

A licence that the table does not have is unknown in everything; nothing is concluded from its name or category. Every
restriction carries the section that says so. This helps engineers to sort and to refuse; it is not legal advice.

    facts_of("CC-BY-NC-4.0").commercial                      # "no"
    facts_of("MIT AND CC-BY-SA-4.0").share_alike             # what an adaptation of both may carry
    facts_of_declared("CC BY-NC").commercial                 # "no": every version says so
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from fnmatch import fnmatchcase
from functools import cache, lru_cache, reduce
from itertools import combinations
from typing import Any, Final, Literal

from lineage_platform.errors import InvalidInput
from lineage_platform.model.terms import NOASSERTION
from lineage_platform.policy import symbols
from lineage_platform.policy.licences import Resolution, resolve

Answer = Literal["yes", "no", "unknown"]
DatabaseRight = Literal["licensed", "waived", "not-licensed", "unknown"]
Training = Literal["allowed", "forbidden", "silent", "unknown"]
UseClass = Literal["commercial", "non-commercial", "academic-only", "unspecified"]

NONE: Final = "NONE"
"""In `share_alike`: several licences demand share-alike, and no licence satisfies all of them."""

_UNKNOWN: Final = "unknown"
_STRICTEST: Final[dict[str, tuple[str, ...]]] = {
    "commercial": ("no", "unknown", "yes"),
    "training": ("forbidden", "unknown", "silent", "allowed"),
    "derivatives": ("no", "unknown", "yes"),
    "redistribution": ("no", "unknown", "yes"),
    "attribution": ("yes", "unknown", "no"),
    "notice": ("yes", "unknown", "no"),
    "database_right": ("not-licensed", "unknown", "licensed", "waived"),
}
_STRICTEST_USE: Final = frozenset(
    {
        "research-only",
        "academic-only",
        "education-only",
        "personal-only",
        "permission-required",
        "unnamed-terms",
    }
)


@dataclass(frozen=True)
class LicenceFacts:
    """One licence, or several that hold together; see docs/licences.md for what each fact means.

    `share_alike` lists the licences that an adaptation may carry; empty means that none is demanded, `(NOASSERTION,)` that
    it is not known whether one is, NOASSERTION among others that one of them is demanded and it is not known which, and
    `(NONE,)` that no licence satisfies all demands. `field_of_use` and `output_claims` hold names of the closed lists in
    the data file, `unknown` among them. `training` is what the text itself says about machine learning.
    """

    commercial: Answer
    derivatives: Answer
    redistribution: Answer
    attribution: Answer
    notice: Answer
    share_alike: tuple[str, ...]
    field_of_use: tuple[str, ...]
    database_right: DatabaseRight
    training: Training
    output_claims: tuple[str, ...]
    reasons: tuple[str, ...] = ()

    @property
    def shares_alike(self) -> Answer:
        """Whether an adaptation has to carry given licences."""
        if self.share_alike == (NOASSERTION,):
            return "unknown"
        return "yes" if self.share_alike else "no"

    @property
    def use_class(self) -> UseClass:
        """The coarse class that catalogues of training data use; terms that exist but are not known count as the strictest."""
        if _STRICTEST_USE.intersection(self.field_of_use):
            return "academic-only"
        if self.commercial == "no":
            return "non-commercial"
        return "commercial" if self.commercial == "yes" else "unspecified"


UNKNOWN: Final = LicenceFacts(
    commercial="unknown",
    derivatives="unknown",
    redistribution="unknown",
    attribution="unknown",
    notice="unknown",
    share_alike=(NOASSERTION,),
    field_of_use=(_UNKNOWN,),
    database_right="unknown",
    training="unknown",
    output_claims=(_UNKNOWN,),
)


@lru_cache(maxsize=4096)
def facts_of(expression: str) -> LicenceFacts:
    """The facts of an SPDX expression: AND as `both`, OR the alternative that asks least, `A WITH exception` as A.

    An exception of the SPDX list adds permissions and is not counted; any other makes the whole unknown. NOASSERTION and
    NONE are unknown in everything. Raises InvalidInput if it is no expression.
    """
    if expression in (NOASSERTION, NONE):
        return UNKNOWN
    try:
        spelled = symbols.parse(expression).text
    except symbols.NotAnExpression as error:
        raise InvalidInput(
            f"licence facts: got {expression[:80]!r} ({error}), expected an SPDX expression or {NOASSERTION}; "
            "resolve declared strings first"
        ) from None
    return symbols.fold(spelled, _facts_of_licence, _facts_of_exception, _joined) or UNKNOWN


def facts_of_candidates(candidates: Sequence[str]) -> LicenceFacts:
    """What holds whichever of the candidates is meant: a fact on which they all agree, unknown where they differ."""
    if not candidates:
        return UNKNOWN
    readings = [facts_of(candidate) for candidate in candidates]
    if len(readings) == 1:
        return readings[0]
    values: dict[str, Any] = {
        name: getattr(readings[0], name) if len({getattr(each, name) for each in readings}) == 1 else _UNKNOWN
        for name in _STRICTEST
    }
    demands = {each.share_alike for each in readings}
    if len(demands) == 1:
        values["share_alike"] = readings[0].share_alike
    elif all(each.shares_alike == "yes" for each in readings):
        values["share_alike"] = _sorted({NOASSERTION, *(item for each in demands for item in each)})
    else:
        values["share_alike"] = (NOASSERTION,)
    for name in ("field_of_use", "output_claims"):
        lists = [set(getattr(each, name)) for each in readings]
        common = set.intersection(*lists)
        values[name] = _sorted(common if all(each == common for each in lists) else common | {_UNKNOWN})
    known = {name for name, value in values.items() if value != _UNKNOWN}
    reasons = tuple(reason for reason in readings[0].reasons if reason.split(":")[0] in known)
    return LicenceFacts(**values, reasons=reasons)


def facts_of_resolution(resolution: Resolution) -> LicenceFacts:
    """What is known of a declared string: its licence or candidates, narrowed by the restrictions that the words state."""
    facts = (
        facts_of(resolution.licence)
        if resolution.status == "resolved"
        else facts_of_candidates(resolution.candidates)
    )
    return _restricted(facts, resolution.restrictions)


def facts_of_declared(declared: str) -> LicenceFacts:
    """`facts_of_resolution` of what `resolve` makes of a declared string."""
    return facts_of_resolution(resolve(declared))


def both(one: LicenceFacts, other: LicenceFacts) -> LicenceFacts:
    """Both sets of terms hold: the stricter answer each time, all duties, and only what satisfies every share-alike.

    Associative, commutative and idempotent. Where no licence satisfies all demands no adaptation can be shared.
    """
    values: dict[str, Any] = {
        name: min(getattr(one, name), getattr(other, name), key=order.index)
        for name, order in _STRICTEST.items()
    }
    values["share_alike"] = _common_share_alike(one.share_alike, other.share_alike)
    if values["share_alike"] == (NONE,):
        values["derivatives"] = "no"
    for name in ("field_of_use", "output_claims", "reasons"):
        values[name] = _sorted({*getattr(one, name), *getattr(other, name)})
    return LicenceFacts(**values)


def all_of(parts: Iterable[LicenceFacts]) -> LicenceFacts:
    """`both` over several; unknown if there is none."""
    items = list(parts)
    return reduce(both, items) if items else UNKNOWN


@dataclass(frozen=True)
class ShareAlikeConflict:
    """Expressions whose works cannot be adapted into one, and the licences that each of them would accept."""

    expressions: tuple[str, ...]
    accepted: tuple[tuple[str, ...], ...]


def share_alike_conflicts(expressions: Iterable[str]) -> list[ShareAlikeConflict]:
    """Combinations whose share-alike targets have nothing in common: single expressions, then pairs; the whole if only
    all together do. Demands that are not known are no conflict."""
    demands = {
        expression: facts.share_alike
        for expression in sorted(set(expressions))
        if (facts := facts_of(expression)).shares_alike == "yes"
    }
    alone = [expression for expression, accepted in demands.items() if accepted == (NONE,)]
    others = [expression for expression in demands if expression not in alone]
    found = [(expression,) for expression in alone]
    pairs = [
        pair
        for pair in combinations(others, 2)
        if _common_share_alike(demands[pair[0]], demands[pair[1]]) == (NONE,)
    ]
    nothing: tuple[str, ...] = ()
    together = reduce(_common_share_alike, (demands[expression] for expression in others), nothing)
    combined = [*found, *pairs] if pairs or together != (NONE,) else [*found, tuple(others)]
    return [ShareAlikeConflict(group, tuple(demands[each] for each in group)) for group in combined]


def names_of_restrictions() -> dict[str, str]:
    """The closed list of `field_of_use`, each with one sentence."""
    return {name: entry["says"] for name, entry in symbols.data("licence_facts.json")["field_of_use"].items()}


def names_of_output_claims() -> dict[str, str]:
    """The closed list of `output_claims`, each with one sentence."""
    return dict(symbols.data("licence_facts.json")["output_claims"])


@cache
def _facts_of_licence(identifier: str) -> LicenceFacts:
    table = symbols.data("licence_facts.json")
    name = identifier.removesuffix("+")
    values: dict[str, Any] = {}
    reasons: dict[str, str] = {}
    url, summary = _address(name), False
    for rule in table["rules"]:
        if any(fnmatchcase(name, pattern) for pattern in rule["licences"]):
            values |= table["profiles"].get(rule.get("profile"), {})
            values |= {fact: rule[fact] for fact in _FACTS if fact in rule}
            reasons |= rule.get("reasons", {})
            url = rule.get("url", url)
            summary = summary or rule.get("summary", False)
    if not values:
        return UNKNOWN
    if summary:
        values |= _unpermitted(values)
        reasons = {fact: f"{said} (from a summary)" for fact, said in reasons.items()}
    values["share_alike"] = _targets(name, values["share_alike"])
    values |= {fact: _sorted(values[fact]) for fact in ("field_of_use", "output_claims")}
    said = (f"{fact}: {name}, {said} ({url})" for fact, said in sorted(reasons.items()))
    return LicenceFacts(**values, reasons=tuple(said))


def _unpermitted(values: Mapping[str, Any]) -> dict[str, Any]:
    """What a summary cannot vouch for: every answer better than unknown."""
    better = {
        name: _UNKNOWN
        for name, order in _STRICTEST.items()
        if order.index(values[name]) > order.index(_UNKNOWN)
    }
    return {**better, "share_alike": values["share_alike"] or (NOASSERTION,)}


@cache
def address_of(identifier: str) -> str | None:
    """Where the text of a licence is; None for terms of our own that no table knows."""
    name = identifier.removesuffix("+")
    listed = [
        str(rule["url"])
        for rule in symbols.data("licence_facts.json")["rules"]
        if "url" in rule and any(fnmatchcase(name, pattern) for pattern in rule["licences"])
    ]
    if listed:
        return listed[-1]
    own = name.startswith("LicenseRef-") and not name.startswith("LicenseRef-scancode-")
    return None if own else _address(name)


def _address(name: str) -> str:
    if name.startswith("LicenseRef-scancode-"):
        return f"https://scancode-licensedb.aboutcode.org/{name.removeprefix('LicenseRef-scancode-')}.html"
    return f"https://spdx.org/licenses/{name}.html"


def _targets(name: str, patterns: Sequence[str]) -> tuple[str, ...]:
    found: set[str] = set()
    for pattern in patterns:
        wanted = pattern.replace("{id}", name)
        listed = {item for item in symbols.symbols().licences.values() if fnmatchcase(item, wanted)}
        found |= listed or {wanted}
    return _sorted(found)


def _facts_of_exception(identifier: str) -> LicenceFacts | None:
    return UNKNOWN if identifier.startswith("LicenseRef-") else None


def _joined(operator: str, parts: Sequence[LicenceFacts | None]) -> LicenceFacts:
    known = [part for part in parts if part is not None]
    if operator == "OR":
        return min(known, key=_asked)
    return reduce(both, known)


def _asked(facts: LicenceFacts) -> tuple[Any, ...]:
    """What a choice between alternatives compares: what is allowed first, then what is asked for it."""
    allowed = [-_STRICTEST[name].index(getattr(facts, name)) for name in ("commercial", "training")]
    rest = [-order.index(getattr(facts, name)) for name, order in _STRICTEST.items()]
    shared = ("no", "unknown", "yes").index(facts.shares_alike)
    return (*allowed, len(facts.field_of_use), shared, *rest, len(facts.output_claims), repr(facts))


def _common_share_alike(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    if not one or not other:
        return one or other
    if (NONE,) in (one, other):
        return (NONE,)
    if (NOASSERTION,) in (one, other):
        return _sorted({NOASSERTION, *one, *other})
    accepted = set(one) & set(other) - {NOASSERTION}
    unsure = {NOASSERTION} & {*one, *other}
    return _sorted(accepted | unsure) if accepted else (NONE,)


def _restricted(facts: LicenceFacts, restrictions: Sequence[str]) -> LicenceFacts:
    if not restrictions:
        return facts
    table = symbols.data("licence_facts.json")["field_of_use"]
    values: dict[str, Any] = {"field_of_use": _sorted({*facts.field_of_use, *restrictions})}
    for name in restrictions:
        for fact, answer in table[name].items():
            if fact in _STRICTEST:
                stated = values.get(fact, getattr(facts, fact))
                values[fact] = min(stated, answer, key=_STRICTEST[fact].index)
    said = (f"field_of_use: the declaration itself says {name}" for name in restrictions)
    return replace(facts, **values, reasons=(*facts.reasons, *said))


def _sorted(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(items))


_FACTS: Final = tuple(each.name for each in fields(LicenceFacts) if each.name != "reasons")
