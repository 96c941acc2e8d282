"""Shards hold exactly the selected text, where the placements say, the same whatever the layout of the input."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lineage_platform.errors import InvalidInput, VerificationFailed
from lineage_platform.model.definitions import ShardFormat, ShardSpec
from lineage_platform.model.tables import SHARD
from lineage_platform.model.versions import Result
from lineage_platform.transformations import layout, shuffle
from lineage_platform.transformations import shards as module
from lineage_platform.transformations.encoder import Encoder, load_encoder
from lineage_platform.transformations.engine import Engine, quiet
from lineage_platform.transformations.megatron import read_index, read_tokens, token_offsets
from lineage_platform.transformations.selection import select
from lineage_platform.transformations.shards import pack
from lineage_platform.transformations.tokenizer import _train
from tests.transformations.worlds import (
    HAN,
    TRICKY,
    AwayEngine,
    corpus,
    documents_table,
    files_of,
    rows_of,
    text,
    write_annotations,
    write_documents,
    write_dropped,
)

WEIGHTS = {"a": 1.0, "b": 1.5}
FILES = {"shard", "shard-bin", "shard-idx"}
INDEX = {
    "placements-by-shard",
    "placements-by-document",
    "shards-by-snapshot",
    "terms-by-snapshot",
    "shard-fingerprints",
}


def unicode_text(seed: int) -> str:
    """Characters from everywhere in Unicode but the surrogates."""
    chooser = random.Random(seed)
    blocks = ((32, 127), (0xA0, 0x250), (0x4E00, 0x9FFF), (0x1F300, 0x1FAFF), (1, 0xD7FF), (0xE000, 0x10FFFF))
    return "".join(chr(chooser.randint(*chooser.choice(blocks))) for _ in range(chooser.randint(1, 80)))


TEXTS = {
    "a": [*TRICKY, *(text(n) for n in range(190)), *(unicode_text(n) for n in range(60))],
    "b": [text(1000 + n, 3 + n % 90) for n in range(180)],
}


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    path.write_bytes(_train([*TEXTS["a"], HAN], 600))
    return path


class World:
    def __init__(self, folder: Path, part_rows: int = 60) -> None:
        self.folder = folder
        self.documents = {
            source: write_documents(folder / "d", source, number + 1, texts, part_rows)
            for number, (source, texts) in enumerate(TEXTS.items())
        }
        self.annotations = {
            source: write_annotations(folder / "d", paths) for source, paths in self.documents.items()
        }
        self.runs = 0

    def select(self, dropped: Sequence[Path] = ()) -> list[Path]:
        self.runs += 1
        result = select(
            self.annotations,
            dropped,
            corpus(WEIGHTS),
            None,
            scratch=self.folder / str(self.runs),
            engine=Engine(),
            progress=quiet,
        )
        return files_of(result, "selection")

    def pack(
        self,
        tokenizer: Path,
        count: int = 12,
        *,
        selection: list[Path] | None = None,
        engine: Engine | None = None,
        formats: tuple[ShardFormat, ...] = ("parquet", "megatron"),
        seed: int = 0,
        backwards: bool = False,
    ) -> Result:
        selection = selection or self.select()
        documents = [path for paths in self.documents.values() for path in paths]
        step = -1 if backwards else 1
        self.runs += 1
        self.scratch = self.folder / str(self.runs)
        return pack(
            selection[::step],
            documents[::step],
            tokenizer,
            corpus(shards=ShardSpec(formats=formats, seed=seed)),
            count,
            scratch=self.scratch,
            engine=engine or Engine(),
            progress=quiet,
        )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("shards"))


@pytest.fixture(scope="module")
def packed(world: World, tokenizer: Path) -> Result:
    return world.pack(tokenizer)


@pytest.fixture(scope="module")
def text_of() -> dict[int, str]:
    tables = [documents_table(source, n + 1, texts) for n, (source, texts) in enumerate(TEXTS.items())]
    return {row["document"]: row["text"] for table in tables for row in table.to_pylist()}


@pytest.fixture(scope="module")
def identity_of() -> dict[int, bytes]:
    tables = [documents_table(source, n + 1, texts) for n, (source, texts) in enumerate(TEXTS.items())]
    return {row["document"]: row["identity"] for table in tables for row in table.to_pylist()}


def shard_files(result: Result) -> dict[str, str]:
    return {part.name: part.sha256 for part in result.parts if part.role in FILES}


def test_every_selected_document_is_placed_once_an_epoch(world: World, packed: Result) -> None:
    selected = pa.concat_tables([pq.read_table(path) for path in world.select()])
    placed = rows_of(packed, "placements-by-shard")
    assert Counter(placed.column("document").to_pylist()) == Counter(selected.column("document").to_pylist())
    assert (
        packed.statistics.records_in == packed.statistics.kept == packed.statistics.documents == len(selected)
    )
    assert packed.statistics.bytes == sum(selected.column("bytes").to_pylist())


def test_parquet_gives_back_exactly_the_text(
    packed: Result, text_of: dict[int, str], identity_of: dict[int, bytes]
) -> None:
    placed = rows_of(packed, "placements-by-shard").to_pandas()
    for number, path in enumerate(files_of(packed, "shard")):
        assert path.name == f"shard-{number:05d}.parquet"
        frame, table = pd.read_parquet(path), pq.read_table(path)
        assert table.schema.equals(SHARD)
        mine = placed[placed["shard"] == number].sort_values("row")
        assert mine["row"].tolist() == list(range(len(frame)))
        assert frame["identity"].tolist() == [identity_of[document] for document in mine["document"]]
        expected = [text_of[document] for document in mine["document"]]
        assert frame["text"].tolist() == table.column("text").to_pylist() == expected


def test_tokens_at_every_placement_decode_to_the_text(
    packed: Result, tokenizer: Path, text_of: dict[int, str]
) -> None:
    encoder = Encoder(tokenizer, "tokenizers")
    placed = rows_of(packed, "placements-by-shard").to_pandas()
    binaries, indices = files_of(packed, "shard-bin"), files_of(packed, "shard-idx")
    for number, (binary, index) in enumerate(zip(binaries, indices, strict=True)):
        mine = placed[placed["shard"] == number]
        offsets = token_offsets(mine["tokens"].to_numpy(), end_of_document=True)
        read = read_index(index)
        assert read.lengths.tolist() == (mine["tokens"] + 1).tolist()
        assert binary.stat().st_size == offsets[-1] * read.dtype.itemsize
        for document, offset, count in zip(mine["document"], offsets.tolist(), mine["tokens"], strict=False):
            tokens = read_tokens(binary, read.dtype, offset, count + 1)
            assert encoder.decode(tokens[:-1]) == text_of[document]
            assert tokens[-1] == encoder.end_of_document
            assert not (tokens[:-1] == encoder.end_of_document).any()


def test_statistics_agree_with_the_index(packed: Result) -> None:
    placed = rows_of(packed, "placements-by-shard")
    statistics, details = packed.statistics, packed.statistics.details
    assert (details["end_of_document"], details["vocabulary"], details["encoder"]) == (0, 600, "gigatoken")
    assert [item["shard"] for item in details["shards"]] == list(range(12))
    sums = placed.group_by("shard").aggregate([("tokens", "sum"), ("tokens", "count")]).to_pylist()
    assert {item["shard"]: (item["documents"], item["tokens"]) for item in details["shards"]} == {
        row["shard"]: (row["tokens_count"], row["tokens_sum"]) for row in sums
    }
    assert all(item["stored_tokens"] == item["tokens"] + item["documents"] for item in details["shards"])
    assert statistics.tokens == sum(tokens for _, tokens in statistics.by_terms.values())
    assert statistics.documents == sum(documents for documents, _ in statistics.by_terms.values())
    summary = rows_of(packed, "terms-by-snapshot")
    assert sum(summary.column("tokens").to_pylist()) == statistics.tokens
    assert len(statistics.by_terms) == 4


def test_neither_parts_nor_order_nor_engine_matter(
    world: World, tokenizer: Path, packed: Result, tmp_path: Path
) -> None:
    away = world.pack(tokenizer, engine=AwayEngine(5), backwards=True)
    other = World(tmp_path, part_rows=37).pack(tokenizer)
    for result in (away, other):
        assert {part.name: part.sha256 for part in result.parts} == {
            part.name: part.sha256 for part in packed.parts
        }
        assert result.content_digest == packed.content_digest
        assert result.statistics == packed.statistics


@pytest.mark.parametrize(("bucket", "count"), [(700, 12), (6000, 3), (20_000, 12)])
def test_memory_limits_do_not_matter(
    world: World, tokenizer: Path, monkeypatch: pytest.MonkeyPatch, bucket: int, count: int
) -> None:
    expected = world.pack(tokenizer, count)
    monkeypatch.setattr(layout, "BUCKET_BYTES", bucket)
    monkeypatch.setattr(shuffle, "FLUSH_BYTES", 5000)
    monkeypatch.setattr(module, "SHUFFLE_TASKS", 2)
    result = world.pack(tokenizer, count)
    assert shard_files(result) == shard_files(expected)
    assert result.content_digest == expected.content_digest


def test_taking_documents_out_touches_only_their_shards(
    world: World, tokenizer: Path, packed: Result, tmp_path: Path
) -> None:
    gone = documents_table("a", 1, TEXTS["a"]).slice(20, 3)
    placed = rows_of(packed, "placements-by-document").to_pylist()
    keys = set(gone.column("document").to_pylist())
    touched = {row["shard"] for row in placed if row["document"] in keys}
    assert 0 < len(touched) < 12
    result = world.pack(tokenizer, selection=world.select([write_dropped(tmp_path, gone)]))
    before, after = shard_files(packed), shard_files(result)
    assert {name for name in before if before[name] != after[name]} == {
        f"shard-{shard:05d}.{kind}" for shard in touched for kind in ("parquet", "bin", "idx")
    }
    assert result.content_digest != packed.content_digest


def test_copies_of_a_document_are_spread_by_hash(packed: Result) -> None:
    placed = rows_of(packed, "placements-by-document").to_pandas()
    copies = placed.groupby("document")["shard"].agg(list)
    twice = [shards for shards in copies if len(shards) == 2]
    assert len(twice) > 50
    assert sum(a == b for a, b in twice) < len(twice) / 2


def test_the_digest_says_what_differs(world: World, tokenizer: Path, packed: Result, tmp_path: Path) -> None:
    other = tmp_path / "tokenizer.json"
    other.write_bytes(_train(TEXTS["a"], 601))
    results = [
        packed,
        world.pack(tokenizer, seed=1),
        world.pack(tokenizer, 13),
        world.pack(tokenizer, formats=("parquet",)),
        world.pack(other),
    ]
    assert len({result.content_digest for result in results}) == len(results)


def test_formats_are_those_asked_for(world: World, tokenizer: Path) -> None:
    roles = {part.role for part in world.pack(tokenizer, formats=("parquet",)).parts}
    assert roles == {"shard", *INDEX}
    roles = {part.role for part in world.pack(tokenizer, formats=("megatron",)).parts}
    assert roles == {"shard-bin", "shard-idx", *INDEX}


def test_a_shard_without_documents_has_files(world: World, tokenizer: Path) -> None:
    result = world.pack(tokenizer, 250)
    assert len(files_of(result, "shard")) == len(files_of(result, "shard-idx")) == 250
    empty = [item["shard"] for item in result.statistics.details["shards"] if item["documents"] == 0]
    assert len(empty) > 10
    assert len(pq.read_table(files_of(result, "shard")[empty[0]])) == 0


def test_a_selection_of_nothing(world: World, tokenizer: Path, tmp_path: Path) -> None:
    gone = [
        write_dropped(tmp_path / source, documents_table(source, n + 1, texts))
        for n, (source, texts) in enumerate(TEXTS.items())
    ]
    result = world.pack(tokenizer, 2, selection=world.select(gone))
    assert (result.statistics.documents, result.statistics.tokens) == (0, 0)
    assert len(files_of(result, "shard")) == 2


def test_nothing_is_left_in_scratch_but_parts(world: World, tokenizer: Path) -> None:
    result = world.pack(tokenizer)
    left = {path for path in world.scratch.rglob("*") if path.is_file()}
    assert left == {Path(part.path) for part in result.parts}
    for part in result.parts:
        assert hashlib.sha256(Path(part.path).read_bytes()).hexdigest() == part.sha256


def test_documents_that_are_missing_are_noticed(world: World, tokenizer: Path, tmp_path: Path) -> None:
    other = World(tmp_path)
    other.documents["a"] = other.documents["a"][1:]
    with pytest.raises(VerificationFailed, match=r"expected .* the selection was made from other documents"):
        other.pack(tokenizer, selection=world.select())


def test_text_that_was_not_selected_is_noticed(world: World, tokenizer: Path, tmp_path: Path) -> None:
    other = World(tmp_path)
    changed = [text(9) if n == 7 else item for n, item in enumerate(TEXTS["a"])]
    other.documents["a"] = write_documents(tmp_path / "changed", "a", 1, changed, 60)
    with pytest.raises(VerificationFailed, match=f"document {(1 << 36) + 7} .* got text of SHA-256"):
        other.pack(tokenizer, selection=world.select())


def test_a_lossy_tokenizer_is_refused_for_megatron_alone(
    world: World, tokenizer: Path, tmp_path: Path
) -> None:
    import tokenizers

    lossy = tokenizers.Tokenizer.from_file(str(tokenizer))
    lossy.normalizer = tokenizers.normalizers.Lowercase()
    path = tmp_path / "lossy.json"
    path.write_text(lossy.to_str(), encoding="utf-8")
    with pytest.raises(InvalidInput, match="got other text back"):
        world.pack(path)
    result = world.pack(path, formats=("parquet",))
    assert result.statistics.details["encoder"] == "tokenizers"
    assert load_encoder(path, []).name == "tokenizers"


def test_ties_are_broken_by_identity_epoch_and_content(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where hashes collide, order still depends on what the documents are, not on where they came from."""
    rows = 40
    chooser = np.random.default_rng(0)
    table = pa.table(
        {
            "shard": np.zeros(rows, np.int32),
            "order": np.zeros(rows, np.uint64),
            "document": np.arange(rows),
            "identity": pa.array([bytes([n % 5]) * 16 for n in range(rows)], pa.binary(16)),
            "sha256": pa.array([bytes([n % 7]) * 32 for n in range(rows)], pa.binary(32)),
            "terms": np.zeros(rows, np.int64),
            "epoch": (np.arange(rows) % 2).astype(np.int16),
            "text": pa.array([str(n) for n in range(rows)], pa.large_string()),
        }
    ).cast(shuffle.ROWS)
    orders = set()
    for number in range(3):
        with shuffle.SpillWriter(tmp_path / str(number), shuffle.ROWS) as spill:
            spill.write(table.take(pa.array(chooser.permutation(rows))), np.zeros(rows, np.int64))
        read = shuffle.read_bucket([spill.path], 0).to_pylist()
        orders.add(tuple(row["text"] for row in read))
        keys = [(row["identity"], row["epoch"], row["sha256"], row["document"]) for row in read]
        assert keys == sorted(keys)
    assert len(orders) == 1
