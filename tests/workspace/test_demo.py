"""The demo workspace: valid, true to its input, and with everything in it that it promises to show."""

from __future__ import annotations

import csv
import gzip
import importlib.util
import json
import zlib
from importlib.metadata import distribution, distributions
from pathlib import Path
from types import ModuleType

import pyarrow.parquet as pq
import pytest

from lineage_platform.model.definitions import Workspace
from lineage_platform.model.terms import NOASSERTION
from lineage_platform.policy import symbols
from lineage_platform.policy.licences import resolve
from lineage_platform.policy.rights import rights_rank
from lineage_platform.policy.terms import terms_of
from lineage_platform.settings import read_settings
from lineage_platform.transformations.reading.distributions import declared
from lineage_platform.wiring.workspace import load_workspace

DEMO = Path(__file__).parents[2] / "examples" / "demo"


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    return load_workspace(read_settings(DEMO, {}))


@pytest.fixture(scope="module")
def make_data() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_data", DEMO / "make_data.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_its_sources_are_all_used_with_weights(workspace: Workspace) -> None:
    corpus, released = workspace.corpora
    assert released.release is not None and released.release.admit == "allowed"
    assert sorted(item.id for item in corpus.sources) == sorted(source.id for source in workspace.sources)
    assert {item.weight for item in corpus.sources} == {0.5, 1.0, 2.0}


def test_every_distribution_belongs_to_one_source(workspace: Workspace) -> None:
    named = [name for source in workspace.sources for name in source.distributions]
    assert len(named) == 12
    assert sorted(named) == sorted(workspace.source("python-other").exclude)


def test_reviewed_licences_do_not_contradict_the_metadata(workspace: Workspace) -> None:
    for source in workspace.sources:
        for name in source.distributions:
            said = resolve(declared(distribution(name)) or "")
            stated = source.terms_on().licence
            if said.status == "resolved":
                assert stated == said.licence, source.id
            else:
                named = symbols.parse(stated).licences
                assert said.status == "unknown" or all(licence in said.note for licence in named), source.id


def test_licences_of_installed_distributions_resolve_or_are_gaps() -> None:
    outcomes = {item.metadata["Name"]: resolve(declared(item) or "") for item in distributions()}
    assert len(outcomes) > 80
    for name, outcome in outcomes.items():
        assert (outcome.licence == NOASSERTION) == (outcome.status != "resolved"), name
        assert outcome.status == "resolved" or outcome.note, name
    resolved = [outcome for outcome in outcomes.values() if outcome.status == "resolved"]
    assert len(resolved) / len(outcomes) > 0.85
    assert any(outcome.status == "ambiguous" for outcome in outcomes.values())


def test_bundled_data_is_what_the_script_writes(make_data: ModuleType) -> None:
    for name, content in make_data.files().items():
        if not name.endswith(".gz"):  # compressed bytes depend on the library
            assert (DEMO / name).read_bytes() == content, name
    assert pq.read_table(DEMO / "data/qa/pairs.parquet").equals(make_data.pairs())


def test_it_has_personal_data_and_broken_records() -> None:
    raw = (DEMO / "data/town-news/2026-02.jsonl").read_bytes().splitlines()
    faults = []
    for line in raw:
        try:
            record = json.loads(line)
            if "body" not in record or len(line) > 20_000:
                faults.append(record["id"])
        except ValueError:
            faults.append("unreadable")
    assert sorted(faults) == ["note-x1", "note-x2", "unreadable", "unreadable"]
    with pytest.raises(EOFError), gzip.open(DEMO / "data/town-news/2026-03.jsonl.gz") as stream:
        stream.read()
    march = zlib.decompressobj(wbits=31).decompress((DEMO / "data/town-news/2026-03.jsonl.gz").read_bytes())
    assert march.count(b"\n") > 10
    text = (DEMO / "data/town-news/2026-01.jsonl").read_text(encoding="utf-8")
    for sign in ("@linhe.example", "13800138000", "110101190001010"):
        assert sign in text


def test_resident_numbers_carry_their_check_digit(make_data: ModuleType) -> None:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999
    for sequence in range(100):
        number = make_data.resident_id("110101190001010", sequence)
        assert (
            number[17]
            == "10X98765432"[sum(w * int(d) for w, d in zip(weights, number[:17], strict=True)) % 11]
        )


def test_the_same_text_stands_in_several_sources_on_different_terms(workspace: Workspace) -> None:
    pages = {
        page["content"]
        for page in json.loads((DEMO / "data/web-mirror/pages.json").read_text(encoding="utf-8"))
    }
    handbook = {path.read_text(encoding="utf-8") for path in (DEMO / "data/handbook").glob("*/*.md")}
    with (DEMO / "data/reviews/reviews.csv").open(encoding="utf-8", newline="") as stream:
        reviews = {f"{row['product']} ({row['stars']}/5)\n{row['review']}" for row in csv.DictReader(stream)}
    assert handbook < pages
    assert len(reviews & pages) == 12
    rank = {
        name: rights_rank(terms_of(workspace.source(name), None)[0])
        for name in ("handbook", "reviews", "web-mirror")
    }
    assert rank["handbook"] < rank["reviews"] < rank["web-mirror"]


def test_records_of_qa_carry_licences_that_resolve_or_are_gaps(workspace: Workspace) -> None:
    licences = set(pq.read_table(DEMO / "data/qa/pairs.parquet")["license"].to_pylist())
    statuses = {licence: terms_of(workspace.source("qa"), licence)[0].licence_status for licence in licences}
    assert statuses[None] == "resolved"
    assert {licence for licence, status in statuses.items() if status != "resolved"} == {
        "CC BY",
        "GPL",
        "see website",
    }
