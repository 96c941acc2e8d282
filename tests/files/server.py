"""An S3 server in this process (moto's), which writes down what it is asked and fails when told to."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any
from urllib.parse import parse_qs

from moto.server import ThreadedMotoServer


@dataclass(frozen=True)
class Request:
    """One request: its operation by the S3 API's name, the key or listed prefix, and the range asked for."""

    operation: str
    key: str
    range: str | None


Fault = Callable[[Request], str | None]
"""What goes wrong with a request: a status such as "500 Internal Server Error", "silent", "dropped", or nothing."""

_XML = b"<Error><Code>InternalError</Code><Message>" + b"injected " * 40 + b"</Message></Error>"
"""As long as real ones are, longer than many a range."""


@dataclass
class Server:
    """Use `requests` for what came in since `forget`, `fault` to have requests fail."""

    requests: list[Request] = field(default_factory=list)
    fault: Fault | None = None

    def __post_init__(self) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.endpoint = f"http://{host}:{port}"
        self._closing = threading.Event()
        wsgi: Any = self._server._server
        self._app, wsgi.app = wsgi.app, self._answer

    def close(self) -> None:
        """Stop serving."""
        self._closing.set()
        self._server.stop()

    def forget(self) -> None:
        """Start counting from here."""
        self.requests.clear()

    def operations(self) -> set[str]:
        """What was asked for since `forget`."""
        return {request.operation for request in self.requests}

    def count(self, *operations: str) -> int:
        """How many requests of some kinds there were since `forget`."""
        return sum(request.operation in operations for request in self.requests)

    @contextmanager
    def failing(self, fault: Fault) -> Iterator[None]:
        """Have requests fail."""
        self.fault = fault
        try:
            yield
        finally:
            self.fault = None

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        request = _request(environ)
        if request is not None:
            self.requests.append(request)
            fault = self.fault(request) if self.fault is not None else None
            if fault in ("silent", "dropped"):
                self._closing.wait(10 if fault == "silent" else 0)
                with suppress(OSError):
                    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
                fault = "500 Internal Server Error"
            if fault is not None:
                start(fault, [("Content-Type", "application/xml"), ("Connection", "close")])
                return [_XML]
        return self._app(environ, start)


def first_of_each(*faults: str) -> Fault:
    """The first request of every operation fails, in turn in each of some ways."""
    met: set[str] = set()
    turns = cycle(faults)
    lock = threading.Lock()

    def judge(request: Request) -> str | None:
        with lock:
            new = request.operation not in met
            met.add(request.operation)
            return next(turns) if new else None

    return judge


def _request(environ: dict[str, Any]) -> Request | None:
    method, query = environ["REQUEST_METHOD"], parse_qs(environ.get("QUERY_STRING", ""), True)
    bucket, _, key = environ["PATH_INFO"].removeprefix("/").partition("/")
    if bucket in ("", "moto-api"):
        return None
    if not key:
        listed = {"GET": "ListObjects", "POST": "DeleteObjects", "PUT": "CreateBucket", "HEAD": "HeadBucket"}
        return Request(listed[method], query.get("prefix", [""])[0], None)
    if method == "PUT" and "partNumber" in query:
        name = "UploadPart"
    elif method == "PUT" and "HTTP_X_AMZ_COPY_SOURCE" in environ:
        name = "CopyObject"
    elif method == "POST":
        name = "CreateMultipartUpload" if "uploads" in query else "CompleteMultipartUpload"
    else:
        name = {"GET": "GetObject", "PUT": "PutObject", "HEAD": "HeadObject", "DELETE": "DeleteObject"}[
            method
        ]
    return Request(name, key, environ.get("HTTP_RANGE"))


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Return when a condition holds; raises TimeoutError."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.02)
