"""Faults of object storage, in our words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from lineage_platform.errors import Unavailable
from lineage_platform.files.places import Place, Remote

_FAULT = re.compile(r"AWS Error (?P<code>[A-Z0-9_]+)(?: \(HTTP status (?P<status>\d+)\))?")
_DENIED = {
    "ACCESS_DENIED",
    "INVALID_ACCESS_KEY_ID",
    "INVALID_CLIENT_TOKEN_ID",
    "INVALID_SIGNATURE",
    "MISSING_AUTHENTICATION_TOKEN",
    "SIGNATURE_DOES_NOT_MATCH",
    "UNRECOGNIZED_CLIENT",
}


@contextmanager
def reaching(where: Place) -> Iterator[None]:
    """Raises Unavailable in place of the file system's errors about object storage; local errors pass."""
    if not isinstance(where, Remote):
        yield
        return
    try:
        yield
    except OSError as error:
        lost = outage(error, where)
        if lost is None:
            raise
        raise lost from error


def outage(error: BaseException, where: Place | None = None) -> Unavailable | None:
    """What to say when `error`, or what caused it, is that object storage fails; None for other errors.

    Of what the server said only its code is kept: the rest may quote the request.
    """
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, Unavailable):
            return seen
        match = _FAULT.search(str(seen)) if isinstance(seen, OSError) else None
        if match is not None and not (isinstance(seen, FileNotFoundError) and _is_object(match)):
            return Unavailable(_told(match, "object storage" if where is None else str(where)))
        seen = seen.__cause__ or seen.__context__
    return None


def _is_object(match: re.Match[str]) -> bool:
    """Whether what is missing is one object, which is not an outage."""
    return match["code"] != "NO_SUCH_BUCKET"


def _told(match: re.Match[str], where: str) -> str:
    code = f"{match['code']}" + (f" (HTTP {match['status']})" if match["status"] else "")
    if match["code"] in _DENIED or match["status"] in ("401", "403"):
        return (
            f"{where}: got {code}, expected credentials that may read, write and delete there; set AWS_ACCESS_KEY_ID "
            "and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
        )
    if match["code"] == "NO_SUCH_BUCKET":
        return f"{where}: got no such bucket, expected one that exists; make it, or correct LINEAGE_STORE_URL"
    return (
        f"{where}: got {code} after several tries, expected an answer; check the server, LINEAGE_S3_ENDPOINT and "
        "AWS_REGION, then run again"
    )
