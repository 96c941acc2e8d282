"""The corpus of the recorded world: deduplicated, selected, tokenised and packed by the real transformations."""

from __future__ import annotations

from pathlib import Path

from lineage_platform.model.keys import terms_number
from lineage_platform.model.versions import (
    Transformation,
    Version,
)
from lineage_platform.recording import Recorder
from lineage_platform.transformations.deduplicated import deduplicate
from lineage_platform.transformations.engine import Engine
from lineage_platform.transformations.selection import select
from lineage_platform.transformations.shards import pack
from lineage_platform.transformations.tokenizer import train_tokenizer
from tests.audit.definitions import PARENT, SHARDS, World


def make_corpus(world: World, recorder: Recorder) -> Version:
    """Record the corpus's own datasets on what its sources have now."""
    corpus = world.corpus
    for make in (make_deduplicated, make_selection, make_tokenizer, make_shards):
        make(world, recorder)
    return world.versions[f"{corpus.id}/shards"]


def make_deduplicated(world: World, recorder: Recorder) -> None:
    """Equal texts: the copy of the press survives, whose rights rank first."""
    inputs = [world.versions[f"annotations/{name}"] for name in world.sources]
    survivors = {record.text: number for number, record in enumerate(world.records["press"])}
    for number, record in enumerate(world.records["forum"]):
        if record.text in survivors:
            world.duplicates[world.key("forum", number)] = world.key("press", survivors[record.text])
    numbers = {
        terms_number(name, record.declared) for name in world.sources for record in world.records[name]
    }
    ranks = {number: int(number != terms_number("press", None)) for number in numbers}
    step = Transformation("deduplicate", "1", {"exact": True})
    with recorder.attempt("demo/deduplicated", step, inputs, PARENT) as attempt:
        result = deduplicate(
            [path for version in inputs for path in recorder.paths(version, "annotations")],
            world.corpus.deduplication,
            None,
            ranks,
            scratch=attempt.scratch,
            engine=Engine(),
            progress=_quiet,
        )
        world.versions["demo/deduplicated"] = attempt.commit(result)


def make_selection(world: World, recorder: Recorder) -> None:
    annotations = {name: world.versions[f"annotations/{name}"] for name in world.sources}
    deduplicated = world.versions["demo/deduplicated"]
    step = Transformation("select", "1", {"seed": 0, "weights": {"press": 2.0}})
    with recorder.attempt("demo/selection", step, [*annotations.values(), deduplicated], PARENT) as attempt:
        result = select(
            {name: recorder.paths(version, "annotations") for name, version in annotations.items()},
            recorder.paths(deduplicated, "decisions"),
            world.corpus,
            None,
            scratch=attempt.scratch,
            engine=Engine(),
            progress=_quiet,
        )
        world.versions["demo/selection"] = attempt.commit(result)


def make_tokenizer(world: World, recorder: Recorder) -> None:
    selection = world.versions["demo/selection"]
    inputs = [selection, *(world.versions[f"documents/{name}"] for name in world.sources)]
    with recorder.attempt("demo/tokenizer", Transformation("train", "1", {}), inputs, PARENT) as attempt:
        result = train_tokenizer(
            recorder.paths(selection, "selection"),
            _documents(world, recorder),
            world.corpus.tokenizer,
            0,
            scratch=attempt.scratch,
            engine=Engine(),
            progress=_quiet,
        )
        world.versions["demo/tokenizer"] = attempt.commit(result)


def make_shards(world: World, recorder: Recorder) -> None:
    selection, tokenizer = world.versions["demo/selection"], world.versions["demo/tokenizer"]
    inputs = [selection, tokenizer, *(world.versions[f"documents/{name}"] for name in world.sources)]
    step = Transformation("pack", "1", {"shards": {"seed": world.corpus.shards.seed}, "shard_count": SHARDS})
    with recorder.attempt("demo/shards", step, inputs, PARENT) as attempt:
        result = pack(
            recorder.paths(selection, "selection"),
            _documents(world, recorder),
            recorder.paths(tokenizer, "tokenizer")[0],
            world.corpus,
            SHARDS,
            scratch=attempt.scratch,
            engine=Engine(),
            progress=_quiet,
        )
        world.versions["demo/shards"] = attempt.commit(result)


def _documents(world: World, recorder: Recorder) -> list[Path]:
    return [
        path
        for name in world.sources
        for path in recorder.paths(world.versions[f"documents/{name}"], "documents")
    ]


def _quiet(_done: int, _total: int) -> None:
    """No progress wanted."""
