"""The gate of a release of millions of documents: `python -m benchmarks.release [--documents N]`.

A corpus version is recorded as `benchmarks.index` does it, with a thousand distinct terms. Measured are the whole question as
`lineage release` asks it (catalog, sums of the index, statements, verdicts), with and without a row of the overlay over a
tenth of the documents; the roll-ups of the corpus and of every shard, as `lineage rights` asks for them; and the verdicts alone over
a thousand statements of which no two have the same facts. Verdicts are for four uses in eight jurisdictions.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from benchmarks.index import SHARD_DOCUMENTS, timed
from benchmarks.placed import layout
from benchmarks.policy import OPERATOR, USES, statements
from benchmarks.recorded import CORPUS, record_corpus, record_sources, source
from benchmarks.report import write_report
from lineage_platform.audit.gate import Examination, examine
from lineage_platform.catalog.embedded import stop
from lineage_platform.model.overlay import Cover
from lineage_platform.model.releases import ReleaseSpec
from lineage_platform.policy.facts import vocabulary
from lineage_platform.policy.gate import gate
from lineage_platform.policy.policies import load
from lineage_platform.policy.ruling import Rule
from lineage_platform.policy.terms import terms_of
from lineage_platform.settings import Settings, read_settings
from lineage_platform.wiring import open_recorder, open_workspace

DOCUMENTS, SOURCES, TERMS, GOAL = 10_000_000, 20, 50, 10.0
T = TypeVar("T")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.release", description=__doc__)
    parser.add_argument("--documents", type=int, default=DOCUMENTS)
    documents = parser.parse_args(arguments).documents
    home = Path(tempfile.mkdtemp(prefix="lineage-release-"))
    settings = read_settings(home, {"LINEAGE_HOME": str(home / "home")})
    try:
        figures = measure(settings, documents)
    finally:
        stop(settings)
        shutil.rmtree(home, ignore_errors=True)
    rows = [
        (name, f"{value:,.2f}" if isinstance(value, float) else f"{value:,}")
        for name, value in figures.items()
    ]
    write_report("release", figures, [(f"goal: {GOAL:.0f} s", ""), *rows])


def measure(settings: Settings, documents: int) -> dict[str, Any]:
    """Record the corpus and ask."""
    recorder = open_recorder(settings)
    with timed({}, "record sources"):
        numbers, named, versions = record_sources(recorder, SOURCES, TERMS)
    corpus = layout(documents, max(10, documents // SHARD_DOCUMENTS), np.array(numbers), np.array(named))
    record_corpus(recorder, corpus, versions, lambda name: timed({}, name))
    policies = load()
    jurisdictions = tuple(name for name, entry in vocabulary()["jurisdictions"].items() if entry["regions"])
    spec = ReleaseSpec(USES, jurisdictions)
    today = datetime.now(UTC).date()

    def asked() -> Examination:
        with open_workspace(settings=settings) as opened:
            return examine(opened.catalog, opened.store, policies, CORPUS, spec, today, OPERATOR, ())

    plain, seconds = _timed(asked)
    with open_workspace(settings=settings) as opened:
        _, rights_seconds = _timed(lambda: opened.rights(corpus=CORPUS))
        shards, shards_seconds = _timed(lambda: opened.rights_by_shard(CORPUS))
    [other] = terms_of(source(1), "proprietary")
    first = corpus.key(0)
    recorder.restate(
        [Cover(keys=(first, first + documents // 10))], other, reason="measured", author="benchmark"
    )
    covered, covered_seconds = _timed(asked)
    recorder.close()
    distinct = [Rule(number, None, 1, 1, said) for number, said in statements(SOURCES * TERMS).items()]
    (verdicts, _), distinct_seconds = _timed(lambda: gate(policies, distinct, CORPUS, spec, today, OPERATOR))
    return {
        "documents": plain.ruling.documents,
        "distinct terms": len(plain.rules),
        "verdicts": len(plain.verdicts),
        "the gate, s": seconds,
        "rights summed up, s": rights_seconds,
        "shards": len(shards.shards),
        "rights of every shard, s": shards_seconds,
        "rules under the overlay": len(covered.rules),
        "the gate under the overlay, s": covered_seconds,
        "statements with distinct facts": len(distinct),
        "questions to Cedar for these": len(verdicts.answers),
        "verdicts on these, s": distinct_seconds,
    }


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    started = time.perf_counter()
    result = work()
    return result, time.perf_counter() - started


if __name__ == "__main__":
    main()
