"""The comparison: `python -m benchmarks.peers --documents N --rounds R [--folder F] [--only datatrove,...]`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.generator import Known, write
from benchmarks.peers.comparing import (
    Copy,
    NearQuality,
    dolma_failing,
    exact_differences,
    near_quality,
    rule_table,
    text_classes,
    token_differences,
)
from benchmarks.peers.outcomes import Outcome, read_outcome
from benchmarks.peers.running import OURS, PEERS, Place, run, start_peer
from benchmarks.peers.tables import (
    exact_table,
    near_table,
    rules_table,
    speed_table,
    speeds,
    stage_table,
    token_table,
)
from benchmarks.peers.tokenizer import make_tokenizer
from benchmarks.real import write_real
from benchmarks.report import RESULTS, write_report
from lineage_platform.transformations.standards import load_standard

HERE = Path(__file__).parent
DATA = HERE.parent / "data"
RULE_DOCUMENTS = 2000


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, compare and report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="real documents: JSON Lines with `text`")
    parser.add_argument("--only", default=",".join(PEERS), help="peers, by commas")
    parser.add_argument("--data", type=Path, default=DATA, help="for corpora, environments and runs")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the figures go")
    options = parser.parse_args(arguments)
    peers = [peer for peer in PEERS if peer in options.only.split(",")]
    place, known = prepare(options.data, options.documents, options.folder)
    runs: dict[str, list[dict[str, Any]]] = {system: [] for system in (OURS, *peers)}
    for number in range(options.rounds):
        order = (OURS, *peers) if number % 2 == 0 else (*reversed(peers), OURS)
        for system in order:
            print(f"round {number + 1}: {system}", flush=True)
            runs[system].append(run(system, place, number))
    truth = read_truth(place.corpus)
    ours = read_outcome(runs[OURS][-1])
    found = speeds(runs, known.documents, OURS)
    results = {peer: rounds[-1]["outcomes"] for peer, rounds in runs.items() if peer != OURS}
    outcomes, sections = compare(results, ours, truth, known.documents, place)
    mean = known.bytes / known.documents
    heading = (
        f"{known.documents:,} documents of {mean:,.0f} bytes"
        f"{f' from {options.folder}' if options.folder else ''}, {options.rounds} rounds in turns, one process each; "
        f"start-up is a run over {TINY} documents in a fresh process"
    )
    tables = [heading, speed_table(found), "## Stages", stage_table(found), *sections]
    name = f"peers-{known.documents}{'-real' if options.folder else ''}"
    figures = {"documents": known.documents, "bytes": known.bytes, "systems": found, "outcomes": outcomes}
    write_report(name, figures, "\n\n".join(tables), folder=options.results)


TINY = 60


def prepare(data: Path, documents: int, folder: Path | None) -> tuple[Place, Known]:
    """Corpus, tiny corpus and tokenizer below `data`."""
    corpus = data / (f"real-{documents}" if folder else f"peers-{documents}")
    plain = {"broken": False, "licences": False}
    known = write_real(folder, corpus, documents) if folder else write(corpus, documents, **plain)
    write(data / "peers-tiny", TINY, **plain)
    tokenizer = make_tokenizer(corpus, data / "peers" / f"tokenizer-{corpus.name}.json")
    return Place(corpus, data / "peers-tiny", tokenizer, data / "peers"), known


def read_truth(corpus: Path) -> list[Copy]:
    """The corpus's truth file, by the names of records."""
    rows = pq.read_table(corpus / "truth.parquet").to_pylist()
    return [
        Copy(f"d{row['document']}", f"d{row['of']}", row["kind"] == "exact", row["jaccard"]) for row in rows
    ]


