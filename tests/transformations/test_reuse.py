"""Packing after an earlier version gives what packing from nothing gives, and writes no file that is there already."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineage_platform.errors import VerificationFailed
from lineage_platform.model.definitions import ShardFormat, ShardSpec
from lineage_platform.model.keys import document_key, terms_number
from lineage_platform.model.tables import DOCUMENTS
from lineage_platform.model.versions import Result
from lineage_platform.transformations import layout
from lineage_platform.transformations import shards as module
from lineage_platform.transformations.encoder import Encoder
from lineage_platform.transformations.engine import Engine, quiet
from lineage_platform.transformations.layout import Run
from lineage_platform.transformations.parts import write_table
from lineage_platform.transformations.reuse import Earlier
from lineage_platform.transformations.selected import snapshots_in
from lineage_platform.transformations.selection import select
from lineage_platform.transformations.shards import pack
from lineage_platform.transformations.tokenizer import _train
from tests.transformations.worlds import (
    AwayEngine,
    corpus,
    documents_table,
    files_of,
    text,
    write_annotations,
)

SHARDS = 10
FILES = ("shard", "shard-bin", "shard-idx")
WEIGHTS = {"a": 1.0, "b": 1.5}
RUNS = (("a", 0, 7), ("b", 7, 3))


@dataclass(frozen=True)
class Source:
    """Texts by record, the number of the snapshot that holds them, and the licence they declare."""

    snapshot: int
    texts: tuple[tuple[int, str], ...]
    licence: str | None = None


@dataclass(frozen=True)
class Reading:
    """What there is of two sources."""

    a: Source = Source(1, tuple((n, text(n, 5 + n % 40)) for n in range(60)))
    b: Source = Source(2, tuple((n, text(500 + n, 5 + n % 40)) for n in range(25)))


def removed(reading: Reading, record: int) -> Reading:
    kept = tuple(item for item in reading.a.texts if item[0] != record)
    return replace(reading, a=replace(reading.a, texts=kept))


def added(reading: Reading, record: int) -> Reading:
    texts = (*reading.b.texts, (100 + record, text(record)))
    return replace(reading, b=replace(reading.b, texts=tuple(dict(texts).items())))


def edited(reading: Reading, record: int) -> Reading:
    texts = tuple((n, f"{item} again" if n == record else item) for n, item in reading.a.texts)
    return replace(reading, a=replace(reading.a, texts=texts))


def read_again(reading: Reading, number: int) -> Reading:
    return replace(reading, b=replace(reading.b, snapshot=max(3, reading.b.snapshot + number)))


def licensed(reading: Reading, number: int) -> Reading:
    return replace(reading, a=replace(reading.a, licence=f"LicenseRef-{number}"))


CHANGES: dict[str, Callable[[Reading, int], Reading]] = {
    function.__name__: function for function in (removed, added, edited, read_again, licensed)
}


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    path.write_bytes(_train([item for _, item in Reading().a.texts], 500))
    return path


class World:
    def __init__(self, folder: Path, tokenizer: Path) -> None:
        self.folder, self.tokenizer = folder, tokenizer
        self.runs = 0

    @cache  # noqa: B019 - a world lives as long as its tests
    def selected(self, reading: Reading) -> tuple[list[Path], dict[str, list[Path]]]:
        self.runs += 1
        folder = self.folder / f"read-{self.runs}"
        documents = {name: write(folder, name, getattr(reading, name)) for name in ("a", "b")}
        annotations = {name: write_annotations(folder, paths) for name, paths in documents.items()}
        result = select(
            annotations, [], corpus(WEIGHTS), None, scratch=folder / "s", engine=Engine(), progress=quiet
        )
        return files_of(result, "selection"), documents

    def pack(
        self,
        reading: Reading,
        earlier: Earlier | None = None,
        *,
        by_source: bool = False,
        formats: tuple[ShardFormat, ...] = ("parquet", "megatron"),
        count: int = SHARDS,
        engine: Engine | None = None,
        only: Sequence[str] = ("a", "b"),
    ) -> Result:
        selection, documents = self.selected(reading)
        self.runs += 1
        self.scratch = self.folder / f"packed-{self.runs}"
        runs = [Run(name, first, own, snapshots_in(documents[name])) for name, first, own in RUNS]
        return pack(
            selection,
            [path for name in only for path in documents[name]],
            self.tokenizer,
            corpus(shards=ShardSpec(formats=formats)),
            count,
            runs=runs if by_source else (),
            earlier=earlier,
            scratch=self.scratch,
            engine=engine or AwayEngine(0),
            progress=quiet,
        )


def write(folder: Path, name: str, source: Source) -> list[Path]:
    tables = [documents_table(name, source.snapshot, [item], n) for n, item in sorted(source.texts)]
    table = pa.concat_tables([DOCUMENTS.empty_table(), *tables])
    if source.licence is not None:
        terms = pa.array([terms_number(name, source.licence)] * len(table))
        table = table.set_column(table.schema.get_field_index("terms"), DOCUMENTS.field("terms"), terms)
    half = len(table) // 2
    return [
        Path(write_table(folder, f"documents-{name}-{number}.parquet", "documents", DOCUMENTS, piece).path)
        for number, piece in enumerate((table.slice(0, half), table.slice(half)))
    ]


def earlier_of(result: Result, **changes: Any) -> Earlier:
    given: dict[str, Any] = {
        "fingerprints": tuple(files_of(result, "shard-fingerprints")),
        "placements": tuple(files_of(result, "placements-by-shard")),
        "files": tuple(part for part in result.parts if part.role in FILES),
        "encoder": result.statistics.details["encoder"],
    }
    return Earlier(**{**given, **changes})


def written(result: Result, scratch: Path) -> set[str]:
    """Shards that were written anew."""
    return {
        part.name.partition(".")[0]
        for part in result.parts
        if part.role in FILES and Path(part.path).is_relative_to(scratch)
    }


def same(one: Result, other: Result) -> None:
    assert one.content_digest == other.content_digest
    assert one.statistics == other.statistics
    assert [replace(part, path="") for part in sorted_parts(one)] == [
        replace(part, path="") for part in sorted_parts(other)
    ]
    for part in one.parts:
        assert hashlib.sha256(Path(part.path).read_bytes()).hexdigest() == part.sha256


def sorted_parts(result: Result) -> list[Any]:
    return sorted(result.parts, key=lambda part: part.name)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, tokenizer: Path) -> World:
    return World(tmp_path_factory.mktemp("reuse"), tokenizer)


@pytest.fixture(scope="module")
def first(world: World) -> Result:
    return world.pack(Reading())


changes = st.lists(st.tuples(st.sampled_from(sorted(CHANGES)), st.integers(0, 59)), max_size=4)


@settings(deadline=None, max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes, st.booleans(), st.sampled_from([400, 3000, 10**6]))
def test_any_change_gives_what_packing_from_nothing_gives(
    world: World, monkeypatch: pytest.MonkeyPatch, steps: list[tuple[str, int]], by_source: bool, bucket: int
) -> None:
    monkeypatch.setattr(layout, "BUCKET_BYTES", bucket)
    reading = Reading()
    before = world.pack(reading, by_source=by_source)
    for name, number in steps:
        reading = CHANGES[name](reading, number)
    same(
        world.pack(reading, earlier_of(before), by_source=by_source), world.pack(reading, by_source=by_source)
    )


def test_nothing_is_written_where_nothing_changed(world: World, first: Result) -> None:
    again = world.pack(Reading(), earlier_of(first))
    same(again, first)
    assert written(again, world.scratch) == set()
    assert not (world.scratch / "packing").exists()


def test_only_the_shards_of_a_change_are_read_and_written(world: World, first: Result) -> None:
    reading = edited(removed(Reading(), 7), 30)
    key = pc.field("document").isin([document_key(1, 7), document_key(1, 30)])
    placed = pa.concat_tables([pq.read_table(path) for path in files_of(first, "placements-by-shard")])
    touched = {f"shard-{shard:05d}" for shard in placed.filter(key).column("shard").to_pylist()}
    second = world.pack(reading, earlier_of(first), engine=Engine())
    assert written(second, world.scratch) == touched
    third = world.pack(reading, earlier_of(second), only=())
    assert written(third, world.scratch) == set()
    same(third, second)


def test_new_keys_and_other_terms_change_placements_alone(world: World, first: Result) -> None:
    reading = licensed(read_again(Reading(), 5), 1)
    second = world.pack(reading, earlier_of(first))
    assert written(second, world.scratch) == set()
    assert second.content_digest != first.content_digest
    same(second, world.pack(reading))
    [old], [new] = (files_of(result, "placements-by-shard") for result in (first, second))
    assert old.read_bytes() != new.read_bytes()


def test_by_source_a_changed_source_leaves_the_others_alone(world: World) -> None:
    before = world.pack(Reading(), by_source=True)
    everything = replace(
        Reading(), b=Source(9, tuple((n, text(900 + n)) for n in range(40)), "LicenseRef-other")
    )
    after = world.pack(everything, earlier_of(before), by_source=True)
    assert written(after, world.scratch) == {f"shard-{shard:05d}" for shard in (7, 8, 9)}
    assert len(written(world.pack(everything, earlier_of(world.pack(Reading()))), world.scratch)) == SHARDS
    placed = pa.concat_tables([pq.read_table(path) for path in files_of(after, "placements-by-shard")])
    for row in placed.to_pylist():
        assert (row["shard"] >= 7) == (row["document"] >> 36 == 9)


def test_a_document_of_another_snapshot_has_no_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "RUNS", (("a", 0, 10),))
    with pytest.raises(VerificationFailed, match=r"a document of snapshot 2, expected those of \[1\]"):
        world.pack(Reading(), by_source=True)


def test_other_tokenizers_formats_and_code_share_nothing(
    world: World, first: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "tokenizer.json"
    other.write_bytes(_train(["other text"], 300))
    assert (
        len(written(world.pack(Reading(), earlier_of(first), formats=("parquet",)), world.scratch)) == SHARDS
    )
    with monkeypatch.context() as patch:
        patch.setattr(world, "tokenizer", other)
        assert len(written(world.pack(Reading(), earlier_of(first)), world.scratch)) == SHARDS
    monkeypatch.setattr(module, "CODE_VERSION", "0")
    assert len(written(world.pack(Reading(), earlier_of(first)), world.scratch)) == SHARDS


def test_more_shards_than_before(world: World, first: Result) -> None:
    same(world.pack(Reading(), earlier_of(first), count=13), world.pack(Reading(), count=13))


def test_a_lost_file_is_made_again(world: World, tmp_path: Path) -> None:
    before = world.pack(Reading())
    lost, short, kept = [part for part in before.parts if part.role == "shard-idx"][:3]
    Path(lost.path).unlink()
    Path(short.path).write_bytes(b"short")
    after = world.pack(Reading(), earlier_of(before))
    assert written(after, world.scratch) == {part.name.partition(".")[0] for part in (lost, short)}
    assert kept.sha256 in {part.sha256 for part in after.parts}
    same(after, world.pack(Reading()))


@pytest.mark.parametrize("role", ["fingerprints", "placements"])
def test_a_version_whose_tables_are_lost_shares_nothing(world: World, first: Result, role: str) -> None:
    lost = earlier_of(first, **{role: (world.folder / "gone.parquet",)})
    assert len(written(world.pack(Reading(), lost), world.scratch)) == SHARDS


def test_no_token_is_taken_from_an_encoder_that_is_not_trusted_now(
    world: World, first: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = edited(Reading(), 3)
    monkeypatch.setattr(Encoder, "_gigatoken", lambda _encoder, _texts: 1 / 0)  # the other one is used
    again = world.pack(reading, earlier_of(first))
    assert again.statistics.details["encoder"] == "tokenizers"
    assert len(written(again, world.scratch)) == SHARDS


def test_placements_that_do_not_fit_are_noticed(world: World, first: Result) -> None:
    other = world.pack(removed(Reading(), 3))
    with pytest.raises(VerificationFailed, match="with the fingerprint of the version before, which placed"):
        world.pack(Reading(), earlier_of(first, placements=tuple(files_of(other, "placements-by-shard"))))


def test_text_of_changed_shards_is_read_from_their_earlier_files(world: World, first: Result) -> None:
    fewer = removed(removed(Reading(), 7), 30)
    without = world.pack(fewer, earlier_of(first), only=())
    same(without, world.pack(fewer))
    back = world.pack(Reading(), earlier_of(without), only=("a",))
    same(back, first)


@pytest.mark.parametrize("formats", [("parquet", "megatron"), ("megatron",)])
def test_without_text_in_earlier_files_documents_are_read(
    world: World, formats: tuple[ShardFormat, ...]
) -> None:
    before = world.pack(Reading(), formats=formats)
    fewer = removed(Reading(), 7)
    same(world.pack(fewer, earlier_of(before), formats=formats), world.pack(fewer, formats=formats))


@pytest.mark.parametrize("harm", ["other text", "no file of this kind"])
def test_an_earlier_file_that_is_not_what_it_was_is_not_trusted(world: World, harm: str) -> None:
    before = world.pack(Reading())
    placed = pa.concat_tables([pq.read_table(path) for path in files_of(before, "placements-by-shard")])
    [shard] = placed.filter(pc.field("document") == document_key(1, 7)).column("shard").to_pylist()
    [part] = [item for item in before.parts if item.name == f"shard-{shard:05d}.parquet"]
    content = Path(part.path).read_bytes()
    if harm == "other text":
        table = pq.read_table(part.path)
        texts = pa.array([value[::-1] for value in table.column("text").to_pylist()], pa.large_string())
        pq.write_table(table.set_column(0, "text", texts), part.path)
        parts = tuple(
            replace(item, bytes=Path(item.path).stat().st_size) for item in before.parts if item.role in FILES
        )
    else:
        Path(part.path).write_bytes(b"\0" * len(content))
        parts = earlier_of(before).files
    fewer = removed(Reading(), 7)
    same(world.pack(fewer, earlier_of(before, files=parts)), world.pack(fewer))
