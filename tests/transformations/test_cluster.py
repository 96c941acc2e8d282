"""What a worker of a cluster is told about object storage."""

from __future__ import annotations

import os
import pickle

import pytest

from lineage_platform.transformations.cluster import _call, storage_environment

NAMES = ("AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "LINEAGE_S3_ENDPOINT")


def seen(_task: None) -> tuple[str | None, ...]:
    return tuple(os.environ.get(name) or None for name in NAMES)


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ({}, (None, "node", None)),
        ({"AWS_ACCESS_KEY_ID": "key"}, ("key", None, None)),
        (dict.fromkeys(NAMES, "driver"), ("driver",) * 3),
    ],
)
def test_a_worker_goes_where_the_driver_goes(
    monkeypatch: pytest.MonkeyPatch, here: dict[str, str], there: tuple[str | None, ...]
) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    for name, value in here.items():
        monkeypatch.setenv(name, value)
    environment = storage_environment()
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    for name in NAMES[1:]:
        monkeypatch.setenv(name, "node")
    assert _call(seen, environment, pickle.dumps(None)) == there
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
