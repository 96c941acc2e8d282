"""A set of policies, and the groups of it that one jurisdiction asks: few policies each, and only the facts they read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import cedarpy

from lineage_platform.errors import NotFound
from lineage_platform.policy.cedar import Policy
from lineage_platform.policy.facts import vocabulary


@dataclass(frozen=True)
class Override:
    """A policy of a workspace stands in the place of another of the same id."""

    by: Policy
    replaced: Policy


@dataclass(frozen=True)
class Group:
    """The policies of one file that hold everywhere, or in one jurisdiction: what Cedar is asked at once.

    Cedar's answer for several groups together is known from its answers for each: it denies if any forbids, and else
    allows if any permits. A group reads few facts, so many statements, and many jurisdictions, are one question to it.
    """

    policies: Mapping[str, Policy]

    @cached_property
    def all(self) -> cedarpy.PolicySet:
        """Parsed once, for any number of questions."""
        return cedarpy.PolicySet.from_str("\n".join(policy.text for policy in self.policies.values()))

    @cached_property
    def deciding(self) -> cedarpy.PolicySet:
        """Without the warnings, which would hide from Cedar's answer whether anything permits."""
        texts = (policy.text for policy in self.policies.values() if policy.severity == "error")
        return cedarpy.PolicySet.from_str("\n".join(texts))

    @cached_property
    def permits(self) -> bool:
        """Whether any of these policies can permit."""
        return any(policy.effect == "permit" for policy in self.policies.values())

    @cached_property
    def reads(self) -> tuple[str, ...]:
        """The facts that these policies read; statements that differ in others are one question."""
        return tuple(sorted({name for policy in self.policies.values() for name in policy.reads}))

    @cached_property
    def digest(self) -> str:
        """Of the texts of the policies, and of what the words in them mean."""
        return _digest(self.policies.values())


@dataclass(frozen=True)
class PolicySet:
    """Policies by id. `digest` is SHA-256 over all texts and the vocabulary: equal digests give equal verdicts."""

    policies: Mapping[str, Policy]
    overrides: tuple[Override, ...] = ()
    _groups: dict[tuple[str, str | None], Group] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def digest(self) -> str:
        """Lower-case hex."""
        return _digest(self.policies.values())

    def __getitem__(self, name: str) -> Policy:
        """The policy of an id; NotFound with the nearest ids."""
        if name not in self.policies:
            raise NotFound("policy", name, self.policies)
        return self.policies[name]

    def stored(self) -> dict[str, dict[str, str]]:
        """The JSON form, texts by id and file: what `policies.restore` needs to judge as on that day."""
        return {name: {"file": policy.file, "text": policy.text} for name, policy in self.policies.items()}

    def groups(self, jurisdiction: str) -> list[Group]:
        """What decides in one jurisdiction or posture; NotFound if there is none of that name."""
        known = vocabulary()["jurisdictions"]
        if jurisdiction not in known:
            raise NotFound("jurisdiction", jurisdiction, known)
        files = dict.fromkeys(policy.file for policy in self.policies.values())
        found = [self._group(file, place) for file in files for place in (None, jurisdiction)]
        return [group for group in found if group.policies]

    def _group(self, file: str, place: str | None) -> Group:
        if (file, place) not in self._groups:
            self._groups[file, place] = Group(
                {
                    name: policy
                    for name, policy in self.policies.items()
                    if policy.file == file
                    and (
                        policy.jurisdictions is None
                        if place is None
                        else place in (policy.jurisdictions or ())
                    )
                }
            )
        return self._groups[file, place]


def _digest(policies: Iterable[Policy]) -> str:
    content = {"vocabulary": vocabulary(), "policies": {policy.id: policy.text for policy in policies}}
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
