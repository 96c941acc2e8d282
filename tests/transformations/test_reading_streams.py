"""Compression, encodings and whole files: what can be read is read, what is lost is one fault, a changed file is an error."""

import bz2
import gzip
import hashlib
import lzma
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_platform.errors import InvalidInput
from lineage_platform.transformations.reading.files import read_file
from lineage_platform.transformations.reading.locate import folder_of
from lineage_platform.transformations.reading.streams import DamagedStream
from tests.transformations.sources import drip, faults, make_source, observed, records, shown

COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard.compress,
}
TEXTS = [hashlib.sha256(b"%d" % n).hexdigest() for n in range(4000)]
LINES = "".join(f'{{"text": "{text}"}}\n' for text in TEXTS).encode()


@pytest.mark.parametrize("suffix", COMPRESS)
def test_compressed_by_extension(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.jsonl.{suffix}"
    whole = COMPRESS[suffix](b'{"text": "a"}\n') + COMPRESS[suffix](
        b'{"text": "b"}\n'
    )  # two streams are one file
    path.write_bytes(whole)
    assert shown(records(make_source(path, "jsonl"))) == ["a", "b"]
    path.write_bytes(b"")
    assert records(make_source(path, "jsonl")) == []


def test_compression_that_the_source_says(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(b'{"text": "plain"}')
    (tmp_path / "b.jsonl").write_bytes(gzip.compress(b'{"text": "packed"}'))
    assert shown(records(make_source(tmp_path / "a.gz", "jsonl", compression="none"))) == ["plain"]
    assert shown(records(make_source(tmp_path / "b.jsonl", "jsonl", compression="gzip"))) == ["packed"]


@pytest.mark.parametrize("suffix", COMPRESS)
def test_a_truncated_file_gives_what_comes_before(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.jsonl.{suffix}"
    whole = COMPRESS[suffix](LINES)
    path.write_bytes(whole[: len(whole) - 5])
    found = records(make_source(path, "jsonl"))
    *before, last = shown(found)
    assert last == "truncated-file"
    assert before == TEXTS[: len(before)]
    assert len(before) > 1000 or suffix == "bz2"  # bzip2 gives blocks of 900 kB or nothing
    (fault,) = faults(found)
    assert fault.ordinal == len(before)
    assert f"what follows byte {fault.offset} of the text is lost" in fault.detail
    assert (fault.offset or 0) >= LINES.index(b"\n") * len(before)


@pytest.mark.parametrize("suffix", COMPRESS)
def test_a_file_that_is_not_what_its_name_says(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.jsonl.{suffix}"
    path.write_bytes(b'{"text": "a"}\n' * 10)
    assert shown(records(make_source(path, "jsonl"))) == ["truncated-file"]


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz"])
def test_damage_in_the_middle(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.jsonl.{suffix}"
    whole = bytearray(COMPRESS[suffix](LINES))
    whole[len(whole) // 2 : len(whole) // 2 + 64] = bytes(64)
    path.write_bytes(whole)
    assert "truncated-file" in shown(records(make_source(path, "jsonl")))


def test_a_truncated_array_and_a_truncated_text(tmp_path: Path) -> None:
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(b'[{"text": "a"}, {"text": "b"}]')[:-4])
    assert shown(records(make_source(tmp_path / "a.json.gz", "json")))[0] == "a"
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(b"text")[:-4])
    assert shown(records(make_source(tmp_path / "a.txt.gz", "text"))) == ["truncated-file"]


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-16-le", "latin-1", "utf-8-sig"])
def test_other_encodings(tmp_path: Path, encoding: str) -> None:
    text = "café" if encoding == "latin-1" else "中文, café 😀"
    path = tmp_path / "a.csv"
    mark = "\ufeff" if encoding == "utf-16-le" else ""
    path.write_bytes(f'{mark}id,text\n1,"{text}"\n'.encode(encoding))
    assert shown(records(make_source(path, "csv", encoding=encoding))) == [text]


@pytest.mark.parametrize(
    ("encoding", "bad"), [("gb18030", b"\xff"), ("utf-16-le", b"\x00\xd8"), ("ascii", b"\xe9")]
)
def test_bytes_that_do_not_decode(tmp_path: Path, encoding: str, bad: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("id,text\n1,a\n2,b".encode(encoding) + bad + "\n3,c\n".encode(encoding))
    assert shown(records(make_source(path, "csv", encoding=encoding))) == ["a", "undecodable-bytes", "c"]


@given(st.binary(max_size=80), st.integers(1, 9))
@settings(deadline=None)
def test_any_bytes_in_any_encoding_end_well(data: bytes, most: int) -> None:
    for encoding in ("gb18030", "utf-16", "utf-32", "big5", "shift_jis"):
        stream = drip(data, most, encoding=encoding)
        pieces = b""
        try:
            while piece := stream.read():
                pieces += piece
        except DamagedStream as damage:
            assert "BOM" in str(damage)
            continue
        try:
            assert pieces.decode() == data.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError:
            with pytest.raises(UnicodeDecodeError):
                data.decode(encoding)


def test_an_encoding_that_does_not_exist(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    for encoding in ("klingon", "base64"):
        source = make_source(tmp_path / "a.txt", "text", encoding=encoding)
        with pytest.raises(InvalidInput, match=f"encoding: got '{encoding}'"):
            list(read_file(source, folder_of(source), observed(source)[0], ()))


def test_whole_files(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.md").write_bytes(b"\xef\xbb\xbf# A\r\n")
    (tmp_path / "b.md").write_bytes(b"")
    (tmp_path / "c.md").write_bytes(b"x" * 65)
    (tmp_path / "sub" / "d.md").write_bytes("d: 中文\xff".encode("latin-1", "ignore"))
    found = records(make_source(tmp_path / "**" / "*.md", "markdown", max_record_bytes=64))
    assert shown(found) == ["# A\r\n", "", "overlong-record", "undecodable-bytes"]
    assert shown(found, "path")[:2] == ["a.md", "b.md"]
    assert [item.ordinal for item in found] == [0, 0, 0, 0]
    assert faults(found)[0].detail == "65 bytes, expected at most 64"


@pytest.mark.parametrize("kind", ["jsonl", "json", "csv", "text", "parquet"])
def test_a_file_that_changed_since_it_was_observed(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(b'{"text": "a"}\n')
    source = make_source(path, kind)
    (file,) = observed(source)
    for changed in (b'{"text": "b"}\n', b'{"text": "a"}\n\n', b""):
        path.write_bytes(changed)
        with pytest.raises(
            InvalidInput, match=r"a: changed while being read: got SHA-256 .* observe the source again"
        ):
            list(read_file(source, folder_of(source), file, ()))
    path.unlink()
    with pytest.raises(InvalidInput, match="a: cannot be read: No such file"):
        list(read_file(source, folder_of(source), file, ()))


def test_a_long_line_is_not_held_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b'{"text": "')
        for _ in range(64):
            file.write(bytes(1 << 20))
        file.write(b'"}\n{"text": "b"}\n')
    source = make_source(path, "jsonl", max_record_bytes=1 << 20)
    (observed_file,) = observed(source)
    tracemalloc.start()
    try:
        found = list(read_file(source, folder_of(source), observed_file, ()))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert shown(found) == ["overlong-record", "b"]
    assert peak < 8 << 20
