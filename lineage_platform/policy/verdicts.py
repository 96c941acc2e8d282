"""Verdicts: what policies say of terms, for a use, in a jurisdiction, on a day.

    verdicts = judge(load(), {number: statement}, ["research"], ["EU", "CN"], date(2026, 11, 22))
    verdicts[number, "research", "EU"]      # Verdict("refused", policies=("eu-gdpr-9",), warnings=("duty-attribution",))

Cedar only allows or denies. Each rule is a `forbid` with an effect, so the verdict is the worst effect among the forbids that
Cedar names as deciding, and `allowed` when only permits decided. Forbids of severity `warning` are named but decide
nothing: where nothing else forbids, the question is asked again without them. No policies, or no permit for the
jurisdiction, is `refused` with no policy to name. A statement with parts (see `meet`) gets the worst verdict of its parts.

Cedar is asked by groups of policies (see `policyset`). Facts are cut down to what a group reads, and equal ones are asked about
once, for all terms and jurisdictions. An answer is known by the digest of its question (facts, policies of the group, use,
operator), so answers of before are taken over by `known`, and only what changed is asked again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from itertools import product
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

import cedarpy

from lineage_platform.errors import InvalidInput, NotFound
from lineage_platform.model.terms import NOASSERTION
from lineage_platform.policy.facts import Facts, facts, licence_of, vocabulary, within
from lineage_platform.policy.licence_facts import share_alike_conflicts
from lineage_platform.policy.meet import parts_of
from lineage_platform.policy.policyset import Group, PolicySet

Value = Literal["allowed", "unknown", "undetermined", "refused"]
VALUES: Final[tuple[Value, ...]] = get_args(Value)
"""From best to worst: refused beats undetermined beats unknown beats allowed."""

_VALUE_OF: Final[Mapping[str, Value]] = {
    "permit": "allowed",
    "unknown": "unknown",
    "undetermined": "undetermined",
    "refuse": "refused",
}
_WHOSE: Final = frozenset({"source", "declared", "licence_note"})
"""Keys of a statement that no fact is drawn from, where its licence is known."""
_BATCH: Final = 1000
"""Records of facts a call: their entities are parsed together."""
UNDECLARED: Final[Mapping[str, Any]] = MappingProxyType({})
"""An operator who declares nothing: size, recipients and borders are unknown."""

Question = tuple[int, str, str]
"""Number of the terms, use, jurisdiction or posture."""


@dataclass(frozen=True)
class Verdict:
    """`policies` are the ids of those that decided, first one of the verdict's own value; `warnings` decide nothing."""

    value: Value
    policies: tuple[str, ...]
    warnings: tuple[str, ...] = ()

    def stored(self) -> dict[str, Any]:
        """The JSON form."""
        return {"value": self.value, "policies": list(self.policies), "warnings": list(self.warnings)}

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Verdict:
        """The inverse of `stored`."""
        return cls(stored["value"], tuple(stored["policies"]), tuple(stored["warnings"]))


@dataclass(frozen=True)
class Verdicts:
    """Verdicts by question, with what is needed to judge again: digest of the policy set, day, operator.

    `asked` maps a question to digests, for each part of the statement those of the groups that were asked; `answers` maps them
    to what a group says: `allowed` with no policies where nothing in it forbids or permits.
    """

    policies: str
    day: date
    operator: Mapping[str, Any]
    asked: Mapping[Question, tuple[tuple[str, ...], ...]]
    answers: Mapping[str, Verdict] = field(repr=False)
    _whole: dict[tuple[tuple[str, ...], ...], Verdict] = field(
        default_factory=dict, compare=False, repr=False
    )

    def __getitem__(self, question: Question) -> Verdict:
        """The verdict for (terms, use, jurisdiction); KeyError if that was not asked."""
        parts = self.asked[question]
        if parts not in self._whole:
            self._whole[parts] = worst(self.by_part(question))
        return self._whole[parts]

    def by_part(self, question: Question) -> list[Verdict]:
        """A verdict for each part of the statement, in their order."""
        return [_together([self.answers[digest] for digest in digests]) for digests in self.asked[question]]

    def __iter__(self) -> Iterator[Question]:
        return iter(self.asked)

    def __len__(self) -> int:
        return len(self.asked)

    def stored(self) -> dict[str, Any]:
        """The JSON form."""
        asked: dict[str, dict[str, dict[str, list[list[str]]]]] = {}
        for (terms, use, jurisdiction), parts in self.asked.items():
            asked.setdefault(str(terms), {}).setdefault(jurisdiction, {})[use] = [
                list(part) for part in parts
            ]
        return {
            "policies": self.policies,
            "day": self.day.isoformat(),
            "operator": dict(self.operator),
            "asked": asked,
            "answers": {digest: verdict.stored() for digest, verdict in self.answers.items()},
        }

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Verdicts:
        """The inverse of `stored`."""
        asked = {
            (int(terms), use, jurisdiction): tuple(tuple(part) for part in parts)
            for terms, by_jurisdiction in stored["asked"].items()
            for jurisdiction, by_use in by_jurisdiction.items()
            for use, parts in by_use.items()
        }
        answers = {digest: Verdict.from_stored(verdict) for digest, verdict in stored["answers"].items()}
        day = date.fromisoformat(stored["day"])
        return cls(stored["policies"], day, stored["operator"], asked, answers)


