"""A corpus version before the gate: its documents counted under the statements that hold for them, and what policies say of it.

Statements are those believed now, under the overlay, as they hold on the day.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from lineage_platform.audit.counting import Counting
from lineage_platform.audit.lookup import corpus_version
from lineage_platform.audit.needs import Catalog, Files
from lineage_platform.audit.quarantine import withdrawn_in
from lineage_platform.catalog.rows import ReleaseRow, VersionRow
from lineage_platform.errors import VerificationFailed
from lineage_platform.files import read_bytes
from lineage_platform.model.releases import PolicyException, ReleaseSpec
from lineage_platform.model.when import When
from lineage_platform.model.withdrawals import words
from lineage_platform.policy.gate import gate
from lineage_platform.policy.policyset import PolicySet
from lineage_platform.policy.ruling import Rule, Ruling
from lineage_platform.policy.verdicts import Verdict, Verdicts

VERDICTS = "verdicts"
"""Role of the file that a release keeps its verdicts in."""


@dataclass(frozen=True)
class Examination:
    """What the gate was asked about a corpus version, and what it says."""

    version: VersionRow
    spec: ReleaseSpec
    day: date
    policies: PolicySet = field(repr=False)
    exceptions: tuple[PolicyException, ...]
    rules: tuple[Rule, ...] = field(repr=False)
    verdicts: Verdicts = field(repr=False)
    ruling: Ruling = field(repr=False)
    shards: Mapping[int, Sequence[Rule]] = field(default_factory=dict, repr=False)


def examine(
    catalog: Catalog,
    files: Files,
    policies: PolicySet,
    corpus: str,
    spec: ReleaseSpec,
    day: date,
    operator: Mapping[str, Any],
    exceptions: Sequence[PolicyException],
    version: str | None = None,
    *,
    by_shard: bool = False,
) -> Examination:
    """Judge a corpus version (None: the current one) for a release on a day. Raises NotFound, InvalidInput.

    Answers that the newest release keeps are taken over. Exceptions that do not hold on the day, or are about
    something else, are left out. With `by_shard` the documents of each shard are counted too.
    """
    with catalog.snapshot():
        found = corpus_version(catalog, corpus, version)
        releases = catalog.releases(corpus)
        with closing(Counting(catalog, files, found, When(valid_at=day))) as counting:
            rules = counting.corpus()
            shards = counting.shards() if by_shard else {}
        withdrawn = withdrawn_in(catalog, found.id, ((rule.terms, rule.overlay) for rule in rules))
        known = answers_of(catalog, files, releases[-1]) if releases else {}
    holding = tuple(item for item in exceptions if item.concerns(corpus, spec, day))
    quarantined = [row.id for row in releases if row.made_of == found.id and row.stands == "quarantined"]
    quarantined += map(words, withdrawn)
    verdicts, ruling = gate(policies, rules, corpus, spec, day, operator, holding, known, quarantined)
    return Examination(found, spec, day, policies, holding, tuple(rules), verdicts, ruling, shards)


def rules_of(catalog: Catalog, files: Files, version: VersionRow, when: When) -> list[Rule]:
    """The documents of a corpus version by the statement that holds for them; inside `catalog.snapshot()`."""
    with closing(Counting(catalog, files, version, when)) as counting:
        return counting.corpus()


def verdicts_of(catalog: Catalog, files: Files, release: str) -> dict[str, Any]:
    """What a release keeps of its verdicts, as JSON (docs/release.md). Raises VerificationFailed."""
    content: dict[str, Any] = json.loads(kept_by(catalog, files, release, VERDICTS))
    return content


def kept_by(catalog: Catalog, files: Files, release: str, role: str) -> bytes:
    """The file of a release with this role. Nothing is concluded from bytes that are not those recorded: VerificationFailed."""
    listed = catalog.files([release], role)
    if len(listed) != 1:
        raise VerificationFailed(f"{release}: got {len(listed)} files of role {role}, expected one")
    file = listed[0].file
    try:
        content = read_bytes(files.path(file))
    except OSError as error:
        raise VerificationFailed(
            f"{release}: {file.name} cannot be read: {error.strerror}; run `lineage verify`"
        ) from error
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise VerificationFailed(f"{release}: {file.name} is not what was recorded; run `lineage verify`")
    return content


def answers_of(catalog: Catalog, files: Files, release: ReleaseRow) -> Mapping[str, Verdict]:
    """The answers that a release keeps, by the digest of their question."""
    return Verdicts.from_stored(verdicts_of(catalog, files, release.id)["verdicts"]).answers
