"""Data-Juicer as published, after its refinement recipes for web text: filters, its two deduplicators, PII mappers.

    python runner.py CORPUS WORK TOKENIZER REPORT

It has no Gopher filters; taken are its operators nearest to them: number of words, stop words, characters that are letters,
special characters, repetition of words and of characters. It writes no tokens. The list of stop words, which it would
download, is given: the eight of Rae et al. 2021; its ratio is of words, so at least two in a hundred stand for two in a document.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from measuring import Report

corpus, work, _, report = (Path(argument) for argument in sys.argv[1:5])
measured = Report(report)
work.mkdir(parents=True, exist_ok=True)
os.environ["DATA_JUICER_CACHE_HOME"] = os.environ["HF_HOME"] = str(work / "cache")

from data_juicer.config import init_configs  # noqa: E402
from data_juicer.core.executor import DefaultExecutor  # noqa: E402
from data_juicer.ops import base_op  # noqa: E402
from data_juicer.ops.base_op import Deduplicator, Filter, Mapper  # noqa: E402
from data_juicer.utils.lazy_loader import LazyLoader  # noqa: E402

measured.imported()

STOP_WORDS = ["the", "be", "to", "of", "and", "that", "have", "with"]
FILTERS = [
    {"words_num_filter": {"min_num": 50, "max_num": 100_000}},
    {"stopwords_filter": {"lang": "en", "min_ratio": 0.02, "stopwords_dir": str(work / "words")}},
    {"alphanumeric_filter": {"min_ratio": 0.5, "max_ratio": 1.0}},
    {"special_characters_filter": {"max_ratio": 0.5}},
    {"word_repetition_filter": {"rep_len": 10, "max_ratio": 0.1}},
    {"character_repetition_filter": {"rep_len": 10, "max_ratio": 0.5}},
]
NEAR = {
    "tokenization": "space",
    "window_size": 5,
    "num_permutations": 112,
    "num_bands": 14,
    "num_rows_per_band": 8,
    "ignore_pattern": r"\p{P}",
}
STAGES = {
    "document_deduplicator": "exact",
    "document_minhash_deduplicator": "minhash",
    "clean_email_mapper": "pii",
    "clean_ip_mapper": "pii",
}
kept: dict[str, list[str]] = {}


def watch(owner: type) -> None:
    """Measure every operator of a kind, and look at the documents it kept."""
    run = owner.run

    @functools.wraps(run)
    def measured_run(self, dataset, **others):
        stage = STAGES.get(self._name, "filters")
        with measured.stage(stage):
            result = run(self, dataset, **others)
        with measured.aside():
            kept[stage] = list(result["id"])
            kept[self._name] = kept[stage]
        return result

    owner.run = measured_run


def refuse(package: str, *_: object) -> None:
    """It would install packages while it runs: torch and ray, which no operator here needs."""
    raise subprocess.CalledProcessError(1, f"install {package}")


LazyLoader._install_package = staticmethod(refuse)
base_op.free_models = lambda *_: None  # it would ask torch for graphics memory that no operator here has
for kind in (Filter, Mapper, Deduplicator):
    watch(kind)
(work / "words").mkdir()
(work / "words" / "stopwords.json").write_text(json.dumps({"en": STOP_WORDS}))
recipe = work / "recipe.yaml"
recipe.write_text(
    json.dumps(
        {
            "project_name": "bench",
            "dataset_path": str(corpus),
            "export_path": str(work / "out.jsonl"),
            "work_dir": str(work / "work"),
            "ds_cache_dir": str(work / "cache"),
            "suffixes": [".jsonl"],
            "np": 1,
            "auto_op_parallelism": False,
            "process": [
                *FILTERS,
                {"document_deduplicator": {}},
                {"document_minhash_deduplicator": NEAR},
                {"clean_email_mapper": {"repl": "<EMAIL>"}},
                {"clean_ip_mapper": {"repl": "<IP>"}},
            ],
        }
    )
)
DefaultExecutor(init_configs(["--config", str(recipe)])).run()
measured.stop()
measured.write(kept=kept)