def judge(
    policy_set: PolicySet,
    statements: Mapping[int, Mapping[str, Any]],
    uses: Iterable[str],
    jurisdictions: Iterable[str],
    day: date,
    operator: Mapping[str, Any] = UNDECLARED,
    known: Mapping[str, Verdict] = MappingProxyType({}),
) -> Verdicts:
    """A verdict for every statement, use and jurisdiction.

    `operator` declares who asks (`vocabulary()["operator"]`); `known` are answers of earlier verdicts. Raises NotFound on a use
    or jurisdiction that does not exist, InvalidInput on a statement or operator with words outside the vocabulary.
    """
    users = [user(use, operator) for use in dict.fromkeys(uses)]
    alike = {number: _saying(statement) for number, statement in statements.items()}
    first = {saying: number for number, saying in reversed(alike.items())}
    records = {number: records_of(statements[number], day) for number in first.values()}
    about = _digest(dict(operator))
    asked: dict[Question, tuple[tuple[str, ...], ...]] = {}
    answers: dict[str, Verdict] = {}
    for jurisdiction in dict.fromkeys(jurisdictions):
        groups = policy_set.groups(jurisdiction)
        questions: list[dict[str, Facts]] = [{} for _ in groups]
        for number, found in records.items():
            parts = []
            for record in found:
                digests = []
                for group, facts_by_digest in zip(groups, questions, strict=True):
                    narrowed = within(record, jurisdiction, group.reads)
                    digest = _digest([about, group.digest, narrowed])
                    facts_by_digest[digest] = narrowed
                    digests.append(digest)
                parts.append(digests)
            for each in users:
                use = each["name"]
                asked[number, use, jurisdiction] = tuple(
                    tuple(f"{digest}:{use}" for digest in digests) for digests in parts
                )
        for number, saying in alike.items():
            for each in users:
                use = each["name"]
                asked[number, use, jurisdiction] = asked[first[saying], use, jurisdiction]
        for group, facts_by_digest in zip(groups, questions, strict=True):
            _answer(group, jurisdiction, facts_by_digest, users, known, answers)
    return Verdicts(policy_set.digest, day, dict(operator), asked, answers)


def _saying(statement: Mapping[str, Any]) -> str:
    """What a statement says, whoever's records it is about: statements that say the same are one question."""
    named = statement.get("licence", NOASSERTION) != NOASSERTION
    whose = _WHOSE if named else _WHOSE - {"declared"}  # an unknown licence is known by the string declared
    said = {key: value for key, value in statement.items() if key not in whose}
    return json.dumps(said, sort_keys=True)


def records_of(statement: Mapping[str, Any], day: date) -> list[Facts]:
    """The facts of a statement; of one that was met from parts, those of each part, in their order."""
    parts = parts_of(statement)
    licences = [part["licence"] for part in parts if part.get("licence_status") == "resolved"]
    conflict = len(parts) > 1 and bool(share_alike_conflicts(licences))
    return [facts(part, licence_of(part), day, share_alike_conflict=conflict) for part in parts]


