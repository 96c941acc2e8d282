"""`<corpus>/selection`: which documents enter the shards, and how often."""

from __future__ import annotations

from dataclasses import asdict
from typing import cast

from assets.corpora import check_decisions, common, source_ids, standard_of
from assets.platform import Platform
from assets.recipe import code_version
from assets.step import Inputs, Step
from lineage_platform.files import Place
from lineage_platform.model import tables
from lineage_platform.model.definitions import Corpus, Source
from lineage_platform.model.versions import Result, Transformation, Version
from lineage_platform.transformations import selection


def selection_step(corpus: Corpus, sources: dict[str, Source]) -> Step:
    """The step of one corpus."""
    dataset = f"{corpus.id}/selection"
    parameters = {
        "quality": corpus.quality,
        "seed": corpus.seed,
        "sources": [asdict(source) for source in corpus.sources],
    }

    def run(platform: Platform, inputs: Inputs, _transformation: Transformation, scratch: Place) -> Result:
        def annotations(source: str) -> list[Place]:
            return platform.paths(cast("Version", inputs[f"annotations/{source}"]), "annotations")

        return selection.select(
            {source: annotations(source) for source in source_ids(corpus)},
            platform.paths(cast("Version", inputs[f"{corpus.id}/deduplicated"]), "decisions"),
            corpus,
            standard_of(corpus),
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
        transformation=lambda _platform, _inputs: Transformation(
            "select", selection.CODE_VERSION, parameters
        ),
        run=run,
        check=check_decisions,
        suites=("decisions",),
        kinds=frozenset({"parquet", "daft"}),
        tables={"selection": tables.SELECTION, "decisions": tables.DECISIONS},
        **common(corpus, sources),
    )
