"""`<corpus>/tokenizer`: trained once per recipe version, or copied, and pinned until someone asks for a new one."""

from __future__ import annotations

from dataclasses import asdict
from typing import cast

from assets.corpora import common, source_ids, versions
from assets.platform import Platform
from assets.recipe import code_version, recipe
from assets.step import Checks, Inputs, Step
from lineage_platform.files import Place
from lineage_platform.model.definitions import Corpus, Source
from lineage_platform.model.versions import Result, Transformation, Version
from lineage_platform.transformations import tokenizer

PIN = "tokenizer"


def tokenizer_step(corpus: Corpus, sources: dict[str, Source]) -> Step:
    """The step of one corpus."""
    dataset = f"{corpus.id}/tokenizer"
    parameters = {"tokenizer": asdict(corpus.tokenizer), "seed": corpus.seed, "recipe": recipe(corpus)}

    def run(platform: Platform, inputs: Inputs, _transformation: Transformation, scratch: Place) -> Result:
        return tokenizer.train_tokenizer(
            platform.paths(cast("Version", inputs[f"{corpus.id}/selection"]), "selection"),
            [
                path
                for version in versions(inputs, "documents/")
                for path in platform.paths(version, "documents")
            ],
            corpus.tokenizer,
            corpus.seed,
            scratch=scratch,
            engine=platform.engine,
            progress=platform.progress(dataset),
        )

    def check(_platform: Platform, _inputs: Inputs, _result: Result) -> Checks:
        return {}

    return Step(
        dataset=dataset,
        description=f"Tokenizer of {corpus.title}. It stays the same while the recipe does, so that a document taken out "
        "changes only the shards that held it.",
        upstream=(f"{corpus.id}/selection", *(f"documents/{name}" for name in source_ids(corpus))),
        code_version=code_version(tokenizer.CODE_VERSION, parameters),
        transformation=lambda _platform, _inputs: Transformation(
            "train-tokenizer", tokenizer.CODE_VERSION, parameters
        ),
        run=run,
        check=check,
        suites=(),
        kinds=frozenset({"json"}),
        tables={},
        pin=(corpus.id, recipe(corpus), PIN),
        **common(corpus, sources),
    )
