"""Both implementations give the same tokens; a document is ordinary text, whatever it contains."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import decoders, models, normalizers, pre_tokenizers, trainers

from lineage_platform.errors import InvalidInput
from lineage_platform.transformations import encoder as module
from lineage_platform.transformations.encoder import Encoder, load_encoder, lossy_text
from tests.transformations.worlds import TRICKY, text

TEXTS = [*TRICKY, *(text(n) for n in range(100))]


def train(folder: Path, name: str, tokenizer: tokenizers.Tokenizer, trainer: Any) -> Path:
    tokenizer.train_from_iterator(TEXTS, trainer)
    path = folder / f"{name}.json"
    path.write_text(tokenizer.to_str(), encoding="utf-8")
    return path


def byte_level(folder: Path) -> Path:
    tokenizer = tokenizers.Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=500, special_tokens=["<|endoftext|>"], initial_alphabet=alphabet, show_progress=False
    )
    return train(folder, "byte-level", tokenizer, trainer)


def lower_case(folder: Path) -> Path:
    path = byte_level(folder)
    tokenizer = tokenizers.Tokenizer.from_file(str(path))
    tokenizer.normalizer = normalizers.Lowercase()
    path.write_text(tokenizer.to_str(), encoding="utf-8")
    return path


def word_level(folder: Path) -> Path:
    tokenizer = tokenizers.Tokenizer(models.WordLevel(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return train(
        folder, "words", tokenizer, trainers.WordLevelTrainer(special_tokens=["[UNK]"], show_progress=False)
    )


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return byte_level(tmp_path_factory.mktemp("tokenizer"))


def changed(path: Path, folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    definition = json.loads(path.read_text(encoding="utf-8"))
    change(definition)
    other = folder / "changed.json"
    other.write_text(json.dumps(definition), encoding="utf-8")
    return other


def rows(encoder: Encoder, texts: list[str]) -> list[list[int]]:
    tokens, offsets = encoder.encode(pa.array(texts, pa.large_string()))
    assert (tokens.dtype, offsets.dtype) == (np.uint32, np.int64)
    return [tokens[start:end].tolist() for start, end in pairwise(offsets)]


def test_gigatoken_is_used_where_it_is_equal(path: Path) -> None:
    encoder = load_encoder(path, TEXTS)
    assert (encoder.name, encoder.vocabulary, encoder.end_of_document) == ("gigatoken", 500, 0)
    assert rows(encoder, TEXTS) == rows(Encoder(path, "tokenizers"), TEXTS)


@settings(deadline=None)
@given(st.lists(st.text(), max_size=8))
def test_any_text_comes_back(path: Path, texts: list[str]) -> None:
    texts = [*texts, *(f"{item}<|endoftext|>{item}" for item in texts)]
    fast, reference = Encoder(path, "gigatoken"), Encoder(path, "tokenizers")
    encoded = rows(fast, texts)
    assert encoded == rows(reference, texts)
    assert [fast.decode(tokens) for tokens in encoded] == texts
    assert not any(0 in tokens for tokens in encoded)


def test_slices_and_nothing(path: Path) -> None:
    whole = pa.array(TEXTS, pa.large_string())
    for name in ("gigatoken", "tokenizers"):
        encoder = Encoder(path, name)  # type: ignore[arg-type]
        tokens, offsets = encoder.encode(whole.slice(3, 4))
        assert tokens.tolist() == [token for row in rows(encoder, TEXTS[3:7]) for token in row]
        assert offsets[0] == 0
        assert encoder.encode(whole.slice(0, 0))[1].tolist() == [0]


def test_the_cache_is_left_behind_now_and_then(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_REFRESH_BYTES", 100)
    encoder = Encoder(path, "gigatoken")
    assert rows(encoder, TEXTS) == rows(encoder, TEXTS) == rows(Encoder(path, "tokenizers"), TEXTS)


@pytest.mark.parametrize("make", [lower_case, word_level])
def test_else_tokenizers_is_used(make: Callable[[Path], Path], tmp_path: Path) -> None:
    encoder = load_encoder(make(tmp_path), TEXTS)
    assert encoder.name == "tokenizers"
    assert lossy_text(encoder, []) is not None


def test_a_byte_level_tokenizer_loses_nothing(path: Path) -> None:
    assert lossy_text(load_encoder(path, []), TEXTS) is None


def test_truncation_padding_templates_and_dropout_do_not_apply(path: Path, tmp_path: Path) -> None:
    tokenizer = tokenizers.Tokenizer.from_file(str(path))
    tokenizer.enable_truncation(3)
    tokenizer.enable_padding(length=100)
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="<|endoftext|> $A", special_tokens=[("<|endoftext|>", 0)]
    )
    other = tmp_path / "other.json"
    other.write_text(tokenizer.to_str(), encoding="utf-8")
    other = changed(other, tmp_path, lambda definition: definition["model"].update(dropout=0.5))
    expected = rows(Encoder(path, "tokenizers"), TEXTS)
    assert rows(load_encoder(other, TEXTS), TEXTS) == expected
    assert rows(Encoder(other, "tokenizers"), TEXTS) == expected


def test_added_tokens_that_are_not_special_stay(path: Path, tmp_path: Path) -> None:
    tokenizer = tokenizers.Tokenizer.from_file(str(path))
    tokenizer.add_tokens(["snow melts"])
    other = tmp_path / "other.json"
    other.write_text(tokenizer.to_str(), encoding="utf-8")
    encoder = load_encoder(other, TEXTS)
    assert encoder.vocabulary == 501
    assert 500 in rows(encoder, ["when snow melts"])[0]


def test_added_tokens_that_gigatoken_reads_otherwise_are_noticed(path: Path, tmp_path: Path) -> None:
    tokenizer = tokenizers.Tokenizer.from_file(str(path))
    tokenizer.add_tokens([tokenizers.AddedToken(" snow", rstrip=True)])
    other = tmp_path / "other.json"
    other.write_text(tokenizer.to_str(), encoding="utf-8")
    assert load_encoder(other, []).name == "tokenizers"


@pytest.mark.parametrize(
    ("token", "special", "expected"), [("</s>", True, 500), ("</s>", False, None), ("<other>", True, None)]
)
def test_the_end_of_document_token_is_a_known_special_one(
    path: Path, tmp_path: Path, token: str, special: bool, expected: int | None
) -> None:
    def replace(definition: dict[str, Any]) -> None:
        definition["added_tokens"] = [
            {**definition["added_tokens"][0], "id": 500, "content": token, "special": special}
        ]

    assert load_encoder(changed(path, tmp_path, replace), []).end_of_document == expected


def test_a_tokenizer_whose_end_can_be_written_is_refused(tmp_path: Path) -> None:
    tokenizer = tokenizers.Tokenizer(models.Unigram([("<unk>", 0.0), ("</s>", 0.0), ("a", -1.0)], unk_id=0))
    tokenizer.add_special_tokens(["</s>"])
    path = tmp_path / "unigram.json"
    path.write_text(tokenizer.to_str(), encoding="utf-8")
    with pytest.raises(InvalidInput, match="end-of-document token 1 for ordinary text"):
        load_encoder(path, [])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff", "not JSON"),
        (b"[]", "without a `model`"),
        (b"{}", "without a `model`"),
        (b'{"model": {"type": "?"}}', "expected a tokenizer.json"),
    ],
)
def test_what_is_no_tokenizer_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=message):
        load_encoder(path, [])


def test_an_absurd_vocabulary_is_refused(path: Path, tmp_path: Path) -> None:
    other = changed(path, tmp_path, lambda definition: definition["model"]["vocab"].update(zzz=10**9))
    with pytest.raises(InvalidInput, match="got token 1000000000, expected all below 10000000"):
        load_encoder(other, [])
