"""A corpus's tokenizer: trained on a sample of the selection, or a given `tokenizer.json` taken byte for byte.

Training: byte-level byte-pair encoding (Sennrich, Haddow and Birch 2016; Radford et al. 2019, section 2.2) with one
special token, `<|endoftext|>`; words are counted by `gigatoken`, merges learnt by `merges`, and the file is what the
trainer of `tokenizers` writes. The sample is every selected document whose hash is below a threshold that gives about
SAMPLE_BYTES of text: it does not depend on files or workers, and ties are broken by token, so the same selection gives
the same bytes.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lineage_platform.errors import InvalidInput
from lineage_platform.files import Place, place, read_bytes
from lineage_platform.model.definitions import TokenizerSpec
from lineage_platform.model.versions import Part, Result, Statistics
from lineage_platform.transformations.cuts import byte_of_letter
from lineage_platform.transformations.encoder import END_OF_DOCUMENT, load_encoder
from lineage_platform.transformations.engine import Engine, Progress
from lineage_platform.transformations.merges import learn_merges
from lineage_platform.transformations.parts import HashingFile
from lineage_platform.transformations.selected import Pairing, pair, sampled, selected_rows, survey, texts_of

CODE_VERSION = "1"

SAMPLE_BYTES = 10_000_000
"""Text that a tokenizer is trained on."""

MEASURE_BYTES = 2_000_000
"""Text that a given tokenizer is measured on."""

COMPARED_BYTES = 500_000
"""Text on which the two encoders are compared."""

SAMPLE_DOCUMENTS = 32
"""Documents that a sample holds at the least, on average, however long they are."""

SMALLEST_VOCABULARY = 257

_BETWEEN = b"\xff"  # no text has this byte in UTF-8


@dataclass(frozen=True)
class _Task:
    pairing: Pairing
    fraction: float
    seed: int


def train_tokenizer(
    selection: Sequence[Place],
    documents: Sequence[Place],
    spec: TokenizerSpec,
    seed: int,
    *,
    scratch: Place,
    engine: Engine,
    progress: Progress,
) -> Result:
    """Make `tokenizer.json`, the one part, of role `tokenizer`; the content digest is its SHA-256.

    `Statistics` count the sampled documents; details are `vocabulary`, `end_of_document` (token or None),
    `sample_documents`, `sample_bytes`, `bytes_per_token` and `encoder`. Raises InvalidInput for a file that is no
    tokenizer, a vocabulary below 257, or a selection without text.
    """
    if spec.path is None and (spec.vocabulary is None or spec.vocabulary < SMALLEST_VOCABULARY):
        raise InvalidInput(
            f"tokenizer: got vocabulary {spec.vocabulary}, expected at least {SMALLEST_VOCABULARY}:"
            " every byte and the end-of-document token"
        )
    budget = SAMPLE_BYTES if spec.path is None else MEASURE_BYTES
    whole = survey(selection)
    fraction = max(budget / max(1, whole.bytes), SAMPLE_DOCUMENTS / max(1, whole.rows))
    tasks = [_Task(pairing, fraction, seed) for pairing in pair(selection, documents)]
    tables = engine.map(_sample_part, tasks, progress)
    if not any(len(table) for table in tables):
        raise InvalidInput("tokenizer: got a selection without documents, expected text to measure it on")
    sample = pa.concat_tables(tables).sort_by([("identity", "ascending"), ("sha256", "ascending")])
    texts: list[str] = sample.column("text").to_pylist()
    data = _train(texts, spec.vocabulary or 0) if spec.path is None else _read(place(spec.path))
    file = HashingFile(scratch / "tokenizer.json")
    try:
        file.write(data)
    finally:
        file.close()
    part = Part("tokenizer.json", "tokenizer", str(scratch / "tokenizer.json"), file.sha256, file.length, 0)
    return Result(hashlib.sha256(data).hexdigest(), (part,), _statistics(place(part.path), sample))


def shard_count(selected_bytes: int, bytes_per_token: float, tokens_per_shard: int) -> int:
    """How many shards of about `tokens_per_shard` tokens a selection of that many bytes of text fills; at least one."""
    return max(1, math.ceil(selected_bytes / bytes_per_token / tokens_per_shard))


def _statistics(path: Place, sample: pa.Table) -> Statistics:
    encoder = load_encoder(path, _first(sample.column("text").to_pylist(), COMPARED_BYTES))
    _, offsets = encoder.encode(sample.column("text").combine_chunks())
    tokens = sample.select(["terms"]).append_column("tokens", pa.array(offsets[1:] - offsets[:-1]))
    sums = (
        tokens.group_by("terms")
        .aggregate([("tokens", "sum"), ("tokens", "count")])
        .sort_by("terms")
        .to_pylist()
    )
    size = sum(sample.column("bytes").to_pylist())
    total = int(offsets[-1])
    return Statistics(
        records_in=len(sample),
        kept=len(sample),
        edited=0,
        dropped=0,
        by_terms={row["terms"]: (row["tokens_count"], row["tokens_sum"]) for row in sums},
        documents=len(sample),
        tokens=total,
        bytes=size,
        details={
            "vocabulary": encoder.vocabulary,
            "end_of_document": encoder.end_of_document,
            "sample_documents": len(sample),
            "sample_bytes": size,
            "bytes_per_token": size / total if total else 1.0,
            "encoder": encoder.name,
        },
    )


def _first(texts: Sequence[str], budget: int) -> list[str]:
    """The first texts of about `budget` characters in all, at least one."""
    taken: list[str] = []
    size = 0
    for text in texts:
        taken.append(text)
        size += len(text)
        if size >= budget:
            break
    return taken


def _read(path: Place) -> bytes:
    try:
        return read_bytes(path)
    except OSError as error:
        raise InvalidInput(f"tokenizer {path}: got {error.strerror}, expected a readable file") from error


def _sample_part(task: _Task) -> pa.Table:
    rows = selected_rows(task.pairing)
    return texts_of(task.pairing.documents, rows.filter(pa.array(sampled(rows, task.fraction, task.seed))))


def _train(texts: Sequence[str], vocabulary: int) -> bytes:
    import tokenizers
    from gigatoken.gigatoken_rs import pretokenized_counts
    from tokenizers import decoders, models, pre_tokenizers

    letters = byte_of_letter()
    tokens = [END_OF_DOCUMENT[0], *sorted(letters)]
    ranks = np.empty(256, np.int32)
    ranks[[letters[letter] for letter in tokens[1:]]] = np.arange(1, 257)
    words = pretokenized_counts(_BETWEEN.join(text.encode() for text in texts), _BETWEEN)
    merges: list[tuple[str, str]] = []
    for left, right, made in learn_merges(words, ranks, vocabulary).tolist():
        merges.append((tokens[left], tokens[right]))
        if made == len(tokens):
            tokens.append(tokens[left] + tokens[right])
    model = models.BPE({token: number for number, token in enumerate(tokens)}, merges)
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([END_OF_DOCUMENT[0]])
    return bytes(tokenizer.to_str(pretty=False).encode())
