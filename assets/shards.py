"""`<corpus>/shards`: the corpus version; training files and the placement of every document in them."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from itertools import count
from typing import Any, cast

import expectations.placements
import expectations.shards
from assets.corpora import common, source_ids, versions
from assets.frames import frames
from assets.platform import Platform
from assets.recipe import code_version, layout_of, recipe
from assets.step import Checks, Inputs, Step, parts_of
from lineage_platform.errors import VerificationFailed
from lineage_platform.files import Place
from lineage_platform.model import tables
from lineage_platform.model.definitions import Corpus, Source
from lineage_platform.model.versions import Part, Result, Transformation, Version
from lineage_platform.transformations import shards
from lineage_platform.transformations.layout import Run
from lineage_platform.transformations.reuse import Earlier
from lineage_platform.transformations.selected import snapshots_in
from lineage_platform.transformations.tokenizer import shard_count

PIN = "shard-count"
RUNS = "shard-runs"


def earlier_of(platform: Platform, dataset: str) -> Earlier | None:
    """The current version of a corpus, whose shards may be shared; None where there is none, a check failed, or the tables
    that say what is in the shards are not those that were recorded."""
    version = platform.recorder.latest(dataset)
    if version is None or not version.passed or not version.files_of("shard-fingerprints"):
        return None
    try:
        for role in ("shard-fingerprints", "placements-by-shard"):
            for file in version.files_of(role):
                platform.recorder.store.verify(file)
    except VerificationFailed:
        return None
    return Earlier(
        tuple(platform.paths(version, "shard-fingerprints")),
        tuple(platform.paths(version, "placements-by-shard")),
        tuple(
            Part(file.name, file.role, str(platform.path(file)), file.sha256, file.bytes, file.rows)
            for role in ("shard", "shard-bin", "shard-idx")
            for file in version.files_of(role)
        ),
        version.statistics.details["encoder"],
    )


def shards_step(corpus: Corpus, sources: dict[str, Source]) -> Step:
    """The step of one corpus."""
    dataset = f"{corpus.id}/shards"
    declared = {"shards": asdict(corpus.shards)}

    def selected(inputs: Inputs) -> Version:
        return cast("Version", inputs[f"{corpus.id}/selection"])

    def encoder(inputs: Inputs) -> Version:
        return cast("Version", inputs[f"{corpus.id}/tokenizer"])

    def filled(inputs: Inputs, size: int) -> int:
        per_token = encoder(inputs).statistics.details["bytes_per_token"]
        return shard_count(size, per_token, corpus.shards.tokens)

    def runs(platform: Platform, inputs: Inputs) -> dict[str, list[int]]:
        """First shard and number of shards of every source that ever was in the corpus; what is pinned stays."""
        sizes = selected(inputs).statistics.details["by_source"]
        found: dict[str, list[int]] = {}
        first = 0
        for number in count():
            missing = [source for source in source_ids(corpus) if source not in found]
            pin = (corpus.id, layout_of(corpus), f"{RUNS}-{number}")
            pinned = platform.recorder.pinned(*pin)
            if pinned is None and missing:
                wanted = [[source, filled(inputs, sizes[source]["bytes"])] for source in missing]
                pinned = platform.recorder.pin(*pin, partial(list, wanted))
            if pinned is None:
                break
            for source, own in pinned:
                found[source] = [first, own]
                first += own
        return found

    def transformation(platform: Platform, inputs: Inputs) -> Transformation:
        shared: dict[str, Any]
        if corpus.shards.layout == "by-source":
            pinned = runs(platform, inputs)
            shared = {"shard_count": sum(own for _, own in pinned.values()), "runs": pinned}
        else:
            pin = (corpus.id, recipe(corpus), PIN)
            size = selected(inputs).statistics.bytes
            shared = {"shard_count": platform.recorder.pin(*pin, lambda: filled(inputs, size))}
        return Transformation("pack", shards.CODE_VERSION, {**declared, **shared})

    def run(platform: Platform, inputs: Inputs, transformation: Transformation, scratch: Place) -> Result:
        documents = {
            version.dataset.removeprefix("documents/"): platform.paths(version, "documents")
            for version in versions(inputs, "documents/")
        }
        runs = transformation.parameters.get("runs", {})
        return shards.pack(
            platform.paths(selected(inputs), "selection"),
            [path for paths in documents.values() for path in paths],
            platform.paths(encoder(inputs), "tokenizer")[0],
            corpus,
            transformation.parameters["shard_count"],
            runs=[
                Run(source, first, own, snapshots_in(documents.get(source, [])))
                for source, (first, own) in sorted(runs.items(), key=lambda item: item[1])
            ],
            earlier=earlier_of(platform, dataset),
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
