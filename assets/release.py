"""`<corpus>/release`: the gate. A version whose checks passed may leave; one whose checks failed is kept, and says why."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import date
from typing import Any, cast

import expectations.releases
from assets.corpora import common
from assets.platform import Platform
from assets.recipe import code_version, digest
from assets.step import Checks, Inputs, Step
from lineage_platform.audit.gate import Examination, examine
from lineage_platform.audit.release_files import contents, judged
from lineage_platform.errors import Conflict
from lineage_platform.files import Place
from lineage_platform.ledger.canonical import canonical
from lineage_platform.model.definitions import Corpus, Source
from lineage_platform.model.releases import ReleaseSpec
from lineage_platform.model.versions import Part, Result, Statistics, Transformation, Version
from lineage_platform.transformations.digest import combine
from lineage_platform.transformations.parts import HashingFile

CODE_VERSION = "1"


def release_step(corpus: Corpus, spec: ReleaseSpec, sources: dict[str, Source]) -> Step:
    """The step of one corpus and what it is released for."""
    dataset, shards = f"{corpus.id}/release", f"{corpus.id}/shards"

    works = tuple(sources.values())

    def examined(platform: Platform, inputs: Inputs, *, by_shard: bool = False) -> Examination:
        workspace = platform.workspace
        with platform.reading() as reading:
            return examine(
                reading.catalog,
                reading.store,
                reading.policies,
                corpus.id,
                spec,
                platform.today(),
                workspace.operator,
                workspace.exceptions,
                inputs[shards].id,
                by_shard=by_shard,
            )

    def transformation(platform: Platform, inputs: Inputs) -> Transformation:
        found = examined(platform, inputs)
        parameters = {
            **_stated(spec),
            "operator": dict(found.verdicts.operator),
            "policies": found.policies.digest,
            "judged": hashlib.sha256(canonical(judged(found, works))).hexdigest(),
        }
        return Transformation(
            "release", CODE_VERSION, {**parameters, "day": _day(platform, dataset, parameters)}
        )

    def run(platform: Platform, inputs: Inputs, transformation: Transformation, scratch: Place) -> Result:
        found = examined(platform, inputs, by_shard=True)
        if hashlib.sha256(canonical(judged(found, works))).hexdigest() != transformation.parameters["judged"]:
            raise Conflict(f"{dataset}: terms or exceptions changed while it was judged; run it again")
        day = date.fromisoformat(transformation.parameters["day"])
        parts = tuple(
            _write(scratch, name, role, content)
            for name, (role, content) in contents(found, day, works).items()
        )
        version = cast("Version", inputs[shards])
        return Result(
            combine({part.name: part.sha256 for part in parts}), parts, _statistics(version, found, day)
        )

    def check(_platform: Platform, _inputs: Inputs, result: Result) -> Checks:
        details = result.statistics.details
        found = expectations.releases.check(
            details["cells"],
            policies=details["policies"],
            documents=result.statistics.documents,
            quarantined=len(details["quarantined"]),
        )
        return {"releases": found}

    return Step(
        dataset=dataset,
        description=f"Release of {corpus.title} for {', '.join(spec.uses)} in {', '.join(spec.jurisdictions)}: policies "
        "judge the terms of every document as of now. What is not allowed refuses the release; the version says why.",
        upstream=(shards,),
        code_version=code_version(CODE_VERSION, _stated(spec)),
        transformation=transformation,
        run=run,
        check=check,
        suites=("releases",),
        kinds=frozenset({"json", "cedar"}),
        tables={},
        **common(corpus, sources),
    )


def _stated(spec: ReleaseSpec) -> dict[str, Any]:
    stated = asdict(spec)
    del stated["admit"]  # the selection's business
    return {name: list(value) for name, value in stated.items()}


def _day(platform: Platform, dataset: str, parameters: dict[str, Any]) -> str:
    """The day of the newest release that decided the same on the same grounds, else today: asking again on another day gives
    no other release."""
    with platform.reading() as reading:
        releases = reading.catalog.releases(dataset.removesuffix("/release"))
    for row in reversed(releases):
        before = dict(row.transformation.parameters)
        day = str(before.pop("day"))
        del before["checks"]
        if digest(before) == digest(parameters):
            return day
    return platform.today().isoformat()


def _write(scratch: Place, name: str, role: str, content: bytes) -> Part:
    file = HashingFile(scratch / name)
    try:
        file.write(content)
    finally:
        file.close()
    return Part(name, role, str(scratch / name), file.sha256, file.length, 0)


def _statistics(version: Version, examined: Examination, day: date) -> Statistics:
    """Those of the corpus version: so the event says which terms leave; and what the gate counted."""
    counted = version.statistics
    ruling = examined.ruling
    return Statistics(
        records_in=counted.documents,
        kept=counted.documents,
        edited=0,
        dropped=0,
        by_terms=counted.by_terms,
        documents=counted.documents,
        tokens=counted.tokens,
        bytes=counted.bytes,
        details={
            "day": day.isoformat(),
            "policies": len(examined.policies.policies),
            "cells": [asdict(cell) for cell in ruling.cells],
            "exceptions": sorted({name for item in ruling.findings for name in item.exceptions}),
            "quarantined": list(ruling.quarantined),
        },
    )
