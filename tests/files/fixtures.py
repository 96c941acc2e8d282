"""Fixtures of object storage: `s3` is the server, with credentials in the environment; `bucket` a place of its own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from lineage_platform.files import Remote
    from tests.files.server import Server

_numbers = count(1)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[Server]:
    from tests.files.server import Server

    server = Server()
    yield server
    server.close()


@pytest.fixture
def s3(s3_server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name, value in environment(s3_server).items():
        monkeypatch.setenv(name, value)
    s3_server.forget()
    yield s3_server
    s3_server.fault = None


@pytest.fixture
def bucket(s3: Server) -> Remote:
    from pyarrow.fs import S3FileSystem

    from lineage_platform.files import Remote

    name = f"bucket-{next(_numbers)}"
    S3FileSystem(
        scheme="http",
        endpoint_override=s3.endpoint.removeprefix("http://"),
        region="us-east-1",
        allow_bucket_creation=True,
    ).create_dir(name)
    s3.forget()
    return Remote(name, "corpora/one")


def environment(server: Server) -> dict[str, str]:
    return {
        "LINEAGE_S3_ENDPOINT": server.endpoint,
        "AWS_ACCESS_KEY_ID": "somebody",
        "AWS_SECRET_ACCESS_KEY": "secret-of-somebody",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_REGION": "us-east-1",
    }
