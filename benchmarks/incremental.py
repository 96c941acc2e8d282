"""What a change costs: `python -m benchmarks.incremental [--documents N] [--sources S]`.

A generated corpus in S sources is packed from nothing, in both shard layouts. Then one source changes, first wholly, then
1 % of its records, and everything is brought up to date as the assets do it: only that source is read and annotated
anew, the tokenizer stays, deduplication and selection look at the narrow tables of all, and shards whose
documents did not change are shared. Prints CPU seconds of each step, and their ratio to the full run beside the share of
the source. The result is compared with one packed from nothing, outside the measurement.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.corpus import recipe, sources
from benchmarks.generator import write
from benchmarks.report import HERE, RESULTS, cpu_seconds, write_report
from benchmarks.stages import paths
from lineage_platform.model.definitions import Corpus, ShardLayout, ShardSpec, Source
from lineage_platform.model.subjects import SubjectKeys
from lineage_platform.model.versions import Result, Snapshot
from lineage_platform.policy.rights import rights_rank
from lineage_platform.policy.signals.rows import signals_of
from lineage_platform.policy.terms import terms_of
from lineage_platform.transformations.annotations import annotate
from lineage_platform.transformations.deduplicated import deduplicate
from lineage_platform.transformations.documents import read_documents
from lineage_platform.transformations.engine import Engine, quiet
from lineage_platform.transformations.layout import Run
from lineage_platform.transformations.reading.observation import observe
from lineage_platform.transformations.reuse import Earlier
from lineage_platform.transformations.selected import snapshots_in
from lineage_platform.transformations.selection import select
from lineage_platform.transformations.shards import pack
from lineage_platform.transformations.standards import load_standard
from lineage_platform.transformations.tokenizer import shard_count, train_tokenizer

LAYOUTS: tuple[ShardLayout, ...] = ("mixed", "by-source")
CHANGES = ("everything", "one source wholly", "1 % of one source")
FILES = ("shard", "shard-bin", "shard-idx")
SHARD_TOKENS = 100_000


@dataclass
class State:
    """The versions that stand: parts by source, ranks of rights, the tokenizer, shards by layout, and CPU seconds."""

    documents: dict[str, list[Path]] = field(default_factory=dict)
    annotations: dict[str, list[Path]] = field(default_factory=dict)
    ranks: dict[int, int] = field(default_factory=dict)
    tokenizer: Path | None = None
    counts: dict[str, int] = field(default_factory=dict)
    shards: dict[str, Result] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    written: dict[str, int] = field(default_factory=dict)


class Update:
    """Brings everything up to date after some sources changed; results go below `work`."""

    def __init__(self, before: State, corpus: Corpus, work: Path, first_snapshot: int) -> None:
        self.corpus, self.work, self.number = corpus, work, first_snapshot
        self.before = before
        self.state = State(
            dict(before.documents),
            dict(before.annotations),
            dict(before.ranks),
            before.tokenizer,
            before.counts,
        )
        self.how: dict[str, Any] = {"engine": Engine(), "progress": quiet}

    def run(self, changed: Sequence[Source]) -> State:
        """Read the changed sources; then everything that looks at all of them."""
        for source in changed:
            self._read(source)
        state, corpus = self.state, self.corpus
        standard = load_standard(str(corpus.quality))
        parts = [path for found in state.annotations.values() for path in found]
        find = partial(deduplicate, parts, corpus.deduplication, standard, state.ranks)
        dropped = paths(self._timed("deduplicated", find), "decisions")
        selected = self._timed("selection", partial(select, state.annotations, dropped, corpus, standard))
        chosen = paths(selected, "selection")
        texts = [path for found in state.documents.values() for path in found]
        if state.tokenizer is None:
            made = self._timed("tokenizer", partial(train_tokenizer, chosen, texts, corpus.tokenizer, 0))
            [state.tokenizer] = paths(made, "tokenizer")
            state.counts = {
                source: shard_count(counts["bytes"], made.statistics.details["bytes_per_token"], SHARD_TOKENS)
                for source, counts in selected.statistics.details["by_source"].items()
            }
        for layout in LAYOUTS:
            packing = self._packing(layout, chosen, texts)
            earlier = self.before.shards.get(layout)
            step = f"shards, {layout}"
            state.shards[layout] = self._timed(
                step, partial(packing, earlier=None if earlier is None else earlier_of(earlier))
            )
            own = self.work / step
            fresh = [part for part in state.shards[layout].parts if Path(part.path).is_relative_to(own)]
            state.written[layout] = sum(part.role in FILES for part in fresh)
        self._chosen, self._texts = chosen, texts
        return state

    def verify(self) -> None:
        """Pack from nothing and compare."""
        for layout in LAYOUTS:
            scratch = self.work / "verify"
            whole = self._packing(layout, self._chosen, self._texts)(scratch=scratch, **self.how)
            found = self.state.shards[layout]
            assert whole.content_digest == found.content_digest
            assert {part.name: part.sha256 for part in whole.parts} == {
                part.name: part.sha256 for part in found.parts
            }
            shutil.rmtree(scratch)

    def _read(self, source: Source) -> None:
        digest, files = observe(source, **self.how)
        snapshot = Snapshot(source.id, self.number, digest, files, "2026-01-01T00:00:00Z")
        self.number += 1
        reading = partial(
            read_documents,
            source,
            snapshot,
            terms_of=lambda said: terms_of(source, *said),
            signals_of=signals_of,
            subject_keys=SubjectKeys((b"k" * 32,)),
        )
        read = self._timed(f"documents/{source.id}", reading)
        self.state.ranks |= {item.number: rights_rank(item) for item in read.terms}
        self.state.documents[source.id] = paths(read, "documents")
        minhash = self.corpus.deduplication.minhash
        assert minhash is not None
        setting = ((minhash.ngram, minhash.bands, minhash.rows),)
        scan = partial(annotate, self.state.documents[source.id], setting)
        found = self._timed(f"annotations/{source.id}", scan)
        self.state.annotations[source.id] = paths(found, "annotations")

    def _packing(
        self, layout: ShardLayout, chosen: Sequence[Path], texts: Sequence[Path]
    ) -> Callable[..., Result]:
        corpus = replace(self.corpus, shards=ShardSpec(tokens=SHARD_TOKENS, layout=layout))
        runs, first = [], 0
        for source, count in self.state.counts.items():
            runs.append(Run(source, first, count, snapshots_in(self.state.documents[source])))
            first += count
        assert self.state.tokenizer is not None
        given = partial(pack, chosen, texts, self.state.tokenizer, corpus, first)
        return partial(given, runs=runs if layout == "by-source" else ())

    def _timed(self, step: str, call: Callable[..., Result]) -> Result:
        before = cpu_seconds()
        result = call(scratch=self.work / step, **self.how)
        name = step.partition("/")[0]
        self.state.seconds[name] = self.state.seconds.get(name, 0.0) + cpu_seconds() - before
        return result


def earlier_of(result: Result) -> Earlier:
    """What the assets hand over of the version before."""
    return Earlier(
        tuple(paths(result, "shard-fingerprints")),
        tuple(paths(result, "placements-by-shard")),
        tuple(part for part in result.parts if part.role in FILES),
        result.statistics.details["encoder"],
    )


def spread(data: Path, folder: Path, count: int) -> None:
    """The records of a generated corpus in `count` sources of about the same size, neighbours together."""
    lines = [
        line
        for path in sorted(data.glob("*/*.jsonl"))
        for line in path.read_bytes().splitlines(keepends=True)
    ]
    for number in range(count):
        own = folder / f"source-{number:03d}"
        own.mkdir(parents=True)
        part = lines[number * len(lines) // count : (number + 1) * len(lines) // count]
        (own / "records.jsonl").write_bytes(b"".join(part))


def change(source: Path, share: float) -> None:
    """Give a share of a source's records, evenly spread, another text: the words of each in another order."""
    lines = source.read_bytes().splitlines(keepends=True)
    for number in range(0, len(lines), round(1 / share)):
        try:
            record = json.loads(lines[number])
        except ValueError:
            continue
        text = record["text"]
        middle = len(text) // 2
        record["text"] = f"{text[middle:]}\n{text[:middle]}"
        lines[number] = json.dumps(record, ensure_ascii=False).encode() + b"\n"
    source.write_bytes(b"".join(lines))


