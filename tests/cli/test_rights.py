"""`lineage rights` and `lineage policy diff`: what people read is what Python gives, and what goes wrong."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from lineage_platform.wiring import open_workspace
from tests.audit.definitions import World
from tests.cli.conftest import Lineage


def test_rights(lineage: Lineage, world: World, tmp_path: Path) -> None:
    file = tmp_path / "ATTRIBUTION.md"
    with open_workspace(settings=world.settings) as opened:
        assert lineage("rights", "--corpus", "demo", "--json").json == opened.rights(corpus="demo").to_dict()
        assert lineage("rights", "1", "--json").json == opened.rights("1").to_dict()
        rows = list(csv.DictReader(io.StringIO(lineage("rights", "--csv").out)))
        assert [row["shard"] for row in rows] == list(opened.rights_by_shard().shards)
        assert sum(int(row["documents"]) for row in rows) == opened.trace_corpus().documents
        said = lineage("rights", "--attribution", str(file))
        assert file.read_text(encoding="utf-8") == opened.attribution()
    for word in ("commercial use: no", "CC-BY-NC-4.0", "attribution", "rightsholders", "licence-unknown"):
        assert word in said.out


def test_what_goes_wrong_with_rights(lineage: Lineage, tmp_path: Path) -> None:
    for wrong in (["--csv", "--json"], ["0", "--csv"], ["--attribution", str(tmp_path)]):
        said = lineage("rights", *wrong)
        assert (said.code, said.out) == (2, "") and "expected" in said.err
    assert lineage("rights", "shard-99999").code == 1


def test_what_goes_wrong_with_a_diff(lineage: Lineage, tmp_path: Path) -> None:
    for wrong in ([], ["--terms", "--policies", str(tmp_path)], ["--release", "x", "--use", "research"]):
        said = lineage("policy", "diff", *wrong)
        assert (said.code, said.out) == (2, "") and "expected" in said.err
    assert lineage("policy", "diff", "--release", "nobody").code == 1
