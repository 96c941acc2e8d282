"""`<corpus>/deduplicated`: which documents repeat others, and which copy survives."""

from __future__ import annotations

from dataclasses import asdict

from assets.corpora import (
    check_decisions,
    common,
    rights_digest,
    source_ids,
    standard_of,
    versions,
    with_parents,
)
from assets.platform import Platform
from assets.recipe import code_version
from assets.step import Inputs, Step
from lineage_platform.files import Place
from lineage_platform.model import tables
from lineage_platform.model.definitions import Corpus, Source
from lineage_platform.model.versions import Result, Transformation
from lineage_platform.policy.terms import terms_of
from lineage_platform.transformations import deduplicated


def deduplicated_step(corpus: Corpus, sources: dict[str, Source]) -> Step:
    """The step of one corpus. Declared terms are part of its code version, because a change of rights may change survivors."""
    dataset = f"{corpus.id}/deduplicated"
    terms = [
        piece.statement() for source in with_parents(corpus, sources) for piece in terms_of(source, None)
    ]
    declared = {"deduplication": asdict(corpus.deduplication), "quality": corpus.quality}

    def transformation(platform: Platform, _inputs: Inputs) -> Transformation:
        parameters = {**declared, "rights": rights_digest(platform, corpus)}
        return Transformation("deduplicate", deduplicated.CODE_VERSION, parameters)

    def run(platform: Platform, inputs: Inputs, _transformation: Transformation, scratch: Place) -> Result:
        return deduplicated.deduplicate(
            [
                path
                for version in versions(inputs, "annotations/")
                for path in platform.paths(version, "annotations")
            ],
            corpus.deduplication,
            standard_of(corpus),
            platform.ranks(source_ids(corpus)),
            scratch=scratch,
            engine=platform.engine,
            progress=platform.progress(dataset),
        )

    return Step(
        dataset=dataset,
        description=f"Exact and near duplicates across the sources of {corpus.title}. Of each cluster the copy with the "
        "best rights survives, then the best quality, then the lowest identity; every other copy is a decision and a "
        "derivation that names the survivor.",
        upstream=tuple(f"annotations/{name}" for name in source_ids(corpus)),
        code_version=code_version(deduplicated.CODE_VERSION, {**declared, "terms": terms}),
        transformation=transformation,
        run=run,
        check=check_decisions,
        suites=("decisions",),
        kinds=frozenset({"parquet", "daft"}),
        tables={"decisions": tables.DECISIONS, "derivations": tables.DERIVATIONS},
        **common(corpus, sources),
    )