def table_of(states: Mapping[str, State], share: float) -> list[list[str]]:
    """CPU seconds by step; ratios to the full run in percent."""
    full = states[CHANGES[0]]
    rows = [["step", "full, CPU s", *(f"{name}, CPU s (of full)" for name in CHANGES[1:])]]
    for step, seconds in full.seconds.items():
        changed = [states[name].seconds.get(step, 0.0) for name in CHANGES[1:]]
        rows.append([step, f"{seconds:.2f}", *(f"{item:.2f} ({item / seconds:.1%})" for item in changed)])
    for layout in LAYOUTS:
        steps = [step for step in full.seconds if not step.startswith("shards") or step.endswith(layout)]
        sums = [sum(states[name].seconds.get(step, 0.0) for step in steps) for name in CHANGES]
        rows.append(
            [f"all, {layout}", f"{sums[0]:.2f}", *(f"{item:.2f} ({item / sums[0]:.1%})" for item in sums[1:])]
        )
        files = [states[name].written[layout] for name in CHANGES]
        rows.append([f"shards written, {layout}", *map(str, files)])
    rows.append(["share of the source", "", f"{share:.1%}", f"{share / 100:.2%}"])
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.incremental", description=__doc__)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--sources", type=int, default=100)
    parser.add_argument("--folder", type=Path, default=HERE / "data", help="for what is generated")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the figures go")
    options = parser.parse_args(arguments)
    work = options.folder / "incremental"
    shutil.rmtree(work, ignore_errors=True)
    known = write(options.folder / str(options.documents), options.documents)
    spread(options.folder / str(options.documents), work / "data", options.sources)
    found = sources(work / "data")
    corpus = recipe([source.id for source in found], "code-and-prose@1", ("parquet",), None)
    small = replace(corpus, sources=corpus.sources[:1])
    Update(State(), small, work / "start", 1).run(found[:1])  # imports, compiled kernels

    states: dict[str, State] = {}
    before, snapshot = State(), 1
    middle = found[options.sources // 2]
    for name, own in zip(CHANGES, (found, [middle], [middle]), strict=True):
        if before.shards:
            change(work / "data" / middle.id / "records.jsonl", 1.0 if name == CHANGES[1] else 0.01)
        update = Update(before, corpus, work / name.replace(" ", "-"), snapshot)
        before = states[name] = update.run(own)
        if name != CHANGES[0]:
            update.verify()
        snapshot = update.number
    share = 1 / options.sources
    figures = {
        "known": asdict(known),
        "sources": options.sources,
        "share": share,
        "cpu_seconds": {name: state.seconds for name, state in states.items()},
        "shards": sum(before.counts.values()),
        "files_written": {name: state.written for name, state in states.items()},
    }
    shutil.rmtree(work)
    write_report(f"incremental-{options.documents}", figures, table_of(states, share), folder=options.results)


if __name__ == "__main__":
    main()
