"""Sources on object storage, through the file system that the store is on."""

from __future__ import annotations

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lineage_platform.errors import InvalidInput, Unavailable
from lineage_platform.files import Remote, create, remove_tree
from lineage_platform.transformations import reading
from lineage_platform.transformations.reading.locate import locate
from tests.files.server import Server, first_of_each
from tests.transformations.sources import make_source, records, shown


def write(where: Remote, data: bytes) -> None:
    with create(where) as file:
        file.write(data)


@pytest.fixture
def data(bucket: Remote) -> Remote:
    lines = "".join(json.dumps({"text": f"text {number}"}) + "\n" for number in range(3))
    write(bucket / "b.jsonl", lines.encode())
    write(bucket / "deep/a.jsonl.gz", gzip.compress(lines.encode()))
    write(bucket / "other.txt", b"other")
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"text": ["x", "y"]}), sink)
    write(bucket / "rows.parquet", sink.getvalue().to_pybytes())
    return bucket


def test_records(data: Remote, s3: Server) -> None:
    with s3.failing(first_of_each("500 Internal Server Error", "dropped")):
        assert shown(records(make_source(f"{data}/*.jsonl", "jsonl"))) == ["text 0", "text 1", "text 2"]
    assert shown(records(make_source(f"{data}/**/*.gz", "jsonl"))) == ["text 0", "text 1", "text 2"]
    assert shown(records(make_source(f"{data}/rows.parquet", "parquet"))) == ["x", "y"]
    assert shown(records(make_source(f"{data}/other.txt", "text"))) == ["other"]


def test_a_file_has_its_address_size_and_time(data: Remote) -> None:
    ((path, address, size, time),) = locate(make_source(f"{data}/*.txt", "text"))
    assert (path, address, size) == ("other.txt", f"{data}/other.txt", 5)
    assert time
    assert reading.appearance(make_source(f"{data}/*.txt", "text")) == [("other.txt", 5, time)]


def test_no_file(data: Remote) -> None:
    for name in ("*.csv", "no.txt"):
        with pytest.raises(InvalidInput, match="matches no file"):
            locate(make_source(f"{data}/{name}", "text"))


def test_outage(data: Remote, s3: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    source = make_source(f"{data}/*.txt", "text")
    for operation in ("ListObjects", "GetObject"):
        with (
            s3.failing(
                lambda request, name=operation: "503 Slow Down" if request.operation == name else None
            ),
            pytest.raises(Unavailable, match="after several tries"),
        ):
            records(source)
    remove_tree(data)
