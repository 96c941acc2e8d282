"""What is withdrawn leaves the corpus when it is made again, and what it had displaced comes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from assets.build import build
from assets.platform import Platform
from lineage_platform import open_workspace
from lineage_platform.audit.traced import DocumentTrace
from lineage_platform.settings import read_settings
from lineage_platform.wiring import load_workspace
from lineage_platform.wiring.withdrawing import Wanted, withdraw
from tests.assets.running import lineage
from tests.assets.worlds import make_workspace

pytestmark = pytest.mark.slow


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    root = make_workspace(tmp_path / "workspace", 40)
    made(root)
    yield root
    lineage(root, "down")


def made(root: Path) -> None:
    done = lineage(root, "materialize", "mini")
    assert done.returncode == 0, done.stdout + done.stderr


def survivor(root: Path) -> DocumentTrace:
    """A document of the shards that displaced a copy of another source."""
    with open_workspace(root) as opened:
        for shard in opened.shards("mini").shards:
            for row in range(shard.documents):
                found = opened.trace_document(shard.shard, "mini", row=row)
                if any(copy.source != found.source for copy in found.duplicates):
                    return found
    raise AssertionError("no document stands for another one")


def tick(root: Path, cursor: str | None) -> dg.SensorResult:
    settings = read_settings(root, {})
    platform = Platform(settings, load_workspace(settings))
    with dg.instance_for_test() as instance:
        sensor = build(platform).resolve_sensor_def("withdrawal_watch")
        found = sensor(dg.build_sensor_context(instance=instance, cursor=cursor))
    platform.recorder.close()
    assert isinstance(found, dg.SensorResult)
    return found


def test_a_document_is_withdrawn(root: Path) -> None:
    nothing = tick(root, None)
    assert nothing.skip_reason is not None
    document = survivor(root)
    copies = {copy.document for copy in document.duplicates}
    with open_workspace(root) as opened:
        before = opened.shards("mini")
        withdraw(opened, Wanted(documents=[document.document]), reason="Notice 17", author="legal")

    seen = tick(root, nothing.cursor)
    [evaluation], [request] = list(seen.asset_events or ()), list(seen.run_requests or ())
    assert isinstance(evaluation, dg.AssetCheckEvaluation)
    assert (evaluation.asset_key.path, evaluation.passed) == (["mini", "shards"], False)
    assert "in quarantine by withdrawal 1" in (evaluation.description or "")
    assert [key.path[1] for key in request.asset_selection or ()] == [
        "deduplicated",
        "selection",
        "tokenizer",
        "shards",
    ]
    assert tick(root, seen.cursor).skip_reason is not None

    made(root)
    with open_workspace(root) as opened:
        after = opened.shards("mini")
        assert after.version != before.version
        assert opened.impact(document=document.document).corpora == ()
        [restored] = [copy for copy in copies if opened.impact(document=copy).corpora]
        gone = [row for row in opened.decisions("mini", limit=None).rows() if row["reason"] == "withdrawn"]
        assert [(row["document"], row["detail"]) for row in gone] == [(document.document, "withdrawal 1")]
        assert opened.verify().ok
        old = opened.trace_corpus("mini", version=before.version)
        assert old.documents == before.documents, "what was made of it can still be asked about"
    assert restored != document.document
    rebuilt = tick(root, seen.cursor)
    assert (list(rebuilt.asset_events or ()), list(rebuilt.run_requests or ())) == ([], [])
    made(root)
    with open_workspace(root) as opened:
        assert opened.shards("mini").version == after.version, "making it again changes nothing"
