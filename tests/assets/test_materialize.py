"""The main job as a user runs it: `lineage materialize`, then questions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import tokenizers

from lineage_platform import open_workspace
from lineage_platform.transformations.megatron import read_tokens
from lineage_platform.wiring.reading import OpenWorkspace
from tests.assets.running import answer, lineage

pytestmark = pytest.mark.slow


def shards(workspace: Path) -> list[dict[str, Any]]:
    return answer(workspace, "shards", "--corpus", "mini")["shards"]


def test_traces_of_all_shards_sum(workspace: Path) -> None:
    listed = shards(workspace)
    assert len(listed) > 1
    documents = tokens = 0
    for shard in listed:
        trace = answer(workspace, "trace", shard["shard"], "--corpus", "mini")
        for counted in ("documents", "tokens"):
            assert trace[counted] == sum(source[counted] for source in trace["sources"])
            for source in trace["sources"]:
                assert source[counted] == sum(terms[counted] for terms in source["terms"])
        names = [step["name"] for step in trace["transformations"]]
        assert names[-1] == "pack" and {
            "read-documents",
            "annotate",
            "deduplicate",
            "select",
            "train-tokenizer",
        } <= set(names)
        documents += trace["documents"]
        tokens += trace["tokens"]
    with open_workspace(workspace) as opened:
        version = opened.recorder.usable("mini/shards")
    assert (documents, tokens) == (version.statistics.documents, version.statistics.tokens)


def test_shards_read_back_exactly(workspace: Path) -> None:
    with open_workspace(workspace) as opened:
        version = opened.recorder.usable("mini/shards")
        encoder = opened.recorder.usable("mini/tokenizer")
        paths = {file.name: opened.store.path(file) for file in version.files}
        tokenizer = tokenizers.Tokenizer.from_file(str(opened.store.path(encoder.files_of("tokenizer")[0])))
        by_shard = pd.concat(
            pd.read_parquet(opened.store.path(f)) for f in version.files_of("placements-by-shard")
        )
        documents = {
            key: (identity, text)
            for source in ("notes", "reviews")
            for path in opened.recorder.paths(opened.recorder.usable(f"documents/{source}"), "documents")
            for key, identity, text in pq.read_table(path, columns=["document", "identity", "text"])
            .to_pandas()
            .itertuples(index=False)
        }
        for name, path in paths.items():
            if not name.endswith(".parquet") or not name.startswith("shard-"):
                continue
            number = int(name.removeprefix("shard-").removesuffix(".parquet"))
            table = pd.read_parquet(path)
            placed = by_shard[by_shard["shard"] == number].sort_values("row")
            rows = list(zip(table["identity"], table["text"], strict=True))
            assert rows == [documents[key] for key in placed["document"]]
            offset = 0
            for text, count in zip(table["text"], placed["tokens"], strict=True):
                ids = read_tokens(paths[name.replace(".parquet", ".bin")], np.dtype("uint16"), offset, count)
                assert tokenizer.decode(ids.tolist(), skip_special_tokens=False) == text
                offset += count + 1


def test_every_lost_record_has_a_row(workspace: Path) -> None:
    with open_workspace(workspace) as opened:
        version = opened.recorder.usable("documents/notes")
        rows = pd.concat(pd.read_parquet(path) for path in opened.recorder.paths(version, "decisions"))
    dropped = rows[rows["outcome"] == "dropped"]
    assert sorted(dropped["reason"]) == ["malformed-record", "missing-field", "undecodable-bytes"]
    assert dropped["record"].tolist() == [60, 61, 62]
    assert version.statistics.records_in == 63
    assert version.statistics.details["redactions"]["email"] == 60


def test_best_rights_survive(workspace: Path) -> None:
    with open_workspace(workspace) as opened:
        version = opened.recorder.usable("mini/deduplicated")
        rows = pd.concat(pd.read_parquet(path) for path in opened.recorder.paths(version, "derivations"))
        terms = opened.recorder.statements({*rows["child_terms"], *rows["parent_terms"]})
    crossing = rows[rows["child_terms"] != rows["parent_terms"]]
    assert len(crossing)
    licences = {terms[number].licence for number in crossing["child_terms"]}
    assert "CC-BY-NC-4.0" in licences
    assert {terms[n].licence for n in crossing["parent_terms"]} <= {"MIT", "CC-BY-4.0"}


def test_unresolved_licences_are_gaps(workspace: Path) -> None:
    gaps = [gap for shard in shards(workspace) for gap in answer(workspace, "trace", shard["shard"])["gaps"]]
    assert any("some home-made licence" in json.dumps(gap) for gap in gaps)


def test_questions_about_a_person(workspace: Path) -> None:
    found = answer(workspace, "impact", "--subject", "person2@example.org")
    assert sum(corpus["documents"] for corpus in found["corpora"]) == 1
    assert answer(workspace, "impact", "--subject", "nobody@example.org")["corpora"] == []
    stored = b"".join(path.read_bytes() for path in (workspace / ".lineage" / "store").rglob("*.parquet"))
    assert b"person2@example.org" not in stored


def test_verify_finds_nothing_wrong(workspace: Path) -> None:
    assert answer(workspace, "verify")["ok"] is True


def test_unknown_names(workspace: Path) -> None:
    done = lineage(workspace, "trace", "shard-99999", "--corpus", "mini")
    assert done.returncode == 1 and "shard-0000" in done.stderr
    assert lineage(workspace, "materialize", "mimi").returncode == 1


def test_only_what_changed_is_computed_again(workspace: Path) -> None:
    before = {
        name: current(workspace, name) for name in ("documents/notes", "documents/reviews", "mini/tokenizer")
    }
    again = answer(workspace, "materialize", "mini")
    assert computed(again) == set()
    kept_out = duplicates(workspace)
    with (workspace / "data" / "reviews.csv").open("a") as file:
        file.write(
            'r-new,"A line that nobody wrote before, about the colour of the harbour in the morning.",MIT\n'
        )
    changed = answer(workspace, "materialize", "mini")
    assert {"documents/reviews", "annotations/reviews", "mini/shards"} <= computed(changed)
    assert not {"documents/notes", "annotations/notes", "mini/tokenizer"} & computed(changed)
    assert current(workspace, "documents/notes") == before["documents/notes"]
    assert current(workspace, "mini/tokenizer") == before["mini/tokenizer"]
    assert current(workspace, "documents/reviews") != before["documents/reviews"]
    assert duplicates(workspace) == kept_out
    assert answer(workspace, "verify")["ok"] is True


def test_an_edit_and_a_broken_line_let_no_duplicate_back(workspace: Path) -> None:
    """The key of every document of a changed source is new; what was decided about its neighbours must follow."""
    kept_out = duplicates(workspace)
    notes = workspace / "data" / "notes.jsonl"
    lines = notes.read_bytes().splitlines(keepends=True)
    record = json.loads(lines[10])
    record["text"] += " One more sentence was written later."
    lines[10] = json.dumps(record, ensure_ascii=False).encode() + b"\n"
    notes.write_bytes(b"".join(lines) + b'{"broken": \n')
    answer(workspace, "materialize", "mini")
    assert duplicates(workspace) == kept_out
    verified = answer(workspace, "verify")
    assert verified["ok"], verified["problems"]
    told = answer(workspace, "trace", "0", "--corpus", "mini", "--row", "0")["decisions"]
    assert len({step["dataset"] for step in told}) == len(told)


def duplicates(workspace: Path) -> set[str]:
    """Record ids of the notes that deduplication dropped; none of them may stand in the selection."""
    with open_workspace(workspace) as opened:
        recorder = opened.recorder
        rows = table(opened, "mini/deduplicated", "decisions")
        documents = table(opened, "documents/notes", "documents")
        selected = set(table(opened, "mini/selection", "selection")["document"])
        assert recorder.usable("mini/deduplicated").statistics.dropped == len(rows)
    dropped = set(rows["document"])
    assert not dropped & selected
    return set(documents[documents["document"].isin(dropped)]["record_id"])


def table(opened: OpenWorkspace, dataset: str, role: str) -> pd.DataFrame:
    """All rows of the files of one role of the current version."""
    version = opened.recorder.usable(dataset)
    return pd.concat(pd.read_parquet(path) for path in opened.recorder.paths(version, role))


def computed(summary: dict[str, Any]) -> set[str]:
    """Datasets that were made anew in a run of `lineage materialize --json`."""
    return {
        asset["asset"]
        for asset in summary["assets"]
        if not asset["unchanged"] and not asset["asset"].startswith("source/")
    }


def current(workspace: Path, dataset: str) -> str:
    with open_workspace(workspace) as opened:
        return opened.recorder.usable(dataset).id
