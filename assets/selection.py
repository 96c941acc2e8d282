"""`<corpus>/selection`: which documents enter the shards, and how often."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import Any, cast

from assets.corpora import check_decisions, common, source_ids, standard_of, versions
from assets.platform import Platform
from assets.recipe import code_version
from assets.step import Inputs, Step
from lineage_platform.audit.stopping import stopping
from lineage_platform.errors import Conflict
from lineage_platform.files import Place
from lineage_platform.ledger.canonical import canonical
from lineage_platform.model import tables
from lineage_platform.model.definitions import Corpus, Source
from lineage_platform.model.releases import ReleaseSpec
from lineage_platform.model.versions import Result, Transformation, Version
from lineage_platform.transformations import selection
from lineage_platform.transformations.stopped import NOTHING, Stopped


def selection_step(corpus: Corpus, sources: dict[str, Source]) -> Step:
    """The step of one corpus."""
    dataset = f"{corpus.id}/selection"
    parameters: dict[str, Any] = {
        "quality": corpus.quality,
        "seed": corpus.seed,
        "sources": [asdict(source) for source in corpus.sources],
    }

    if admits_allowed(corpus):
        parameters |= {"admit": asdict(cast("ReleaseSpec", corpus.release))}

    def transformation(platform: Platform, inputs: Inputs) -> Transformation:
        judged = (
            {"stopped": digest_of(stopped_in(platform, corpus, inputs))} if admits_allowed(corpus) else {}
        )
        return Transformation("select", selection.CODE_VERSION, {**parameters, **judged})

    def run(platform: Platform, inputs: Inputs, transformation: Transformation, scratch: Place) -> Result:
        def annotations(source: str) -> list[Place]:
            return platform.paths(cast("Version", inputs[f"annotations/{source}"]), "annotations")

        stopped = stopped_in(platform, corpus, inputs) if admits_allowed(corpus) else NOTHING
        if transformation.parameters.get("stopped", digest_of(stopped)) != digest_of(stopped):
            raise Conflict(f"{dataset}: terms or exceptions changed while it was judged; run it again")
        return selection.select(
            {source: annotations(source) for source in source_ids(corpus)},
            platform.paths(cast("Version", inputs[f"{corpus.id}/deduplicated"]), "decisions"),
            corpus,
            standard_of(corpus),
            stopped,
            scratch=scratch,
            engine=platform.engine,
            progress=platform.progress(dataset),
        )

    return Step(
        dataset=dataset,
        description=f"Selection of {corpus.title}: the survivors that meet the quality standard {corpus.quality}, sampled "
        "or repeated by the weight of their source. Every document left out is a decision with its reason.",
        upstream=(*(f"annotations/{name}" for name in source_ids(corpus)), f"{corpus.id}/deduplicated"),
        code_version=code_version(selection.CODE_VERSION, parameters),
        transformation=transformation,
        run=run,
        check=check_decisions,
        suites=("decisions",),
        kinds=frozenset({"parquet", "daft"}),
        tables={"selection": tables.SELECTION, "decisions": tables.DECISIONS},
        **common(corpus, sources),
    )


def admits_allowed(corpus: Corpus) -> bool:
    """Whether the recipe leaves out what would not pass the gate of its release."""
    return corpus.release is not None and corpus.release.admit == "allowed"


def stopped_in(platform: Platform, corpus: Corpus, inputs: Inputs) -> Stopped:
    """The documents of a corpus's sources that the gate of its release would stop today."""
    annotations = versions(inputs, "annotations/")
    workspace = platform.workspace
    with platform.reading() as reading:
        found = stopping(
            reading.catalog,
            reading.store,
            reading.policies,
            corpus.id,
            cast("ReleaseSpec", corpus.release),
            platform.today(),
            workspace.operator,
            workspace.exceptions,
            {number for version in annotations for number in version.statistics.by_terms},
            [name for version in annotations for name in version.inputs],
        )
    ranges = [(item.first, item.last, item.overlay) for item in found.intervals]
    return Stopped(found.rules, ranges)


def digest_of(stopped: Stopped) -> str:
    """Names what is stopped: when it changes, the selection does."""
    rules = [[str(number), str(row), why] for (number, row), why in stopped.rules.items() if why is not None]
    ranges = [[str(end) for end in item] for item in stopped.ranges]
    return hashlib.sha256(canonical({"rules": sorted(rules), "ranges": ranges})).hexdigest()
