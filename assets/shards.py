"""`<corpus>/shards`: the corpus version; training files and the placement of every document in them."""

from __future__ import annotations

from dataclasses import asdict
from typing import cast

import expectations.placements
import expectations.shards
from assets.corpora import common, source_ids, versions
from assets.frames import frames
from assets.platform import Platform
from assets.recipe import code_version, recipe
from assets.step import Checks, Inputs, Step, parts_of
from lineage_platform.files import Place
from lineage_platform.model import tables
from lineage_platform.model.definitions import Corpus, Source
from lineage_platform.model.versions import Result, Transformation, Version
from lineage_platform.transformations import shards
from lineage_platform.transformations.tokenizer import shard_count

PIN = "shard-count"


def shards_step(corpus: Corpus, sources: dict[str, Source]) -> Step:
    """The step of one corpus."""
    dataset = f"{corpus.id}/shards"
    declared = {"shards": asdict(corpus.shards)}

    def selected(inputs: Inputs) -> Version:
        return cast("Version", inputs[f"{corpus.id}/selection"])

    def encoder(inputs: Inputs) -> Version:
        return cast("Version", inputs[f"{corpus.id}/tokenizer"])

    def transformation(platform: Platform, inputs: Inputs) -> Transformation:
        count = platform.recorder.pin(
            corpus.id,
            recipe(corpus),
            PIN,
            lambda: shard_count(
                selected(inputs).statistics.bytes,
                encoder(inputs).statistics.details["bytes_per_token"],
                corpus.shards.tokens,
            ),
        )
        return Transformation("pack", shards.CODE_VERSION, {**declared, "shard_count": count})

    def run(platform: Platform, inputs: Inputs, transformation: Transformation, scratch: Place) -> Result:
        return shards.pack(
            platform.paths(selected(inputs), "selection"),
            [
                path
                for version in versions(inputs, "documents/")
                for path in platform.paths(version, "documents")
            ],
            platform.paths(encoder(inputs), "tokenizer")[0],
            corpus,
            transformation.parameters["shard_count"],
            scratch=scratch,
            engine=platform.engine,
            progress=platform.progress(dataset),
        )

    def check(platform: Platform, _inputs: Inputs, result: Result) -> Checks:
        known = {terms.number for source in source_ids(corpus) for terms in platform.terms(source)}
        return {
            "shards": expectations.shards.check(statistics=result.statistics),
            "placements": expectations.placements.check(
                frames(parts_of(result, "placements-by-shard"), expectations.placements.COLUMNS),
                known_terms=known,
                statistics=result.statistics,
            ),
        }

    return Step(
        dataset=dataset,
        description=f"Training shards of {corpus.title}, with the placement of every document: shard, row, tokens, terms. "
        f"Purpose: {corpus.purpose}",
        upstream=(
            f"{corpus.id}/selection",
            f"{corpus.id}/tokenizer",
            *(f"documents/{name}" for name in source_ids(corpus)),
        ),
        code_version=code_version(shards.CODE_VERSION, declared),
        transformation=transformation,
        run=run,
        check=check,
        suites=("shards", "placements"),
        kinds=frozenset({"parquet", *corpus.shards.formats}),
        tables={"shard": tables.SHARD, "placements-by-shard": tables.PLACEMENTS_BY_SHARD},
        **common(corpus, sources),
    )
