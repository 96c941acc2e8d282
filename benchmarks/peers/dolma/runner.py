"""Dolma as published, after its configurations for web text: taggers, its two Bloom filters, the mixer, tokens.

    python runner.py CORPUS WORK TOKENIZER REPORT

Dolma tags and deduplicates everything, and the mixer then drops documents and masks spans; what it calls deduplication is exact
documents by the key `$.text`, and paragraphs (it has no MinHash). One process a command, as its command line starts it.
Thresholds are those of Rae et al. 2021 that its attributes allow.
"""

from __future__ import annotations

import csv
import gzip
import importlib
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from measuring import Report

SAMPLE = 300
GOPHER = {
    "word_count": "@.{0} < 50 || @.{0} > 100000",
    "median_word_length": "@.{0} < 3 || @.{0} > 10",
    "symbol_to_word_ratio": "@.{0} > 0.1",
    "fraction_of_words_with_alpha_character": "@.{0} < 0.8",
    "required_word_count": "@.{0} < 2",
    "fraction_of_lines_starting_with_bullet_point": "@.{0} > 0.9",
    "fraction_of_lines_ending_with_ellipsis": "@.{0} > 0.3",
    "fraction_of_duplicate_lines": "@.{0} > 0.3",
    "fraction_of_characters_in_duplicate_lines": "@.{0} > 0.2",
    **{
        f"fraction_of_characters_in_most_common_{n}grams": f"@.{{0}} > {limit}"
        for n, limit in ((2, 0.2), (3, 0.18), (4, 0.16))
    },
    **{
        f"fraction_of_characters_in_duplicate_{n}grams": f"@.{{0}} > {limit}"
        for n, limit in ((5, 0.15), (6, 0.14), (7, 0.13), (8, 0.12), (9, 0.11), (10, 0.1))
    },
}
"""Filters of the mixer, by attribute."""
PII = {
    "EMAIL_ADDRESS": " |||EMAIL_ADDRESS||| ",
    "PHONE_NUMBER": " |||PHONE_NUMBER||| ",
    "IP_ADDRESS": " |||IP_ADDRESS||| ",
}


def command(work: Path, name: str, configuration: dict) -> None:
    """One command of Dolma's command line."""
    from dolma.cli.main import main

    path = work / f"{name}-{len(list(work.glob('*.yaml')))}.yaml"
    path.write_text(json.dumps(configuration))
    main(["-c", str(path), name])


def bloom(work: Path, name: str, count: int) -> dict:
    """A Bloom filter of the size that Dolma's own configurations ask for."""
    return {
        "file": str(work / f"{name}.bin"),
        "read_only": False,
        "estimated_doc_count": count,
        "desired_false_positive_rate": 1e-6,
    }


