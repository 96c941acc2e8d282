"""Text to tokens: `gigatoken` where it gives what `tokenizers` gives on a sample of the corpus, else `tokenizers`.

    encoder = load_encoder(path, sample)
    tokens, offsets = encoder.encode(texts)      # row i is tokens[offsets[i]:offsets[i + 1]]

A document is ordinary text from its first byte to its last: the special tokens of a `tokenizer.json` are taken out of
the encoder, so that a document that contains `<|endoftext|>` gets the tokens of those letters and cannot end itself.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from typing import Any, Literal, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lineage_platform.errors import InvalidInput
from lineage_platform.files import Place, read_bytes
from lineage_platform.transformations.buffers import utf8_buffers
from lineage_platform.transformations.cuts import Joins, Words, joins_of

Tokens = npt.NDArray[np.uint32]
Offsets = npt.NDArray[np.int64]
EncoderName = Literal["gigatoken", "tokenizers"]

END_OF_DOCUMENT = (
    "<|endoftext|>",
    "<|end_of_text|>",
    "<|endofdocument|>",
    "<｜end▁of▁sentence｜>",
    "<eos>",
    "</s>",
)
"""Names under which tokenizers carry their end-of-document token, most particular first."""

LARGEST_VOCABULARY = 10_000_000

_BATCH_TEXTS = 256
_BATCH_BYTES = 8 * 1024 * 1024
_REFRESH_BYTES = 64 * 1024 * 1024
_PROBES = (
    " leading, trailing  ",
    "tab\tnew\n\n\nline\r\n  indented",
    "don't WON'T I'll they've",
    "3.14159 1234567890 1,000,000",
    "中文和 English 混排，标点。",
    "e\u0301 \u00a0\u2003\u200b\ufeff\u2028 \U0001f469\u200d\U0001f469\u200d\U0001f467",
)


class Encoder:
    """One tokenizer in one implementation; not shared between threads, where gigatoken would take turns."""

    def __init__(self, path: Place, name: EncoderName) -> None:
        """Open a `tokenizer.json` that `load_encoder` has accepted."""
        parsed = _open(path)
        definition = parsed.definition
        self.name = name
        self.path = path
        self._plain = parsed.plain
        added = {item["content"]: item["id"] for item in definition.get("added_tokens") or ()}
        special = {item["content"] for item in definition.get("added_tokens") or () if item.get("special")}
        self.end_of_document: int | None = next(
            (added[token] for token in END_OF_DOCUMENT if token in special), None
        )
        words = definition["model"].get("vocab") or {}
        numbers = words.values() if isinstance(words, dict) else range(len(words))
        self.vocabulary: int = max([*numbers, *added.values()], default=-1) + 1
        if self.vocabulary > LARGEST_VOCABULARY:  # gigatoken would take memory for every number below
            raise InvalidInput(
                f"{path}: got token {self.vocabulary - 1}, expected all below {LARGEST_VOCABULARY}"
            )
        self._words: Words | None = None
        if name == "gigatoken" and parsed.joins is not None:
            self._words = Words(parsed.joins)
        self._decoder: Any = None
        self._backend: Any = None
        self._encoded = 0

    def encode(self, texts: pa.Array) -> tuple[Tokens, Offsets]:
        """Tokens of all rows, and where each row's begin (rows + 1 offsets); `texts` is large_string without nulls.

        Raises InvalidInput if the tokenizer gives its end-of-document token for ordinary text.
        """
        batches = [self._encode(batch) for batch in _batches(texts)]
        if not batches:
            return np.empty(0, np.uint32), np.zeros(1, np.int64)
        tokens = np.concatenate([tokens for tokens, _ in batches]) if len(batches) > 1 else batches[0][0]
        offsets = _joined([offsets for _, offsets in batches])
        if self.end_of_document is not None and bool((tokens == self.end_of_document).any()):
            raise InvalidInput(
                f"{self.path}: the tokenizer gives its end-of-document token {self.end_of_document} for ordinary"
                " text, expected a token that no text can produce; use another tokenizer"
            )
        return tokens, offsets

    def decode(self, tokens: Sequence[int] | npt.NDArray[Any]) -> str:
        """The text of tokens, special tokens included."""
        if self._decoder is None:
            self._decoder = _hugging_face(read_bytes(self.path).decode(), self.path)
        return str(self._decoder.decode([int(token) for token in tokens], skip_special_tokens=False))

    def _encode(self, texts: pa.Array) -> tuple[Tokens, Offsets]:
        if self.name == "tokenizers":
            return self._tokenizers(texts)
        return self._gigatoken(texts) if self._words is None else self._words.encode(texts, self._gigatoken)

    def _gigatoken(self, texts: pa.Array) -> tuple[Tokens, Offsets]:
        import awkward
        import gigatoken

        # Its cache of words grows without bound (130 MB for 50 MB of words all different): begin again now and then.
        if self._backend is None or self._encoded > _REFRESH_BYTES:
            self._backend = gigatoken.Tokenizer.from_json(self._plain)
            self._encoded = 0
        self._encoded += texts.nbytes
        layout = self._backend.encode_batch(
            awkward.from_arrow(texts.view(pa.large_binary())), parallel=False
        ).layout
        return np.asarray(layout.content.data), np.asarray(layout.offsets.data)

    def _tokenizers(self, texts: pa.Array) -> tuple[Tokens, Offsets]:
        if self._backend is None:
            self._backend = _hugging_face(self._plain, self.path)
        rows: list[npt.NDArray[np.uint32]] = []
        for start in range(0, len(texts), _BATCH_TEXTS):
            batch = texts.slice(start, _BATCH_TEXTS).to_pylist()
            encoded = self._backend.encode_batch_fast(batch, add_special_tokens=False)
            rows += [np.array(item.ids, np.uint32) for item in encoded]
        offsets = np.fromiter(itertools.accumulate(map(len, rows), initial=0), np.int64, len(rows) + 1)
        return np.concatenate(rows), offsets


_opened = threading.local()


def open_encoder(path: Place, name: EncoderName) -> Encoder:
    """An encoder for this thread; the one that it asked for last is still open, with what it remembers of the corpus."""
    key = (name, hashlib.sha256(read_bytes(path)).digest())
    if getattr(_opened, "key", None) != key:
        _opened.encoder, _opened.key = Encoder(path, name), key
    return cast("Encoder", _opened.encoder)


def load_encoder(path: Place, sample: Iterable[str]) -> Encoder:
    """The fastest implementation that can be trusted with this tokenizer and this corpus.

    `sample` is text of the corpus; both implementations encode all of it, and of some probes of our own. Raises
    InvalidInput if the file is not a `tokenizer.json`.
    """
    reference = Encoder(path, "tokenizers")
    specials = [item["content"] for item in _open(path).definition.get("added_tokens") or ()]
    probes = [*_PROBES, *specials, *(f"a{token}b {token}  {token}\n {token}1" for token in specials), *sample]
    texts = pa.array(probes, pa.large_string())
    expected = reference.encode(texts)
    try:
        fast = Encoder(path, "gigatoken")
        got = fast.encode(texts)
    except Exception:  # noqa: BLE001 - gigatoken refuses tokenizers it does not know in many ways
        return reference
    equal = np.array_equal(got[0], expected[0]) and np.array_equal(got[1], expected[1])
    return fast if equal else reference


def lossy_text(encoder: Encoder, sample: Iterable[str]) -> str | None:
    """The first text that does not come back from its tokens unchanged, if any does not."""
    texts = [*_PROBES, *sample]
    tokens, offsets = encoder.encode(pa.array(texts, pa.large_string()))
    for number, text in enumerate(texts):
        if encoder.decode(tokens[offsets[number] : offsets[number + 1]]) != text:
            return text
    return None


def _batches(texts: pa.Array) -> Iterator[pa.Array]:
    """Rows of about _BATCH_BYTES each, so that what is made of them is bounded."""
    _, offsets = utf8_buffers(texts)
    start = 0
    while start < len(texts):
        end = int(np.searchsorted(offsets, offsets[start] + _BATCH_BYTES, side="right")) - 1
        end = max(start + 1, end)
        yield texts.slice(start, end - start)
        start = end


def _joined(parts: Sequence[Offsets]) -> Offsets:
    """Offsets of batches one after the other."""
    return np.concatenate([[0], np.cumsum(np.concatenate([np.diff(offsets) for offsets in parts]))])


def _ordinary(definition: dict[str, Any]) -> dict[str, Any]:
    """A tokenizer that gives plain text the same tokens at all times: no special tokens, truncation, padding,
    templates, or dropout of merges."""
    kept = [item for item in definition.get("added_tokens") or () if not item.get("special")]
    plain = {**definition, "added_tokens": kept, "truncation": None, "padding": None, "post_processor": None}
    if "dropout" in definition["model"]:
        plain["model"] = {**definition["model"], "dropout": None}
    return plain


class _Tokenizer:
    """A `tokenizer.json` as encoders need it, made once for all of them; nobody changes it."""

    def __init__(self, data: bytes) -> None:
        self.definition: Any = json.loads(data)

    @cached_property
    def plain(self) -> str:
        return json.dumps(_ordinary(self.definition), ensure_ascii=False)

    @cached_property
    def joins(self) -> Joins | None:
        return joins_of(self.definition)


_parsed = lru_cache(maxsize=1)(_Tokenizer)


def _open(path: Place) -> _Tokenizer:
    try:
        parsed = _parsed(read_bytes(path))
    except ValueError as error:
        raise InvalidInput(
            f"{path}: got a file that is not JSON ({error}), expected a tokenizer.json"
        ) from error
    definition = parsed.definition
    if not isinstance(definition, dict) or not isinstance(definition.get("model"), dict):
        raise InvalidInput(f"{path}: got JSON without a `model`, expected a tokenizer.json")
    return parsed


def _hugging_face(definition: str, path: Place) -> Any:
    import tokenizers

    try:
        return tokenizers.Tokenizer.from_str(definition)
    except Exception as error:
        raise InvalidInput(f"{path}: got {error}, expected a tokenizer.json") from error
