from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.assets.running import lineage
from tests.assets.worlds import make_workspace


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A workspace whose main job was run once on local files; leave it as it is."""
    root = make_workspace(tmp_path_factory.mktemp("main-job"))
    done = lineage(root, "materialize", "mini")
    assert done.returncode == 0, done.stdout + done.stderr
    yield root
    lineage(root, "down")
