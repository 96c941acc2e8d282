"""Which version lends its shards to the next: one whose tables are what was recorded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assets.platform import Platform
from assets.shards import earlier_of
from lineage_platform.model.definitions import Workspace
from lineage_platform.model.versions import Result, Statistics, Transformation, Version
from lineage_platform.settings import Settings
from tests.recording.worlds import part

DATASET = "mini/shards"
ROLES = ("shard-fingerprints", "placements-by-shard", "shard")


@pytest.fixture
def platform(settings: Settings) -> Iterator[Platform]:
    opened = Platform(settings, Workspace(str(settings.workspace), "mini", (), ()))
    yield opened
    opened.recorder.close()


def committed(platform: Platform, *roles: str) -> Version:
    with platform.recorder.attempt(DATASET, Transformation("pack", "2", {}), []) as attempt:
        scratch = attempt.scratch
        assert isinstance(scratch, Path)
        parts = tuple(part(scratch, f"{role}.bin", role.encode(), role) for role in roles)
        counts = Statistics(0, 0, 0, 0, documents=0, details={"encoder": "gigatoken"})
        return attempt.commit(Result("ab" * 32, parts, counts))


def test_nobody_made_one_yet(platform: Platform) -> None:
    assert earlier_of(platform, DATASET) is None


def test_a_version_from_before_there_were_fingerprints(platform: Platform) -> None:
    committed(platform, "placements-by-shard", "shard")
    assert earlier_of(platform, DATASET) is None


def test_the_current_version(platform: Platform) -> None:
    version = committed(platform, *ROLES)
    earlier = earlier_of(platform, DATASET)
    assert earlier is not None
    assert earlier.encoder == "gigatoken"
    assert [part.path for part in earlier.files] == [str(platform.path(version.files_of("shard")[0]))]


@pytest.mark.parametrize("role", ROLES[:2])
def test_tables_of_the_same_length_with_other_bytes(platform: Platform, role: str) -> None:
    [file] = committed(platform, *ROLES).files_of(role)
    path = platform.path(file)
    assert isinstance(path, Path)
    path.chmod(0o600)
    path.write_bytes(role.upper().encode())
    assert earlier_of(platform, DATASET) is None
