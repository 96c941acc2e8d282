"""`annotations/<source>`: measures, language, exact hash and MinHash band keys of every document, from one scan."""

from __future__ import annotations

from typing import cast

import expectations.annotations
from assets.frames import frames
from assets.platform import Platform
from assets.recipe import code_version
from assets.step import Checks, Inputs, Step, parts_of
from assets.tags import source_tags
from lineage_platform.files import Place
from lineage_platform.model import tables
from lineage_platform.model.definitions import Source
from lineage_platform.model.versions import Result, Transformation, Version
from lineage_platform.transformations.annotations import CODE_VERSION, annotate


def annotations_step(source: Source, minhash: tuple[tuple[int, int, int], ...]) -> Step:
    """The step of one source; `minhash` lists the settings of the corpora that use it."""
    upstream = f"documents/{source.id}"
    parameters = {"minhash": [list(setting) for setting in minhash]}

    def run(platform: Platform, inputs: Inputs, _transformation: Transformation, scratch: Place) -> Result:
        return annotate(
            platform.paths(cast("Version", inputs[upstream]), "documents"),
            minhash,
            scratch=scratch,
            engine=platform.engine,
            progress=platform.progress(f"annotations/{source.id}"),
        )

    def check(_platform: Platform, _inputs: Inputs, result: Result) -> Checks:
        return {
            "annotations": expectations.annotations.check(
                frames(parts_of(result, "annotations"), expectations.annotations.COLUMNS),
                statistics=result.statistics,
            )
        }

    return Step(
        dataset=f"annotations/{source.id}",
        description=f"Annotations of {source.title}: quality and repetition measures, language, content hash and MinHash "
        "band keys of every document. No text is rewritten.",
        upstream=(upstream,),
        code_version=code_version(CODE_VERSION, parameters),
        transformation=lambda _platform, _inputs: Transformation("annotate", CODE_VERSION, parameters),
        run=run,
        check=check,
        suites=("annotations",),
        group="sources",
        owners=(source.steward,),
        kinds=frozenset({"parquet", "daft"}),
        tables={"annotations": tables.annotations_schema(minhash)},
        tags=source_tags([source]),
    )
