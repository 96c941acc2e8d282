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
from assets.recipe import code_version, digest
from assets.step import Inputs, Step
from lineage_platform.errors import Conflict
from lineage_platform.files import Place
from lineage_platform.model import tables
from lineage_platform.model.definitions import Corpus, Source
from lineage_platform.model.versions import Result, Transformation
from lineage_platform.policy.terms import terms_of
from lineage_platform.transformations import deduplicated
from lineage_platform.transformations.refused import refused


def deduplicated_step(corpus: Corpus, sources: dict[str, Source]) -> Step:
    """The step of one corpus. Declared terms are part of its code version, because a change of rights may change survivors."""
    dataset = f"{corpus.id}/deduplicated"
    terms = [
        piece.statement() for source in with_parents(corpus, sources) for piece in terms_of(source, None)
    ]
    declared = {"deduplication": asdict(corpus.deduplication), "quality": corpus.quality}

    def withdrawn(platform: Platform) -> list[tuple[int, int, str]]:
        return platform.recorder.refused(source_ids(corpus))

    def transformation(platform: Platform, _inputs: Inputs) -> Transformation:
        parameters = {**declared, "rights": rights_digest(platform, corpus)}
        if ranges := withdrawn(platform):
            parameters["withdrawn"] = _digest(ranges)
        return Transformation("deduplicate", deduplicated.CODE_VERSION, parameters)

    def run(platform: Platform, inputs: Inputs, transformation: Transformation, scratch: Place) -> Result:
        ranges = withdrawn(platform)
        if transformation.parameters.get("withdrawn") != (_digest(ranges) if ranges else None):
            raise Conflict(f"{dataset}: something was withdrawn while it was looked at; run it again")
        return deduplicated.deduplicate(
            [
                path
                for version in versions(inputs, "annotations/")
                for path in platform.paths(version, "annotations")
            ],
            corpus.deduplication,
            standard_of(corpus),
            platform.ranks(source_ids(corpus)),
            refused=refused(ranges),
            scratch=scratch,
            engine=platform.engine,
            progress=platform.progress(dataset),
        )

    return Step(
        dataset=dataset,
        description=f"Exact and near duplicates across the sources of {corpus.title}. Of each cluster the copy with the "
        "best rights survives, then the best quality, then the lowest identity; every other copy is a decision and a "
        "derivation that names the survivor. What was withdrawn is no copy of anything.",
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


def _digest(ranges: list[tuple[int, int, str]]) -> str:
    return digest([[str(first), str(last), words] for first, last, words in ranges])
