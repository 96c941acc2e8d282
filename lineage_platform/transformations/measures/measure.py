"""Every measure of a batch of texts, as columns."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lineage_platform.model.tables import MEASURES, minhash_column
from lineage_platform.transformations.buffers import Offsets, utf8_buffers
from lineage_platform.transformations.measures import minhash as signatures
from lineage_platform.transformations.measures import repetition
from lineage_platform.transformations.measures import words as wording
from lineage_platform.transformations.measures.characters import character_classes
from lineage_platform.transformations.measures.layout import new_passages, new_words
from lineage_platform.transformations.measures.marks import mark, new_marked

CHUNK_BYTES = 128 * 1024
CHUNK_TEXTS = 256

MinHashSettings = tuple[tuple[int, int, int], ...]
Counts = npt.NDArray[np.int64]


def measure(texts: pa.LargeStringArray, minhash: MinHashSettings) -> pa.RecordBatch:
    """The columns of `MEASURES`, and of `minhash_column(*setting)` for each setting: a row a text, in order.

    Texts must not be null. A mean or fraction is null where it divides by nothing, that is in a text without a word;
    band keys are null where no word has a normal form. Works in chunks of about `CHUNK_BYTES` of text that stay in the
    processor's cache; memory beyond the columns grows with the longest text only.
    """
    values, offsets = utf8_buffers(texts)
    counts = np.zeros((len(texts), wording.COUNTS), np.int64)
    repeats = np.zeros((len(texts), repetition.COUNTS), np.int64)
    lengths = np.zeros((len(texts), 3), np.int64)
    keys = [np.zeros((len(texts), bands), np.uint64) for _, bands, _ in minhash]
    functions = [signatures.hash_functions(bands * rows) for _, bands, rows in minhash]
    minima = [np.empty(bands * rows, np.uint32) for _, bands, rows in minhash]
    keyed = np.zeros(len(texts), np.bool_)
    classes = character_classes()
    chunks = list(_chunks(offsets))
    longest = max((int(offsets[last] - offsets[first]) for first, last in chunks), default=0)
    most = longest // 2 + CHUNK_TEXTS
    marked = new_marked(longest)
    words = new_words(most, CHUNK_TEXTS)
    lines, paragraphs = new_passages(most, CHUNK_TEXTS), new_passages(most, CHUNK_TEXTS)
    table, candidates = repetition.new_table(most), repetition.new_candidates(most)
    ends, normal = np.empty(most + 1, np.int64), np.empty(most, np.uint64)
    for first, last in chunks:
        count = last - first
        mark(values, offsets[first], offsets[last] - offsets[first], marked)
        wording.cut(marked, offsets, first, last, classes, words, lines, paragraphs, counts[first:last])
        repetition.repeat(words, lines, paragraphs, count, table, candidates, ends, repeats[first:last])
        for column, starts in enumerate((words.first, lines.first, paragraphs.first)):
            lengths[first:last, column] = np.diff(starts[: count + 1])
        for i, (ngram, bands, _) in enumerate(minhash):
            keyed[first:last] = signatures.band_keys(
                words, count, ngram, bands, functions[i], normal, minima[i], keys[i][first:last]
            )
    columns = _columns(counts, repeats, lengths)
    schema = MEASURES
    for (ngram, bands, rows), band_keys in zip(minhash, keys, strict=True):
        column = _fixed_binary(band_keys, keyed)
        schema = schema.append(pa.field(minhash_column(ngram, bands, rows), column.type))
        columns.append(column)
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _columns(counts: Counts, repeats: Counts, lengths: Counts) -> list[pa.Array]:
    """The columns of `MEASURES`, in its order."""
    words, lines, paragraphs = lengths.T
    characters = counts[:, wording.CHARACTERS]
    stop_words = np.bitwise_count(counts[:, wording.STOP_WORDS_PRESENT])
    symbols = np.maximum(counts[:, wording.HASHES], counts[:, wording.ELLIPSES])
    ngrams = repetition.FIRST_NGRAM
    columns = {
        "word_count": _whole(words),
        "mean_word_length": _ratio(characters, words),
        "symbol_to_word_ratio": _ratio(symbols, words),
        "bullet_line_fraction": _ratio(counts[:, wording.BULLET_LINES], lines),
        "ellipsis_line_fraction": _ratio(counts[:, wording.ELLIPSIS_LINES], lines),
        "alphabetic_word_fraction": _ratio(counts[:, wording.ALPHABETIC_WORDS], words),
        "stop_word_count": _whole(stop_words),
        "duplicate_line_fraction": _ratio(repeats[:, repetition.DUPLICATE_LINES], lines),
        "duplicate_paragraph_fraction": _ratio(repeats[:, repetition.DUPLICATE_PARAGRAPHS], paragraphs),
        "duplicate_line_character_fraction": _ratio(
            repeats[:, repetition.DUPLICATE_LINE_CHARACTERS], characters
        ),
        "duplicate_paragraph_character_fraction": _ratio(
            repeats[:, repetition.DUPLICATE_PARAGRAPH_CHARACTERS], characters
        ),
        **{
            f"top_{n}gram_character_fraction": _ratio(repeats[:, ngrams + n - 2], characters)
            for n in repetition.TOP
        },
        **{
            f"duplicate_{n}gram_character_fraction": _ratio(repeats[:, ngrams + n - 2], characters)
            for n in repetition.DUPLICATE
        },
        "character_count": _whole(characters),
        "han_fraction": _ratio(counts[:, wording.HAN_CHARACTERS], characters),
        "punctuation_fraction": _ratio(counts[:, wording.PUNCTUATION_CHARACTERS], characters),
        "line_count": _whole(lines),
    }
    return [columns[name] for name in MEASURES.names]


def _whole(values: npt.NDArray[np.integer]) -> pa.Array:
    return pa.array(values.astype(np.int32))


def _ratio(part: Counts, whole: Counts) -> pa.Array:
    return pa.array((part / np.maximum(whole, 1)).astype(np.float32), mask=whole == 0)


def _fixed_binary(rows: npt.NDArray[np.uint64], valid: npt.NDArray[np.bool_]) -> pa.Array:
    """Rows of little-endian words as fixed-size binary, null where not `valid`."""
    bitmap = pa.py_buffer(np.packbits(valid, bitorder="little"))
    values = pa.py_buffer(np.ascontiguousarray(rows, "<u8"))
    return pa.Array.from_buffers(pa.binary(8 * rows.shape[1]), len(rows), [bitmap, values])


def _chunks(offsets: Offsets) -> Iterator[tuple[int, int]]:
    """First and last (exclusive) text of each chunk."""
    first, texts = 0, len(offsets) - 1
    while first < texts:
        last = int(np.searchsorted(offsets, offsets[first] + CHUNK_BYTES, side="right")) - 1
        last = min(max(last, first + 1), first + CHUNK_TEXTS, texts)
        yield first, last
        first = last
