from __future__ import annotations

import gc
import os
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_platform.files import (
    Place,
    Remote,
    access,
    copy,
    create,
    length,
    open_input,
    read_bytes,
    read_ranges,
    release,
    release_tree,
    remove_tree,
    stream,
)
from lineage_platform.files.download import read_together
from tests.files.server import Request, Server

BIG = 12 * 1024 * 1024


@pytest.fixture(params=["local", "remote"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return tmp_path / "folder" if request.param == "local" else request.getfixturevalue("bucket")


def write(where: Place, data: bytes) -> None:
    with create(where) as file:
        file.write(data)


@pytest.mark.parametrize("data", [b"", b"x", bytes(range(256)) * 5000])
def test_what_is_written_is_read(folder: Place, data: bytes) -> None:
    where = folder / "a/b.gz"  # which PyArrow would compress
    assert length(where) is None
    write(where, data)
    assert length(where) == len(data)
    assert read_bytes(where) == data
    assert b"".join(stream(where)) == data
    with open_input(where) as file:
        assert file.size() == len(data)


def test_ranges(folder: Place) -> None:
    data = os.urandom(5000)
    places = [folder / f"{number}.bin" for number in range(20)]
    for where in places:
        write(where, data)
    ranges = [(0, 10), (4990, 10), (17, 1)]
    wanted = [(where, ranges) for where in places] + [(folder / "not asked for", [])]
    found = read_ranges(wanted)
    assert [[bytes(part) for part in parts] for parts in found[:-1]] == [
        [data[at : at + size] for at, size in ranges]
    ] * 20
    assert found[-1] == []


def test_what_is_not_there(folder: Place) -> None:
    for read in (read_bytes, open_input, lambda where: list(stream(where))):
        with pytest.raises(FileNotFoundError):
            read(folder / "nothing")
    with pytest.raises(FileNotFoundError):
        read_ranges([(folder / "nothing", [(0, 1)])])
    remove_tree(folder / "nothing")


def test_a_folder_goes_with_what_is_in_it(folder: Place) -> None:
    for name in ("a/1", "a/b/2", "ab/3"):
        write(folder / name, b"x")
    remove_tree(folder / "a")
    assert [length(folder / name) for name in ("a/1", "a/b/2", "ab/3")] == [None, None, 1]


def test_local_files_go_at_once_remote_ones_with_their_folder(folder: Place) -> None:
    write(folder / "a/1", b"x")
    write(folder / "b/1", b"x")
    release([folder / "a/1"])
    release_tree(folder / "b")
    left = 1 if isinstance(folder, Remote) else None
    assert [length(folder / "a/1"), length(folder / "b/1")] == [left, left]


def test_small_files_are_one_request_and_big_ones_several_parts(s3: Server, bucket: Remote) -> None:
    write(bucket / "small", b"x" * 1000)
    assert [request.operation for request in s3.requests] == ["PutObject"]
    s3.forget()
    write(bucket / "big", os.urandom(BIG))
    assert s3.operations() == {"CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"}
    assert s3.count("UploadPart") == 2
    assert length(bucket / "big") == BIG


def test_a_file_is_not_there_before_it_is_closed(bucket: Remote) -> None:
    with create(bucket / "big") as file:
        file.write(os.urandom(BIG))
        assert length(bucket / "big") is None
    assert length(bucket / "big") == BIG


def test_only_what_is_asked_for_is_read(s3: Server, bucket: Remote) -> None:
    write(bucket / "big", os.urandom(BIG))
    s3.forget()
    read_ranges([(bucket / "big", [(5, 10), (BIG - 10, 10)])])
    read_ranges([(bucket / "big", [(100, 10)])])
    key = f"{bucket.key}/big"
    assert s3.requests == [
        Request("HeadObject", key, None),
        Request("GetObject", key, "bytes=5-14"),
        Request("GetObject", key, f"bytes={BIG - 10}-{BIG - 1}"),
        Request("GetObject", key, "bytes=100-109"),
    ]


@pytest.mark.parametrize("limit", [access.COPY_BYTES, 1000])
def test_copies(limit: int, s3: Server, bucket: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "COPY_BYTES", limit)
    data = os.urandom(5000)
    write(bucket / "one", data)
    s3.forget()
    copy(bucket / "one", bucket / "two", len(data))
    assert s3.operations() == ({"CopyObject"} if limit > 5000 else {"HeadObject", "GetObject", "PutObject"})
    assert read_bytes(bucket / "two") == data


@pytest.mark.parametrize("size", [1, BIG])
def test_what_was_not_finished_does_not_come_to_be(size: int, folder: Place) -> None:
    write(folder / "a", b"before")
    with pytest.raises(ZeroDivisionError), create(folder / "a") as file:
        file.write(bytes(size))
        raise ZeroDivisionError
    forgotten = create(folder / "a")
    forgotten.write(bytes(size))
    forgotten.abandon()
    del forgotten, file
    gc.collect()
    assert read_bytes(folder / "a") == b"before"


@given(st.lists(st.tuples(st.integers(0, 4999), st.integers(0, 800)), max_size=40))
def test_ranges_read_together(ranges: list[tuple[int, int]]) -> None:
    data = random.Random(7).randbytes(6000)
    asked: list[int] = []

    class Source:
        def read_at(self, size: int, offset: int) -> bytes:
            asked.append(size)
            return data[offset : offset + size]

    found = read_together(Source(), ranges)
    assert [bytes(part) for part in found] == [data[at : at + size] for at, size in ranges]
    assert sum(asked) <= 2 * sum(size for _, size in ranges)
