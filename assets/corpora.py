"""What the steps of one corpus share: its sources, their terms, its quality standard."""

from __future__ import annotations

from typing import Any

import expectations.decisions
from assets.frames import frames
from assets.platform import Platform
from assets.recipe import digest
from assets.step import Checks, Inputs, parts_of
from assets.tags import source_tags
from lineage_platform.model.definitions import Corpus, Source
from lineage_platform.model.versions import Result, Version
from lineage_platform.transformations.standards import Standard, load_standard


def source_ids(corpus: Corpus) -> list[str]:
    """Ids of the sources, in the recipe's order."""
    return [source.id for source in corpus.sources]


def sources_of(corpus: Corpus, sources: dict[str, Source]) -> list[Source]:
    """The sources of a recipe."""
    return [sources[name] for name in source_ids(corpus)]


def with_parents(corpus: Corpus, sources: dict[str, Source]) -> list[Source]:
    """The sources of a recipe, then all that they were made from: their terms count too."""
    found = {source.id: source for source in sources_of(corpus, sources)}
    ahead = list(found.values())
    while ahead:
        for parent in ahead.pop().derived_from:
            if parent not in found:
                found[parent] = sources[parent]
                ahead.append(sources[parent])
    return list(found.values())


def standard_of(corpus: Corpus) -> Standard | None:
    """The quality standard of a recipe."""
    return load_standard(corpus.quality) if corpus.quality is not None else None


def rights_digest(platform: Platform, corpus: Corpus) -> str:
    """Names the ranking of rights as believed now: when it changes, survivors may."""
    ranks = platform.ranks(source_ids(corpus))
    return digest([[str(number), rank] for number, rank in sorted(ranks.items())])


def versions(inputs: Inputs, prefix: str) -> list[Version]:
    """The input versions whose dataset name begins with `prefix`."""
    return [item for name, item in inputs.items() if name.startswith(prefix) and isinstance(item, Version)]


def common(corpus: Corpus, sources: dict[str, Source]) -> dict[str, Any]:
    """Arguments that every step of a corpus has."""
    return {
        "group": corpus.id.replace("-", "_").replace(".", "_"),
        "owners": (corpus.steward,),
        "tags": source_tags(sources_of(corpus, sources)),
    }


def check_decisions(_platform: Platform, _inputs: Inputs, result: Result) -> Checks:
    """What guards a step whose only wide output is its decisions."""
    return {
        "decisions": expectations.decisions.check(
            frames(parts_of(result, "decisions"), expectations.decisions.COLUMNS),
            statistics=result.statistics,
        )
    }
