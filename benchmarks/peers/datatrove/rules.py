"""DataTrove's Gopher filters rule by rule: `python rules.py CORPUS WORK TOKENIZER REPORT COUNT`.

For documents spread evenly over the corpus: the rules that each fails, once with DataTrove's own words (spaCy's rules for English)
and once with words between white space and Han characters as words, to tell what comes from word splitting.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from datatrove.data import Document
from datatrove.pipeline.filters import gopher_quality_filter, gopher_repetition_filter
from datatrove.utils.text import split_into_words

QUALITY = {
    "word_count": ("min_doc_words", "max_doc_words"),
    "mean_word_length": ("min_avg_word_length", "max_avg_word_length"),
    "symbol_to_word_ratio": ("max_symbol_word_ratio",),
    "bullet_line_fraction": ("max_bullet_lines_ratio",),
    "ellipsis_line_fraction": ("max_ellipsis_lines_ratio",),
    "alphabetic_word_fraction": ("max_non_alpha_words_ratio",),
    "stop_word_count": ("min_stop_words",),
}
REPETITION = {
    "duplicate_line_fraction": "dup_line_frac",
    "duplicate_paragraph_fraction": "dup_para_frac",
    "duplicate_line_character_fraction": "dup_line_char_frac",
    "duplicate_paragraph_character_fraction": "dup_para_char_frac",
}
TOP = {2: 0.2, 3: 0.18, 4: 0.16}
DUPLICATE = {5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.1}
PLAIN = re.compile(r"[\u3400-\u9fff]|[^\s\u3400-\u9fff]+")


def filters() -> dict:
    """A filter with one rule each, by our name of the rule."""
    quality, repetition = (
        gopher_quality_filter.GopherQualityFilter,
        gopher_repetition_filter.GopherRepetitionFilter,
    )
    every = [parameter for names in QUALITY.values() for parameter in names]
    found = {
        rule: quality(**{name: None for name in every if name not in names})
        for rule, names in QUALITY.items()
    }
    off = {**dict.fromkeys(REPETITION.values()), "top_n_grams": (), "dup_n_grams": ()}
    for rule, name in REPETITION.items():
        found[rule] = repetition(**{key: value for key, value in off.items() if key != name})
    for n, limit in TOP.items():
        found[f"top_{n}gram_character_fraction"] = repetition(**{**off, "top_n_grams": ((n, limit),)})
    for n, limit in DUPLICATE.items():
        found[f"duplicate_{n}gram_character_fraction"] = repetition(**{**off, "dup_n_grams": ((n, limit),)})
    return found


def failing(documents: list[dict], words) -> dict[str, list[str]]:
    """Rules that each document fails, with a given way to split words."""
    for module in (gopher_quality_filter, gopher_repetition_filter):
        module.split_into_words = words
    rules = filters()
    found = {}
    for record in documents:
        document = Document(text=record["text"], id=record["id"])
        found[record["id"]] = [name for name, rule in rules.items() if rule.filter(document) is not True]
    return found


corpus, _, _, report = (Path(argument) for argument in sys.argv[1:5])
wanted = int(sys.argv[5])
files = sorted(corpus.glob("*/*.jsonl"))
counts = {file: sum(1 for _ in file.open("rb")) for file in files}
step = max(1, sum(counts.values()) // wanted)
sample, seen = [], 0
for file in files:
    with file.open("rb") as lines:
        for line in lines:
            seen += 1
            if seen % step == 0:
                sample.append(json.loads(line))
result = {
    "theirs": failing(sample, split_into_words),
    "our words": failing(sample, lambda text, *_: PLAIN.findall(text)),
}
report.write_text(json.dumps(result), encoding="utf-8")
