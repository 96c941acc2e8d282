"""A byte-level BPE tokenizer of 32,000 entries, trained on the corpus itself, that every system gets as a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

VOCABULARY = 32_000
SAMPLE_BYTES = 20_000_000


def make_tokenizer(corpus: Path, target: Path) -> Path:
    """Train on the first lines of every file of `corpus`, in its pattern like GPT-2's; a file that is there stays."""
    if target.exists():
        return target
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_texts(corpus), trainer)
    target.parent.mkdir(parents=True, exist_ok=True)
    definition = json.loads(tokenizer.to_str())
    # merges as strings, which old releases of the library read too
    definition["model"]["merges"] = [" ".join(pair) for pair in definition["model"]["merges"]]
    target.write_text(json.dumps(definition, ensure_ascii=False), encoding="utf-8")
    return target


def _texts(corpus: Path) -> Iterator[str]:
    files = sorted(corpus.glob("*/*.jsonl"))
    for file in files:
        left = SAMPLE_BYTES // len(files)
        with file.open("rb") as lines:
            for line in lines:
                left -= len(line)
                if left < 0:
                    break
                with suppress(json.JSONDecodeError):  # the corpus may have broken records
                    yield json.loads(line)["text"]
