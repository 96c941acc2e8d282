"""DataTrove as published, after its `examples/fineweb.py`: Gopher filters, exact duplicates, MinHash 14 x 8, PII, tokens.

    python runner.py CORPUS WORK TOKENIZER REPORT

Its blocks with their defaults but for what makes it cheaper: JSON Lines between the steps are not compressed, one task, and
documents are not shuffled. Words are split by spaCy's rules for English, which come with the package (no model).
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from measuring import Report

corpus, work, tokenizer, report = (Path(argument) for argument in sys.argv[1:5])
measured = Report(report)

from datatrove.executor.local import LocalPipelineExecutor  # noqa: E402
from datatrove.pipeline.dedup import (  # noqa: E402
    ExactDedupFilter,
    ExactDedupSignature,
    ExactFindDedups,
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.dedup.exact_dedup import ExactDedupConfig  # noqa: E402
from datatrove.pipeline.dedup.minhash import MinhashConfig  # noqa: E402
from datatrove.pipeline.filters import GopherQualityFilter, GopherRepetitionFilter  # noqa: E402
from datatrove.pipeline.formatters import PIIFormatter  # noqa: E402
from datatrove.pipeline.readers import JsonlReader  # noqa: E402
from datatrove.pipeline.tokens import DocumentTokenizer  # noqa: E402
from datatrove.pipeline.writers import JsonlWriter  # noqa: E402

measured.imported()


def run(name: str, *pipelines: list) -> list:
    """Run pipelines one after the other as one stage; gives their statistics."""
    with measured.stage(name):
        return [
            LocalPipelineExecutor(
                pipeline, tasks=count, workers=1, logging_dir=str(work / "logs" / f"{name}-{number}")
            ).run()
            for number, (pipeline, count) in enumerate(
                (p if isinstance(p, tuple) else (p, 1)) for p in pipelines
            )
        ]


def reader(folder: str) -> JsonlReader:
    """Documents of a step before."""
    return JsonlReader(str(work / folder), default_metadata=None)


def writer(folder: str) -> JsonlWriter:
    """Documents for the next step."""
    return JsonlWriter(str(work / folder), compression=None)


exact = ExactDedupConfig(content_getter=lambda document: document.text)
near = MinhashConfig(n_grams=5, num_buckets=14, hashes_per_bucket=8)

run(
    "filters",
    [
        JsonlReader(str(corpus), glob_pattern="*/*.jsonl"),
        GopherRepetitionFilter(),
        GopherQualityFilter(),
        writer("filtered"),
    ],
)
run(
    "exact",
    [reader("filtered"), ExactDedupSignature(str(work / "exact-signatures"), exact)],
    [ExactFindDedups(str(work / "exact-signatures"), str(work / "exact-duplicates"), exact)],
    [reader("filtered"), ExactDedupFilter(str(work / "exact-duplicates"), exact), writer("exact")],
)
run(
    "minhash",
    [reader("exact"), MinhashDedupSignature(str(work / "signatures"), near)],
    ([MinhashDedupBuckets(str(work / "signatures"), str(work / "buckets"), config=near)], 14),
    [MinhashDedupCluster(str(work / "buckets"), str(work / "remove"), config=near)],
    [reader("exact"), MinhashDedupFilter(str(work / "remove")), writer("near")],
)
[statistics] = run(
    "pii and tokens",
    [
        reader("near"),
        PIIFormatter(),
        DocumentTokenizer(
            str(work / "tokens"),
            tokenizer_name_or_path=str(tokenizer),
            eos_token="<|endoftext|>",
            shuffle_documents=False,
        ),
    ],
)
with contextlib.suppress(Exception):
    times = {step.name: step.time_stats.global_mean + 0.0 for step in statistics.stats}
    measured.figures["seconds by block of the last stage"] = times
measured.stop()


def ids(folder: str) -> list[str]:
    """Documents that a step kept, in order."""
    return [document.id for document in reader(folder)()]


def tokens() -> tuple[list[int], list[list[int]]]:
    """Tokens of each document, and the ids of the first ones."""
    import numpy as np

    [file] = (work / "tokens").glob("*.ds")
    stream = np.fromfile(file, np.uint16)
    ends = np.fromfile(file.with_name(file.name + ".index"), np.uint64).astype(np.int64)
    starts = [0, *ends[:-1].tolist()]
    counts = (np.diff([0, *ends]) - 1).tolist()
    return counts, [stream[a : b - 1].tolist() for a, b in zip(starts[:SAMPLE], ends[:SAMPLE], strict=True)]


SAMPLE = 300
counts, first = tokens()
mask = PIIFormatter()
texts = [mask.format(document.text) for document, _ in zip(reader("near")(), range(SAMPLE), strict=False)]
kept = {
    name: ids(folder) for name, folder in (("filters", "filtered"), ("exact", "exact"), ("minhash", "near"))
}
measured.write(
    kept=kept,
    tokens={"counts": counts, "ids": first, "texts": texts, "documents": kept["minhash"][: len(texts)]},
)
