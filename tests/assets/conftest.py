from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.assets.running import Versions, lineage, versions
from tests.assets.worlds import make_workspace


@dataclass(frozen=True)
class Made:
    """A workspace whose main job was run once on local files, and the versions that this gave."""

    root: Path
    versions: Versions


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    root = make_workspace(tmp_path_factory.mktemp("main-job"))
    done = lineage(root, "materialize", "mini")
    assert done.returncode == 0, done.stdout + done.stderr
    yield Made(root, versions(root))
    lineage(root, "down")


@pytest.fixture(scope="session")
def workspace(made: Made) -> Path:
    """A workspace that has run; some tests change its sources and run it again."""
    return made.root


@pytest.fixture(scope="session")
def undisturbed(made: Made) -> Versions:
    """The versions of the first run, whatever was done with `workspace` since."""
    return made.versions