def compare(
    results: Mapping[str, Mapping[str, Any]], ours: Outcome, truth: list[Copy], documents: int, place: Place
) -> tuple[dict[str, Any], list[str]]:
    """Outcomes side by side: figures, and sections to read."""
    from tokenizers import Tokenizer

    everything = [f"d{number}" for number in range(documents)]
    classes = text_classes(truth)
    kept = [name for name in everything if name not in ours.exact and name not in ours.near]
    texts_left = {classes.get(name, name) for name in kept}
    exact = {OURS: our_exact(everything, ours, classes)}
    near: dict[str, NearQuality] = {
        OURS: near_quality([name for name in everything if name not in ours.exact], kept, truth)
    }
    reference = Tokenizer.from_file(str(place.tokenizer))
    tokens = {
        OURS: token_differences([row[1] for row in ours.sample], [row[2] for row in ours.sample], reference)
    }
    counts = {}
    for peer, result in results.items():
        stages = result["kept"]
        entered = stages.get("filters", everything)
        exact[peer] = exact_differences(entered, stages["exact"], classes)
        exact[f"ours on what {peer} saw"] = our_exact(entered, ours, classes)
        if "minhash" in stages:
            near[peer] = near_quality(stages["exact"], stages["minhash"], truth)
            same = [name for name in stages["exact"] if classes.get(name, name) in texts_left]
            near[f"ours on what {peer} saw"] = near_quality(stages["exact"], same, truth)
        if "tokens" in result:
            sample = result["tokens"]
            tokens[peer] = token_differences(sample["texts"], sample["ids"], reference)
        if peer == "datatrove":
            by_name = dict(zip(stages["minhash"], result["tokens"]["counts"], strict=True))
            both = [name for name in by_name if name in ours.tokens and name not in ours.edited]
            counts[peer] = (len(both), sum(by_name[name] != ours.tokens[name] for name in both))
    rules, rule_sections = compare_rules(results, ours, place)
    sections = [
        "## Exact duplicates",
        exact_table(exact),
        "## Near duplicates, against the truth",
        near_table(near),
        "## Tokens, against `tokenizers`",
        token_table(tokens),
        *(
            f"Of {both:,} documents that {peer} and we kept, {wrong:,} have another number of tokens."
            for peer, (both, wrong) in counts.items()
        ),
        *rule_sections,
    ]
    figures = {
        "exact": exact,
        "near": {
            system: {
                "precision": quality.precision,
                "gone": quality.gone,
                "recall": {f"{low}-{min(high, 1)}": pair for (low, high), pair in quality.recall.items()},
            }
            for system, quality in near.items()
        },
        "tokens": tokens,
        "token_counts": counts,
        "rules": rules,
    }
    return figures, sections


def our_exact(entered: Sequence[str], ours: Outcome, classes: Mapping[str, str]) -> tuple[int, int, int]:
    """As `exact_differences`; a text may also be gone as a near copy, but all its copies must be in one cluster, and a
    document that has no copy must not be gone as an exact one."""
    members: dict[str, list[str]] = {}
    for name in entered:
        members.setdefault(classes.get(name, name), []).append(name)
    wrong = 0
    for names in members.values():
        clusters = {ours.cluster.get(name) for name in names}
        left = sum(name not in ours.exact and name not in ours.near for name in names)
        if len(names) > 1:
            wrong += len(clusters) != 1 or None in clusters or left > 1
    repeated = {name for names in members.values() if len(names) > 1 for name in names}
    everything = set(classes) | set(classes.values())
    wrong += sum(name in ours.exact and name not in everything for name in entered)
    texts = sum(len(names) > 1 for names in members.values())
    return texts, len(repeated) - texts, wrong


def compare_rules(
    results: Mapping[str, Mapping[str, Any]], ours: Outcome, place: Place
) -> tuple[dict[str, Any], list[str]]:
    """Gopher rule by rule, where a peer has the rules."""
    names = [rule.name for rule in load_standard("gopher@1").rules]
    figures: dict[str, Any] = {}
    sections: list[str] = []
    if "datatrove" in results:
        wanted = min(RULE_DOCUMENTS, len(ours.failing) // 4)
        judged = start_peer("datatrove", place.corpus, place, "rules.py", str(wanted))
        rows = rule_table(ours.failing, judged["theirs"], judged["our words"], names)
        figures["datatrove"] = rows
        sections += [
            f"## Gopher rules, DataTrove ({len(judged['theirs']):,} documents)",
            rules_table(rows, words=True),
            (HERE / "datatrove" / "differences.md").read_text(encoding="utf-8"),
        ]
    if "dolma" in results:
        failing = dolma_failing(results["dolma"]["gopher"])
        rows = rule_table(ours.failing, failing, failing, names)
        figures["dolma"] = rows
        sections += [
            f"## Gopher rules, Dolma ({len(failing):,} documents)",
            rules_table(rows, words=False),
            (HERE / "dolma" / "differences.md").read_text(encoding="utf-8"),
        ]
    return figures, sections


if __name__ == "__main__":
    main()