def pipeline(measured: Report, corpus: Path, work: Path, tokenizer: Path) -> None:
    """All stages."""
    documents = work / "documents"
    documents.mkdir(parents=True)
    lines = 0
    with measured.aside():
        for file in sorted(corpus.glob("*/*.jsonl")):
            (documents / f"{file.parent.name}-{file.name}").symlink_to(file.resolve())
            lines += file.read_bytes().count(b"\n")
    inputs = {"documents": [str(documents / "*.jsonl")]}
    tag = {**inputs, "processes": 1, "destination": [str(work / "attributes")]}
    with measured.stage("filters"):
        command(
            work,
            "tag",
            {
                **tag,
                "experiment": "gopher",
                "taggers": ["gopher_v2"],
                "destination": [str(work / "attributes" / "gopher")],
            },
        )
    with measured.stage("pii"):
        command(
            work,
            "tag",
            {
                **tag,
                "experiment": "pii",
                "taggers": ["pii_regex_with_counts_fast_v2"],
                "destination": [str(work / "attributes" / "pii")],
            },
        )
    for stage, dedupe in (
        ("exact", {"name": "exact", "documents": {"attribute_name": "exact", "key": "$.text"}}),
        ("paragraphs", {"name": "paragraphs", "paragraphs": {"attribute_name": "paragraphs"}}),
    ):
        with measured.stage(stage):
            filled = {**dedupe, "skip_empty": True}
            command(
                work,
                "dedupe",
                {**inputs, "processes": 1, "dedupe": filled, "bloom_filter": bloom(work, stage, 20 * lines)},
            )
    gopher = [
        "$.attributes[?({})]".format(rule.format(f"gopher__gopher_v2__{name}[0][2]"))
        for name, rule in GOPHER.items()
    ]
    stream = {
        "name": "mixed",
        **inputs,
        "attributes": ["gopher", "pii", "exact", "paragraphs"],
        "output": {"path": str(work / "mixed"), "max_size_in_bytes": 1 << 30, "min_text_length": 1},
        "filter": {
            "include": [],
            "exclude": [*gopher, "$.attributes[?(@.exact && @.exact[0] && @.exact[0][2] >= 1.0)]"],
        },
        "span_replacement": [
            {"span": "$.attributes.paragraphs", "min_score": 0.5, "replacement": ""},
            *(
                {
                    "span": f"$.attributes.pii__pii_regex_with_counts_fast_v2__{name}",
                    "min_score": 0.5,
                    "replacement": mask,
                }
                for name, mask in PII.items()
            ),
        ],
    }
    with measured.stage("mixer"):
        command(work, "mix", {"streams": [stream], "processes": 1})
    with measured.stage("tokens"):
        command(
            work,
            "tokens",
            {
                "documents": [str(work / "mixed")],
                "destination": str(work / "tokens"),
                "processes": 1,
                "dtype": "uint16",
                "seed": 0,
                "tokenizer": {"name_or_path": str(tokenizer), "eos_token_id": 0, "pad_token_id": 0},
            },
        )


def attributes(work: Path, name: str) -> dict[str, dict]:
    """Attributes of every document."""
    files = sorted((work / "attributes" / name).glob("*"))
    rows = (json.loads(line) for file in files for line in file.open(encoding="utf-8"))
    return {row["id"]: row["attributes"] for row in rows}


def outcomes(work: Path) -> dict:
    """What the mixer kept, what the Bloom filter found, and the tokens, looked at afterwards.

    Dolma strips the white space around a document before it tokenises, so the texts beside the tokens are stripped too.
    """
    import numpy as np

    values = {
        document: {name.removeprefix("gopher__gopher_v2__"): spans[0][2] for name, spans in found.items()}
        for document, found in attributes(work, "gopher").items()
    }
    duplicates = {document for document, found in attributes(work, "exact").items() if found.get("exact")}
    mixed = []
    for file in sorted((work / "mixed").glob("*.gz")):
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            mixed += [json.loads(line) for line in lines]
    texts = {row["id"]: row["text"] for row in mixed}
    counts, ids, names = [], [], []
    for file in sorted((work / "tokens").rglob("*.npy")):
        stream = np.memmap(file, np.uint16, "r")
        with gzip.open(file.with_suffix(".csv.gz"), "rt", encoding="utf-8") as rows:
            for start, end, name, *_ in csv.reader(rows):
                counts.append(int(end) - int(start) - 1)
                names.append(name)
                if len(ids) < SAMPLE:
                    ids.append(stream[int(start) : int(end) - 1].tolist())
    return {
        "kept": {"exact": [name for name in values if name not in duplicates], "mixed": list(texts)},
        "gopher": values,
        "tokens": {
            "counts": counts,
            "ids": ids,
            "documents": names[: len(ids)],
            "texts": [texts[name].strip() for name in names[: len(ids)]],
        },
    }


if __name__ == "__main__":
    corpus, work, tokenizer, report = (Path(argument) for argument in sys.argv[1:5])
    measured = Report(report)
    importlib.import_module("dolma.cli.main")

    measured.imported()
    pipeline(measured, corpus, work, tokenizer)
    measured.stop()
    measured.write(**outcomes(work))
