"""A release of the recorded world, made as the asset makes it, without Dagster."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date

from lineage_platform.audit.gate import examine
from lineage_platform.audit.release_files import contents, judged
from lineage_platform.ledger.canonical import canonical
from lineage_platform.model.releases import PolicyException, ReleaseSpec
from lineage_platform.model.versions import CheckResult, Part, Result, Statistics, Transformation, Version
from lineage_platform.model.when import When
from lineage_platform.recording import Recorder
from lineage_platform.transformations.digest import combine
from lineage_platform.wiring import open_workspace
from tests.audit.definitions import PARENT, World

SPEC = ReleaseSpec(("research", "commercial-pretraining"), ("EU", "JP"))


def make_release(
    world: World,
    recorder: Recorder,
    spec: ReleaseSpec = SPEC,
    exceptions: Sequence[PolicyException] = (),
    *,
    passed: bool | None = None,
    day: date | None = None,
) -> Version:
    """Judge the current version and record what came of it; `passed` makes the checks say so whatever the verdicts are."""
    shards = recorder.usable("demo/shards")
    on = day or When().day
    with open_workspace(settings=world.settings) as opened:
        found = examine(
            opened.catalog,
            opened.store,
            opened.policies,
            "demo",
            spec,
            on,
            {},
            exceptions,
            shards.id,
            by_shard=True,
        )
    works = tuple(world.sources.values())
    parameters = {
        **{name: list(getattr(spec, name)) for name in ("uses", "jurisdictions", "recipients", "regions")},
        "operator": dict(found.verdicts.operator),
        "policies": found.policies.digest,
        "judged": hashlib.sha256(canonical(judged(found, works))).hexdigest(),
        "day": on.isoformat(),
    }
    success = found.ruling.passed if passed is None else passed
    check = CheckResult("releases", success, "error", "allowed", found.ruling.cells[0].verdict)
    with recorder.attempt(
        "demo/release", Transformation("release", "1", parameters), [shards], PARENT
    ) as attempt:
        parts = []
        for name, (role, content) in contents(found, on, works).items():
            (attempt.scratch / name).write_bytes(content)  # type: ignore[union-attr]
            digest = hashlib.sha256(content).hexdigest()
            parts.append(Part(name, role, str(attempt.scratch / name), digest, len(content), 0))
        counted = shards.statistics
        statistics = Statistics(
            counted.documents,
            counted.documents,
            0,
            0,
            by_terms=counted.by_terms,
            documents=counted.documents,
            tokens=counted.tokens,
            details={"exceptions": [item.id for item in found.exceptions]},
        )
        return attempt.commit(
            Result(combine({part.name: part.sha256 for part in parts}), tuple(parts), statistics), [check]
        )
