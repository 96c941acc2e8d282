"""The S3 file system of this process, made when a remote place is first opened.

| variable | meaning |
| --- | --- |
| LINEAGE_S3_ENDPOINT | `http(s)://host:port` of an S3-compatible server; without it, Amazon's of the region |
| AWS_REGION, AWS_DEFAULT_REGION | the region; `us-east-1` where an endpoint is set |
| AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_PROFILE, ... | read by the AWS SDK, never by us |
| AWS_MAX_ATTEMPTS | tries of a request, 7 by default, with a doubling, random wait of at most 20 s between them |
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lineage_platform.errors import InvalidInput

if TYPE_CHECKING:
    from pyarrow.fs import S3FileSystem

ATTEMPTS = 7
CONNECT_SECONDS = 5.0
SILENT_SECONDS = 30.0
"""After this many seconds in which a server sends nothing, a request has failed and is tried again."""


def file_system() -> S3FileSystem:
    """The file system that every remote place of this process is opened with. Raises InvalidInput for wrong settings."""
    environ = os.environ
    return _made(
        environ.get("LINEAGE_S3_ENDPOINT") or None,
        environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or None,
        attempts(),
        os.getpid(),
    )


def attempts() -> int:
    """How often a request is tried. Raises InvalidInput."""
    written = os.environ.get("AWS_MAX_ATTEMPTS") or str(ATTEMPTS)
    if not written.isdigit() or int(written) < 1:
        raise InvalidInput(f"AWS_MAX_ATTEMPTS: got {written!r}, expected a positive number of tries")
    return int(written)


def endpoint_of(written: str) -> tuple[str, str]:
    """Scheme and address of an endpoint. Raises InvalidInput for anything but `http(s)://host[:port]`."""
    parts = urlsplit(written)
    try:
        port = parts.port
    except ValueError:
        port = -1
    right = (
        parts.scheme in ("http", "https")
        and parts.hostname
        and port != -1
        and parts.path in ("", "/")
        and not (parts.username or parts.password or parts.query or parts.fragment)
    )
    if not right:
        raise InvalidInput(
            "LINEAGE_S3_ENDPOINT: expected http://host:port or https://host, without path, user or password; "
            "credentials belong into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    return parts.scheme, parts.netloc


@lru_cache(maxsize=4)
def _made(endpoint: str | None, region: str | None, tries: int, _process: int) -> S3FileSystem:
    from pyarrow import fs

    scheme, override = endpoint_of(endpoint) if endpoint is not None else ("https", None)
    return fs.S3FileSystem(
        region=region or ("us-east-1" if endpoint is not None else None),
        scheme=scheme,
        endpoint_override=override,
        connect_timeout=CONNECT_SECONDS,
        request_timeout=SILENT_SECONDS,
        background_writes=False,  # those in the background wait in memory without bound
        allow_delayed_open=True,  # a small file is one request
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=tries),
    )
