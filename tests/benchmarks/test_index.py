"""The benchmark of the index from start to end, with two sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import index
from lineage_platform.catalog.embedded import status
from lineage_platform.settings import read_settings


def test_it_asks_what_it_has_built_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "SOURCES", 2)
    monkeypatch.setenv("LINEAGE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("LINEAGE_DATABASE_URL", raising=False)
    settings = read_settings(tmp_path)
    try:
        results = index.measure([3000], settings, 2)
        data = status(settings).data
    finally:
        index.remove(tmp_path, settings)
    assert data is not None
    assert not data.parent.exists()
    assert not tmp_path.exists()
    rows = {row[0]: row[1:] for row in index.table(results)}
    assert rows["shards"] == ["10"]
    assert set(rows) >= {f"shard trace, {key}, ms" for key in ("p50", "p95", "cpu p50", "cpu p95")}