def user(use: str, operator: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of a use by an operator; `name` is the use's own."""
    uses, words = vocabulary()["uses"], vocabulary()["operator"]
    if use not in uses:
        raise NotFound("use", use, uses)
    for key, value in operator.items():
        allowed = words.get(key, {}).get("values", ("yes", "no", "unknown"))
        if key not in words:
            raise InvalidInput(f"operator: got {key!r}, expected one of {', '.join(words)}")
        if words[key]["type"] != "words" and value not in allowed:
            raise InvalidInput(f"operator: {key}: got {value!r}, expected one of {', '.join(allowed)}")
    silent = {key: [] if entry["type"] == "words" else "unknown" for key, entry in words.items()}
    stated = uses[use]
    flags = {key: stated[key] for key in ("commercial", "training", "redistribution", "research")}
    return {"name": use, "names": [use, *stated["names"]], **flags, **silent, **operator}


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """What several verdicts come to together: the worst value; policies of all that do not allow, else all permits."""
    ordered = sorted(verdicts, key=lambda verdict: (-VALUES.index(verdict.value), verdict.policies))
    value = ordered[0].value
    deciding = [each for each in ordered if (each.value == "allowed") == (value == "allowed")]
    return Verdict(
        value,
        tuple(dict.fromkeys(policy for each in deciding for policy in each.policies)),
        tuple(sorted({policy for each in ordered for policy in each.warnings})),
    )


@dataclass(frozen=True)
class Change:
    """One question that two sets of verdicts answer differently; None where a set does not answer it."""

    terms: int
    use: str
    jurisdiction: str
    before: Verdict | None
    after: Verdict | None


def diff(before: Verdicts, after: Verdicts) -> list[Change]:
    """What changes, in the order of the questions: values, deciding policies or warnings."""
    changes = []
    for question in sorted(before.asked.keys() | after.asked.keys()):
        was = before[question] if question in before.asked else None
        is_now = after[question] if question in after.asked else None
        if was != is_now:
            changes.append(Change(*question, was, is_now))
    return changes


def _answer(
    group: Group,
    jurisdiction: str,
    records: Mapping[str, Facts],
    users: Sequence[Mapping[str, Any]],
    known: Mapping[str, Verdict],
    answers: dict[str, Verdict],
) -> None:
    """Add to `answers` what the group says of every record and use: from `known` where it is there, else from Cedar."""
    open_: list[tuple[str, str]] = []
    for digest, each in product(records, users):
        question = f"{digest}:{each['name']}"
        if question in known:
            answers[question] = known[question]
        elif question not in answers:
            open_.append((digest, each["name"]))
    size = _BATCH * max(1, len(users))
    for start in range(0, len(open_), size):
        batch = open_[start : start + size]
        entities = _entities({digest: records[digest] for digest, _ in batch}, users)
        requests = [_request(digest, use, jurisdiction) for digest, use in batch]
        for (digest, use), verdict in zip(batch, _ask(group, requests, entities), strict=True):
            answers[f"{digest}:{use}"] = verdict


def _ask(group: Group, requests: list[dict[str, Any]], entities: cedarpy.Entities) -> list[Verdict]:
    answers = [_named(result) for result in cedarpy.is_authorized_batch(requests, group.all, entities)]
    warned = [
        index
        for index, (allowed, names) in enumerate(answers)
        if group.permits and not allowed and names and _only_warnings(group, names)
    ]
    again = cedarpy.is_authorized_batch([requests[index] for index in warned], group.deciding, entities)
    verdicts = [_verdict(group, names, ()) for _, names in answers]
    for index, result in zip(warned, again, strict=True):
        verdicts[index] = _verdict(group, _named(result)[1], answers[index][1])
    return verdicts


def _named(result: cedarpy.AuthzResult) -> tuple[bool, tuple[str, ...]]:
    """Cedar's decision, and the ids of the policies that it names. A policy that fails is left out by Cedar: never here."""
    if errors := result.diagnostics.errors:
        raise InvalidInput(
            f"policies: got {errors[0]}, expected policies that evaluate; run the check of policies"
        )
    return result.allowed, tuple(sorted(result.diagnostics.id_annotations_by_reason.values()))


def _only_warnings(group: Group, names: tuple[str, ...]) -> bool:
    return all(group.policies[name].severity == "warning" for name in names)


def _together(answers: Sequence[Verdict]) -> Verdict:
    """What the groups of one statement come to: refused where none forbids and none permits."""
    verdict = worst(answers) if answers else Verdict("refused", ())
    return verdict if verdict.policies else replace(verdict, value="refused")


def _verdict(group: Group, names: tuple[str, ...], warnings: tuple[str, ...]) -> Verdict:
    found = [group.policies[name] for name in names]
    values = {policy.id: _VALUE_OF[policy.effect] for policy in found if policy.severity == "error"}
    ordered = tuple(sorted(values, key=lambda name: (-VALUES.index(values[name]), name)))
    said = (*warnings, *(policy.id for policy in found if policy.severity == "warning"))
    return _interned(values[ordered[0]] if ordered else "allowed", ordered, said)


@lru_cache(maxsize=4096)
def _interned(value: Value, policies: tuple[str, ...], warnings: tuple[str, ...]) -> Verdict:
    return Verdict(value, policies, warnings)


def _request(digest: str, use: str, jurisdiction: str) -> dict[str, Any]:
    return {
        "principal": {"type": "Use", "id": use},
        "action": {"type": "Action", "id": jurisdiction},
        "resource": {"type": "Terms", "id": digest},
    }


def _entities(records: Mapping[str, Facts], users: Sequence[Mapping[str, Any]]) -> cedarpy.Entities:
    uses = [
        {"uid": {"type": "Use", "id": each["name"]}, "attrs": {k: v for k, v in each.items() if k != "name"}, "parents": []}
        for each in users
    ]  # fmt: skip
    terms = [
        {"uid": {"type": "Terms", "id": digest}, "attrs": record, "parents": []}
        for digest, record in records.items()
    ]
    return cedarpy.Entities.from_json_str(json.dumps([*uses, *terms]))


def _digest(content: Any) -> str:
    return hashlib.blake2b(json.dumps(content, sort_keys=True).encode(), digest_size=16).hexdigest()
