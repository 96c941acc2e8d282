"""Observing: digests, blocks of ordinals, and tasks that depend on the files alone."""

import gzip
import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_platform.errors import InvalidInput
from lineage_platform.model.versions import SnapshotFile
from lineage_platform.transformations import reading
from lineage_platform.transformations.engine import Engine, quiet
from lineage_platform.transformations.reading.observation import BATCH_BYTES, BATCH_FILES, batches
from tests.transformations.sources import make_source, observed, records


def test_files_hashes_and_blocks(tmp_path: Path) -> None:
    contents = {"a.jsonl": b"{}\n{}\n{}", "b.jsonl": b"", "c.jsonl.gz": gzip.compress(b"{}\n" * 10)}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    digest, files = reading.observe(make_source(tmp_path / "*", "jsonl"), engine=Engine(), progress=quiet)
    assert [(file.path, file.bytes, file.sha256) for file in files] == [
        (name, len(content), hashlib.sha256(content).hexdigest()) for name, content in contents.items()
    ]
    assert [file.first_ordinal for file in files] == [0, 4, 6]
    pairs = ",".join(f'["{file.path}","{file.sha256}"]' for file in files)
    assert digest == hashlib.sha256(f"[{pairs}]".encode()).hexdigest()


def test_the_digest_is_of_paths_and_bytes_not_of_times_or_place(tmp_path: Path) -> None:
    digests = []
    for place in ("x", "y"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "a.txt").write_text("text")
        source = make_source(tmp_path / place / "*.txt", "text")
        digests.append(reading.observe(source, engine=Engine(), progress=quiet)[0])
    (tmp_path / "y" / "a.txt").rename(tmp_path / "y" / "b.txt")
    digests.append(reading.observe(source, engine=Engine(), progress=quiet)[0])
    assert digests[0] == digests[1] != digests[2]


def test_files_are_found_in_order_by_more_than_one_task(tmp_path: Path) -> None:
    for number in range(BATCH_FILES + 5):
        (tmp_path / f"{number:05d}.txt").write_text(str(number))
    steps: list[tuple[int, int]] = []
    source = make_source(tmp_path / "*.txt", "text")
    _, files = reading.observe(source, engine=Engine(), progress=lambda *step: steps.append(step))
    assert [file.path for file in files] == [f"{number:05d}.txt" for number in range(BATCH_FILES + 5)]
    assert [file.first_ordinal for file in files] == [2 * number for number in range(BATCH_FILES + 5)]
    assert steps == [(1, 2), (2, 2)]


SIZES = st.lists(st.sampled_from([0, 1, BATCH_BYTES // 3, BATCH_BYTES, BATCH_BYTES * 5]), max_size=20)


@given(SIZES)
def test_batches_are_runs_of_small_files_or_one_large_one(sizes: list[int]) -> None:
    files = [SnapshotFile(str(number), size, "", 0) for number, size in enumerate(sizes)]
    found = list(batches(files))
    assert [file for batch in found for file in batch] == files
    assert all(len(batch) == 1 or sum(file.bytes for file in batch) <= BATCH_BYTES for batch in found)


@pytest.mark.parametrize("kind", ["jsonl", "json", "csv", "tsv", "text", "markdown"])
@given(data=st.binary(max_size=40) | st.text(st.sampled_from('[]{}",\n\r\t a1'), max_size=40).map(str.encode))
def test_whatever_the_bytes_the_block_is_large_enough(
    tmp_path_factory: pytest.TempPathFactory, kind: str, data: bytes
) -> None:
    folder = tmp_path_factory.mktemp("any", numbered=True)
    (folder / "a").write_bytes(data)
    (folder / "b").write_bytes(data)
    records(make_source(folder / "*", kind, max_record_bytes=16))  # checks ordinals against blocks


def test_a_file_that_goes_away_meanwhile(tmp_path: Path) -> None:
    (tmp_path / "a.txt").symlink_to(tmp_path / "gone")
    with pytest.raises(InvalidInput, match="cannot be read"):
        observed(make_source(tmp_path / "a.txt", "text"))
