from __future__ import annotations

import os
import time

import pytest

from lineage_platform.errors import InvalidInput, Unavailable
from lineage_platform.files import (
    Remote,
    create,
    length,
    open_input,
    outage,
    reaching,
    read_bytes,
    remove_tree,
    storage,
    stream,
)
from tests.files.server import Server, first_of_each

BIG = 12 * 1024 * 1024


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two tries, and a second of silence is too long."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    monkeypatch.setattr(storage, "SILENT_SECONDS", 1.0)
    storage._made.cache_clear()


def test_what_fails_once_is_tried_again(s3: Server, bucket: Remote) -> None:
    data = os.urandom(BIG)
    with s3.failing(first_of_each("500 Internal Server Error", "503 Slow Down", "dropped")):
        for name, content in (("small", b"x"), ("big", data)):
            with create(bucket / name) as file:
                file.write(content)
        assert read_bytes(bucket / "big") == data
        assert b"".join(stream(bucket / "small")) == b"x"
        remove_tree(bucket)
    assert length(bucket / "big") is None


@pytest.mark.parametrize("fault", ["503 Slow Down", "dropped"])
def test_what_fails_always_is_an_outage(fault: str, s3: Server, bucket: Remote, hasty: None) -> None:
    with create(bucket / "there") as file:
        file.write(b"x")
    source = open_input(bucket / "there")
    began = time.monotonic()
    with s3.failing(lambda request: fault):
        for read in (read_bytes, length, remove_tree, lambda where: list(stream(where))):
            with pytest.raises(Unavailable, match="after several tries, expected an answer") as caught:
                read(bucket / "there")
            assert str(bucket) in str(caught.value)
        with pytest.raises(OSError, match="AWS Error") as raw:
            source.read()
        assert isinstance(outage(raw.value), Unavailable)
    assert time.monotonic() - began < 60


def test_a_silent_server_is_asked_again(s3: Server, bucket: Remote, hasty: None) -> None:
    with create(bucket / "there") as file:
        file.write(b"x")
    with s3.failing(first_of_each("silent")):
        assert read_bytes(bucket / "there") == b"x"


def test_no_server(bucket: Remote, hasty: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEAGE_S3_ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(Unavailable, match="NETWORK_CONNECTION"):
        length(bucket / "x")


def test_no_bucket(s3: Server, bucket: Remote) -> None:
    nowhere = Remote("bucket-of-nobody", "x")
    with pytest.raises(Unavailable, match="no such bucket"), reaching(nowhere), create(nowhere) as file:
        file.write(b"x")


def test_denied(s3: Server, bucket: Remote) -> None:
    with (
        s3.failing(lambda request: "403 Forbidden"),
        pytest.raises(Unavailable, match="AWS_ACCESS_KEY_ID") as caught,
    ):
        length(bucket / "x")
    assert "secret" not in str(caught.value)


def test_other_errors_are_no_outage() -> None:
    assert outage(ValueError("AWS Error")) is None
    assert outage(FileNotFoundError(2, "nothing there")) is None
    cause = OSError("When reading: AWS Error SLOW_DOWN during GetObject operation: text")
    error = RuntimeError("a task failed")
    error.__cause__ = cause
    assert "SLOW_DOWN" in str(outage(error))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LINEAGE_S3_ENDPOINT", "localhost:9000"),
        ("LINEAGE_S3_ENDPOINT", "http://key:secret@localhost:9000"),
        ("LINEAGE_S3_ENDPOINT", "http://localhost:9000/path"),
        ("LINEAGE_S3_ENDPOINT", "http://localhost:port"),
        ("AWS_MAX_ATTEMPTS", "0"),
        ("AWS_MAX_ATTEMPTS", "many"),
    ],
)
def test_wrong_settings(name: str, value: str, s3: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidInput, match=f"{name}.*expected") as caught:
        length(Remote("bucket", "x"))
    assert "secret" not in str(caught.value)
