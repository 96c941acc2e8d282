from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lineage_platform.catalog.embedded import stop
from lineage_platform.catalog.embedded.layout import SYSTEM_ROOT, read_identity
from lineage_platform.errors import Unavailable
from lineage_platform.settings import Settings, read_settings
from lineage_platform.wiring import load_subject_keys, open_recorder
from tests.recording.worlds import digest, listing, source


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Settings]:
    settings = read_settings(tmp_path, {"LINEAGE_HOME": str(tmp_path / "home")})
    yield settings
    stop(settings)
    identity = read_identity(settings.database_home / "cluster")
    if os.geteuid() == 0 and identity is not None:
        shutil.rmtree(SYSTEM_ROOT / identity)


@pytest.mark.slow
def test_an_embedded_server_that_stops_is_started_again(embedded: Settings) -> None:
    recorder = open_recorder(embedded)
    first = recorder.observe(source(), digest("a"), listing("a"))
    assert stop(embedded)
    assert recorder.observe(source(), digest("a"), listing("a")) == first
    recorder.close()
    assert stat.S_IMODE(embedded.key_file.stat().st_mode) == 0o600


def test_keys_stay(settings: Settings) -> None:
    assert load_subject_keys(settings) == load_subject_keys(settings)
    assert [len(key) for key in load_subject_keys(settings).keys] == [32]


def test_no_database(tmp_path: Path) -> None:
    environment = {"LINEAGE_DATABASE_URL": "postgresql://nobody@/nothing?host=/nonexistent"}
    with pytest.raises(Unavailable, match="does not answer"):
        open_recorder(read_settings(tmp_path, environment))


def test_importing_wiring_loads_nothing_heavy() -> None:
    heavy = {"sqlalchemy", "alembic", "pyarrow", "openlineage", "daft", "dagster", "psycopg"}
    program = (
        "import sys, lineage_platform.wiring, lineage_platform.recording;"
        f"print(sorted({heavy!r} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_unknown_names() -> None:
    import lineage_platform.recording
    import lineage_platform.wiring

    for module in (lineage_platform.wiring, lineage_platform.recording):
        with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
            _ = module.nothing
